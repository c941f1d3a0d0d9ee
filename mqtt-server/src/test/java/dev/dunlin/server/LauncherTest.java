package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.server.Child.Ended;
import java.io.DataInputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The real {@code Main} in a JVM of its own: what it prints, and how it ends. */
class LauncherTest {
    private static final String READY = "dunlin listening on tcp://127\\.0\\.0\\.1:[1-9][0-9]*";

    /** Five times the two seconds that users are promised. */
    private static final Duration STOP_MAX = Duration.ofSeconds(10);

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT"})
    void saysWhereItListensAndEndsWellOnASignal(String signal) throws Exception {
        try (Child broker = Child.start(Child.broker("--port", "0"))) {
            assertThat(broker.readLine()).matches(READY);

            long before = System.nanoTime();
            Ended ended = broker.signal(signal).end();

            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(STOP_MAX);
            assertThat(ended.code()).isZero();
            assertThat(ended.out()).as("more than the one line").isEmpty();
            assertThat(ended.err()).isEmpty();
        }
    }

    @Test
    void tellsClientsThatItShutsDown() throws Exception {
        byte[] connect = {0x10, 14, 0, 4, 'M', 'Q', 'T', 'T', 5, 2, 0, 0, 0, 0, 1, 'a'};
        try (Child broker = Child.start(Child.broker("--port", "0"))) {
            String ready = broker.readLine();
            int port = Integer.parseInt(ready.substring(ready.lastIndexOf(':') + 1));
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.setSoTimeout((int) STOP_MAX.toMillis());
                socket.getOutputStream().write(connect);
                DataInputStream in = new DataInputStream(socket.getInputStream());
                assertThat(in.readUnsignedByte()).as("CONNACK").isEqualTo(0x20);
                in.skipNBytes(in.readUnsignedByte());

                broker.terminate();

                byte[] disconnect = in.readAllBytes();
                assertThat(disconnect).startsWith(0xE0);
                assertThat(disconnect[2]).as("Server shutting down").isEqualTo((byte) 0x8B);
            }
            assertThat(broker.end().code()).isZero();
        }
    }

    @Test
    void writesAnIpv6AddressInBrackets() throws Exception {
        try (Child broker = Child.start(Child.broker("--bind", "::1", "--port", "0"))) {
            assertThat(broker.readLine()).matches("dunlin listening on tcp://\\[::1\\]:[1-9][0-9]*");
        }
    }

    @Test
    void letsOtherMachinesInWhenAnonymousClientsAreAllowed() throws Exception {
        try (Child broker = Child.start(Child.broker("--bind", "0.0.0.0", "--port", "0", "--allow-anonymous"))) {
            assertThat(broker.readLine()).startsWith("dunlin listening on tcp://0.0.0.0:");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            --port abc          | 'abc' is not a port
            --port 65536        | '65536' is not a port
            --port              | Missing required parameter for option '--port'
            --bind=             | '' is not an address
            --store foo         | 'foo' is not a store, known: memory
            --tls               | Unknown option: '--tls'
            -p 1883             | Unknown options: '-p', '1883'
            @arguments          | '@arguments'
            """)
    void refusesWrongUsageInOneLine(String args, String message) throws Exception {
        assertRefused(Child.broker(args.split(" ")), 2, message);
    }

    @Test
    void refusesAnUnknownLogLevel() throws Exception {
        ProcessBuilder command = Child.broker("--port", "0");
        command.environment().put("DUNLIN_LOG", "loud");

        assertRefused(command, 2, "DUNLIN_LOG is off, error, warn, info, debug or trace, not 'loud'");
    }

    @Test
    void refusesABusyPortInOneLine() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = Integer.toString(taken.getLocalPort());
            assertRefused(Child.broker("--port", port), 1, port);
        }
    }

    @Test
    void refusesToServeOtherMachinesWithoutASayIn() throws Exception {
        assertRefused(Child.broker("--bind", "0.0.0.0", "--port", "0"), 1, "--allow-anonymous");
    }

    @Test
    void printsItsVersion() throws Exception {
        try (Child child = Child.start(Child.broker("--version"))) {
            Ended ended = child.end();
            assertThat(ended.code()).isZero();
            assertThat(ended.out()).singleElement().asString().matches("dunlin [0-9]+\\.[0-9]+\\.[0-9]+(-\\w+)?");
        }
    }

    @Test
    void printsEveryOptionInItsHelp() throws Exception {
        try (Child child = Child.start(Child.broker("--help"))) {
            Ended ended = child.end();
            assertThat(ended.code()).isZero();
            assertThat(String.join("\n", ended.out()))
                    .contains("--bind", "--port", "--allow-anonymous", "--store", "--version", "--help", "DUNLIN_LOG");
        }
    }

    private static void assertRefused(ProcessBuilder command, int code, String message) throws Exception {
        try (Child child = Child.start(command)) {
            Ended ended = child.end();
            assertThat(ended.err())
                    .singleElement()
                    .asString()
                    .startsWith("dunlin: ")
                    .contains(message);
            assertThat(ended.out()).isEmpty();
            assertThat(ended.code()).isEqualTo(code);
        }
    }
}
