package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.Subscribe;
import dev.dunlin.codec.SubscriptionRequest;
import dev.dunlin.server.Child.Ended;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The real {@code Main} in a JVM of its own: what it prints, and how it ends. */
class LauncherTest {
    private static final String READY = "dunlin listening on tcp://127\\.0\\.0\\.1:[1-9][0-9]*";

    /** What users are promised; some hundredths are usual. */
    private static final Duration STOP_MAX = Duration.ofSeconds(2);

    /** When a test gives up waiting for a packet. */
    private static final int PATIENCE_MS = 10_000;

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT"})
    void saysWhereItListensAndEndsWellOnASignal(String signal) throws Exception {
        try (Child broker = Child.start(Child.broker("--port", "0"))) {
            assertThat(broker.readLine()).matches(READY);

            broker.signal(signal);

            assertThat(endInTime(broker)).as("not a line more").isEqualTo(new Ended(0, List.of(), List.of()));
        }
    }

    @Test
    void endsInTimeAlsoWhenAClientTakesNothing() throws Exception {
        try (Child broker = Child.start(Child.broker("--port", "0"))) {
            int port = portOf(broker.readLine());
            try (Socket deaf = connected(port, "deaf");
                    Socket publisher = connected(port, "publisher")) {
                ByteBuf subscribe = Unpooled.buffer();
                SubscriptionRequest all = new SubscriptionRequest("#", QoS.AT_MOST_ONCE);
                MqttEncoder.subscribe(subscribe, MqttVersion.V5, new Subscribe(1, Properties.EMPTY, List.of(all)));
                send(deaf, subscribe);
                await(deaf, PacketType.SUBACK);
                flood(publisher);

                broker.terminate();

                assertThat(endInTime(broker)).isEqualTo(new Ended(0, List.of(), List.of()));
            }
        }
    }

    /** Publishes far more than the transport and its buffers hold, so that some of it waits in the broker. */
    private static void flood(Socket publisher) throws IOException {
        PublishFrame frame = PublishFrame.of("flood", Properties.EMPTY, -1, new byte[60_000], MqttVersion.V5, true);
        for (int id = 1; id <= 500; id++) {
            ByteBuf publish = Unpooled.buffer();
            MqttEncoder.publish(publish, frame, false, QoS.AT_LEAST_ONCE, false, id, -1);
            if (frame.largePayload() != null) {
                publish.writeBytes(frame.largePayload().duplicate());
            }
            send(publisher, publish);
            await(publisher, PacketType.PUBACK);
        }
    }

    @Test
    void makesItsStoreInTheWorkingDirectory(@TempDir Path folder) throws Exception {
        try (Child broker = Child.start(Child.broker("--port", "0").directory(folder.toFile()))) {
            assertThat(broker.readLine()).matches(READY);
            assertThat(folder.resolve("data")).isNotEmptyDirectory();
        }
    }

    @Test
    void makesNoStoreForMemory(@TempDir Path folder) throws Exception {
        ProcessBuilder command = Child.broker("--port", "0", "--store", "memory");
        try (Child broker = Child.start(command.directory(folder.toFile()))) {
            assertThat(broker.readLine()).matches(READY);
            assertThat(folder).isEmptyDirectory();
        }
    }

    @Test
    void takesLimits() throws Exception {
        try (Child broker = Child.start(Child.broker("--port", "0", "--limit", "connectionsMax=1"))) {
            int port = portOf(broker.readLine());
            try (Socket first = connected(port, "a");
                    Socket second = new Socket(InetAddress.getLoopbackAddress(), port)) {
                second.setSoTimeout(PATIENCE_MS);
                assertThat(second.getInputStream().read()).as("closed").isNegative();
                assertThat(first.isConnected()).isTrue();
            }
        }
    }

