package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.testkit.RequiresTool;
import dev.dunlin.server.Child.Ended;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The runnable broker, on epoll where there is epoll, at a Unix domain socket, at several addresses and behind a proxy. */
final class SocketsTest {
    private static final byte[] CONNECT = {0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 1, 'a'};
    private static final byte[] CONNACK = {0x20, 2, 0, 0};

    @TempDir
    private Path folder;

    private static Child start(String... more) throws IOException {
        ProcessBuilder command = Child.broker("--port", "0", "--store", "memory");
        command.command().addAll(List.of(more));
        return Child.start(command);
    }

    private static void stop(Child broker) throws Exception {
        assertThat(broker.terminate().end()).isEqualTo(new Ended(0, List.of(), List.of()));
    }

    private static int portOf(String line) {
        return Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
    }

    private static Socket open(InetAddress host, int port) throws IOException {
        Socket socket = new Socket(host, port);
        socket.setSoTimeout(10_000);
        return socket;
    }

    @Test
    void listensAtAUnixDomainSocketAndRemovesItsFile() throws Exception {
        Path file = folder.resolve("mqtt.sock");
        try (Child broker = start("--unix", file.toString(), "--unix-mode", "rw-rw----")) {
            broker.readLine();
            assertThat(broker.readLine()).isEqualTo("dunlin listening on unix:" + file);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-rw----");
            for (int i = 0; i < 8; i++) { // on whichever loop each begins, this client's home is one
                try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(file))) {
                    channel.write(ByteBuffer.wrap(CONNECT));
                    ByteBuffer answer = ByteBuffer.allocate(4);
                    while (answer.hasRemaining() && channel.read(answer) >= 0) {}
                    assertThat(answer.array()).isEqualTo(CONNACK);
                }
            }
            stop(broker);
        }
        assertThat(file).doesNotExist();
    }

    @Test
    @RequiresTool({"mosquitto_pub", "mosquitto_sub", "stdbuf"})
    void servesMosquittosCommandsAtAUnixDomainSocket() throws Exception {
        String file = folder.resolve("mqtt.sock").toString();
        try (Child broker = start("--unix", file)) {
            broker.readLine();
            broker.readLine();
            List<String> publish = List.of("mosquitto_pub", "--unix", file, "-t", "a", "-m", "here", "-q", "2", "-r");
            try (Child child = Child.start(new ProcessBuilder(publish))) {
                assertThat(child.end()).isEqualTo(new Ended(0, List.of(), List.of()));
            }
            List<String> subscribe = List.of("mosquitto_sub", "--unix", file, "-t", "a", "-q", "2", "-C", "1");
            try (Child child = Child.start(new ProcessBuilder(subscribe))) {
                assertThat(child.end()).isEqualTo(new Ended(0, List.of("here"), List.of()));
            }
            stop(broker);
        }
    }

    @Test
    void listensAtSeveralAddressesWithOnePort() throws Exception {
        try (Child broker = start("--bind", "127.0.0.1,[::1]")) {
            String first = broker.readLine();
            assertThat(first).matches("dunlin listening on tcp://127\\.0\\.0\\.1:[1-9][0-9]*");
            String second = broker.readLine();
            assertThat(second).isEqualTo("dunlin listening on tcp://[::1]:" + portOf(first));
            stop(broker);
        }
    }

    /** At the wildcard of IPv6, where its address of IPv4 is still that. */
    @Test
    void believesAProxyAndServesNobodyElse() throws Exception {
        try (Child broker = start("--bind", "[::]", "--allow-anonymous", "--proxy-from", "192.0.2.0/24,127.0.0.1")) {
            int port = portOf(broker.readLine());
            try (Socket proxy = open(InetAddress.getLoopbackAddress(), port)) {
                proxy.getOutputStream()
                        .write("PROXY TCP4 192.0.2.7 127.0.0.1 1 2\r\n".getBytes(StandardCharsets.US_ASCII));
                proxy.getOutputStream().write(CONNECT);
                assertThat(proxy.getInputStream().readNBytes(4)).isEqualTo(CONNACK);
            }
            try (Socket client = open(InetAddress.getLoopbackAddress(), port)) {
                client.getOutputStream().write(CONNECT);
                assertThat(client.getInputStream().read()).isEqualTo(-1);
            }
            stop(broker);
        }
    }

    /** Whatever it listens on. */
    @Test
    void saysInOneLineWhatItsLoopsRunOn() throws Exception {
        ProcessBuilder command = Child.broker(
                "--port",
                "0",
                "--store",
                "memory",
                "--unix",
                folder.resolve("s").toString());
        command.environment().put("DUNLIN_LOG", "info");
        try (Child broker = Child.start(command)) {
            broker.readLine();
            broker.readLine();
            assertThat(broker.terminate().end().err())
                    .filteredOn(line -> line.contains(" loops on "))
                    .singleElement()
                    .asString()
                    .contains(System.getProperty("os.name").equals("Linux") ? " loops on epoll" : " loops on NIO");
        }
    }
}