    @Test
    void tellsClientsThatItShutsDown() throws Exception {
        try (Child broker = Child.start(Child.broker("--port", "0"))) {
            try (Socket socket = connected(portOf(broker.readLine()), "a")) {
                broker.terminate();

                byte[] disconnect = socket.getInputStream().readAllBytes();
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
            --store foo         | 'foo' is not a store, known: mapdb, rocksdb, memory
            --store memory --data d         | --data is for a store, and --store memory keeps nothing
            --durability power --store memory | --durability is for a store, and --store memory keeps nothing
            --durability memory | 'memory' is not a level of durability, known: power, process
            --data=             | '' is not a folder
            store               | 'store' needs a command: check, recover, backup, stats, dump, load
            store recover       | Missing required option: '--data=DIR'
            store recover --data d --store memory | 'memory' is not a store, known: mapdb, rocksdb
            --port 0 store recover --data d | --port is for the broker
            --tls-port 0        | --tls-port needs --cert
            --tls-port 0 --cert c | --tls-port needs --key
            --wss-port 0 --key k | --wss-port needs --cert
            --cert c            | --cert is for --tls-port or --wss-port
            --ws-port 0 --key k | --key is for --tls-port or --wss-port
            --ws-path /x        | --ws-path is for --ws-port or --wss-port
            --ws-port 0 --ws-path x | 'x' is not a path, such as /mqtt
            --ws-port x         | 'x' is not a port
            --cert=             | '' is not a file
            --limit x=1         | there is no limit 'x'
            --limit topicBytesMax=0 | --limit: topicBytesMax is 0, not between 1 and 65535
            --unix=             | '' is not a file
            --unix-mode rw-rw---- | --unix-mode is for --unix
            --unix s --unix-mode 660 | '660' is not what a file permits, such as rw-rw----
            --bind ::1,[::1]    | --bind has an address twice
            --proxy-from ::1 --port none --unix s | --proxy-from is for a port
            --proxy-from x/8    | 'x/8' is not an address or a range
            --port none         | --port none needs another way in: --tls-port, --ws-port, --wss-port, --unix
            --client-ca c       | --client-ca is for --tls-port or --wss-port
            --tls-min 1.3       | --tls-min is for --tls-port or --wss-port
            --tls-ciphers a,b   | --tls-ciphers is for --tls-port or --wss-port
            --client-name cn    | --client-name needs --client-ca
            --client-crl c      | --client-crl needs --client-ca
            --client-cert optional | --client-cert needs --client-ca
            --client-cert never | 'never' is not a mode for certificates of clients, known: optional, required
            --client-name CN    | 'CN' is not a part of a certificate, known: cn, dns, email, subject, uri
            --tls-min 1.1       | '1.1' is not a lowest version of TLS, known: 1.2, 1.3
            --port 0,0          | --port has several ports only with --mosquitto-conf
            --ignore-unsupported | --ignore-unsupported is for --mosquitto-conf
            --watch x           | 'x' is not a number of seconds, 0 to 65535
            --sys-interval 65536 | '65536' is not a number of seconds, 0 to 65535
            reload --store x    | there is no option '--store'
            --port 0 reload     | --port is for the broker
            --no-such           | there is no option '--no-such' (see --help)
            --prot 1883         | there is no option '--prot'; did you mean --port?
            --prot=1883         | there is no option '--prot=1883'; did you mean --port?
            stor                | there is no command 'stor'
            store chek          | there is no command 'chek'
            passwd a b c d      | there is no use for 'd'
            -p 1883             | there is no option '-p'
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
    void saysInWordsWhatIsInTheWayOfAFile(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "x");
        assertRefused(Child.broker("--port", "0", "--data", file.toString()), 1, file + " is no folder");
        assertRefused(
                Child.broker("--port", "0", "--password-file", folder.toString()),
                1,
                folder + " can't be read: it is a folder");
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
                    .contains("--bind", "--port", "--allow-anonymous", "--store", "--data", "--durability")
                    .contains("--unix", "--unix-mode", "--proxy-from")
                    .contains("--tls-port", "--ws-port", "--wss-port", "--ws-path", "--cert", "--key")
                    .contains("--client-ca", "--client-cert", "--client-crl", "--client-name")
                    .contains("--tls-min", "--tls-ciphers", "reload")
                    .contains("--password-file", "--acl-file", "--watch", "--sys-interval", "$SYS")
                    .contains("--admin-port", "--admin-bind", "--admin-token-file")
                    .contains("--mosquitto-conf", "--ignore-unsupported")
                    .contains("--config", "--check-config", "--print-config", "DUNLIN_CONFIG_STORE__DATA")
                    .contains("--limit", "--version", "--help", "DUNLIN_LOG");
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

    /** The end of a broker that was told to stop just now. */
    private static Ended endInTime(Child broker) throws Exception {
        long before = System.nanoTime();
        Ended ended = broker.end();
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(STOP_MAX);
        return ended;
    }

    private static int portOf(String ready) {
        return Integer.parseInt(ready.substring(ready.lastIndexOf(':') + 1));
    }

    /** A 5.0 client whose CONNACK has come. */
    private static Socket connected(int port, String clientId) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(PATIENCE_MS);
        ByteBuf connect = Unpooled.buffer();
        MqttEncoder.connect(
                connect, new Connect(MqttVersion.V5, clientId, true, 0, Properties.EMPTY, null, null, null));
        send(socket, connect);
        await(socket, PacketType.CONNACK);
        return socket;
    }

    private static void send(Socket socket, ByteBuf packet) throws IOException {
        packet.readBytes(socket.getOutputStream(), packet.readableBytes());
    }

    /** Reads a packet shorter than 128 bytes. */
    private static void await(Socket socket, PacketType type) throws IOException {
        InputStream in = socket.getInputStream();
        assertThat(in.read() >> 4).as("%s", type).isEqualTo(type.code());
        in.skipNBytes(in.read());
    }
}
