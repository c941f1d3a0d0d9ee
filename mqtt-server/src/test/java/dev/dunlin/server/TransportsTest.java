package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.testkit.RequiresTool;
import dev.dunlin.codec.testkit.TestCertificate;
import dev.dunlin.server.Child.Ended;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The runnable broker over TLS and WebSocket, with clients that we didn't write. */
final class TransportsTest {
    private static final byte[] CONNECT = {0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 1, 'a'};

    private static Child start(String... more) throws IOException {
        return start(TestCertificate.shared().chain(), more);
    }

    private static Child start(Path chain, String... more) throws IOException {
        List<String> options = new ArrayList<>(List.of(
                "--port",
                "0",
                "--store",
                "memory",
                "--cert",
                chain.toString(),
                "--key",
                TestCertificate.shared().key().toString()));
        options.addAll(List.of(more));
        return Child.start(Child.broker(options.toArray(String[]::new)));
    }

    private static void stop(Child broker) throws Exception {
        assertThat(broker.terminate().end()).isEqualTo(new Ended(0, List.of(), List.of()));
    }

    @Test
    void printsALineForEachListener() throws Exception {
        try (Child broker = start("--ws-port", "0", "--wss-port", "0", "--tls-port", "0", "--ws-path", "/a")) {
            assertThat(broker.readLine()).matches("dunlin listening on tcp://127\\.0\\.0\\.1:[1-9][0-9]*");
            assertThat(broker.readLine()).matches("dunlin listening on tls://127\\.0\\.0\\.1:[1-9][0-9]*");
            assertThat(broker.readLine()).matches("dunlin listening on ws://127\\.0\\.0\\.1:[1-9][0-9]*/a");
            assertThat(broker.readLine()).matches("dunlin listening on wss://127\\.0\\.0\\.1:[1-9][0-9]*/a");
            stop(broker);
        }
    }

    /** The JDK's client, which checks the handshake and every frame. */
    @ParameterizedTest
    @ValueSource(strings = {"--ws-port", "--wss-port"})
    void servesTheWebSocketOfTheJdk(String option) throws Exception {
        try (Child broker = start("--tls-port", "0", option, "0")) {
            broker.readLine();
            broker.readLine();
            String uri = broker.readLine().replace("dunlin listening on ", "");
            SSLContext trusting = TestCertificate.shared().trusting();
            Answer answer = new Answer();
            WebSocket socket = HttpClient.newBuilder()
                    .sslContext(trusting)
                    .build()
                    .newWebSocketBuilder()
                    .subprotocols("mqtt")
                    .buildAsync(URI.create(uri), answer)
                    .get(10, TimeUnit.SECONDS);
            assertThat(socket.getSubprotocol()).isEqualTo("mqtt");
            socket.sendBinary(ByteBuffer.wrap(CONNECT), true).get(10, TimeUnit.SECONDS);
            assertThat(answer.first.get(10, TimeUnit.SECONDS)).containsExactly(0x20, 2, 0, 0);
            socket.sendClose(WebSocket.NORMAL_CLOSURE, "bye").get(10, TimeUnit.SECONDS);
            assertThat(answer.closed.get(10, TimeUnit.SECONDS)).isEqualTo(WebSocket.NORMAL_CLOSURE);
            stop(broker);
        }
    }

    private static final class Answer implements WebSocket.Listener {
        final CompletableFuture<byte[]> first = new CompletableFuture<>();
        final CompletableFuture<Integer> closed = new CompletableFuture<>();

        @Override
        public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            byte[] bytes = new byte[data.remaining()];
            data.get(bytes);
            first.complete(bytes);
            socket.request(1);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
            closed.complete(status);
            return CompletableFuture.completedFuture(null);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"31", "311", "5"})
    @RequiresTool({"mosquitto_pub", "mosquitto_sub", "stdbuf"})
    void servesMosquittosCommandsOverTls(String version) throws Exception {
        try (Child broker = start("--tls-port", "0")) {
            broker.readLine();
            String ready = broker.readLine();
            List<String> common = List.of(
                    "-h",
                    "localhost",
                    "-p",
                    ready.substring(ready.lastIndexOf(':') + 1),
                    "-V",
                    version,
                    "--cafile",
                    TestCertificate.shared().chain().toString());
            run(common, "mosquitto_pub", "-t", "ready", "-m", "ready", "-q", "1", "--retain");
            List<String> subscribe = new ArrayList<>(
                    List.of("stdbuf", "-oL", "mosquitto_sub", "-t", "a/b", "-t", "ready", "-q", "2", "-F", "%q %t %p"));
            subscribe.addAll(common);
            try (Child subscriber = Child.start(new ProcessBuilder(subscribe))) {
                assertThat(subscriber.readLine()).isEqualTo("1 ready ready");
                run(common, "mosquitto_pub", "-t", "a/b", "-m", "over TLS", "-q", "2");
                assertThat(subscriber.readLine()).isEqualTo("2 a/b over TLS");
            }
            stop(broker);
        }
    }

    private static void run(List<String> common, String... command) throws Exception {
        List<String> all = new ArrayList<>(List.of(command));
        all.addAll(common);
        try (Child child = Child.start(new ProcessBuilder(all))) {
            Ended ended = child.end();
            assertThat(ended.code()).as("%s", ended).isZero();
        }
    }

    @Test
    void saysWhatIsWrongWithACertificateInOneLine(@TempDir Path folder) throws Exception {
        Path none = folder.resolve("none.pem");
        try (Child child = start(none, "--tls-port", "0")) {
            assertThat(child.end())
                    .isEqualTo(new Ended(
                            1,
                            List.of(),
                            List.of("dunlin: the certificate " + none + " can't be read: there is no such file")));
        }
        Files.createFile(none);
        try (Child child = start(none, "--tls-port", "0")) {
            assertThat(child.end().err()).containsExactly("dunlin: there is no certificate in " + none);
        }
    }

    @Test
    void letsNobodyInWithoutTlsAtTheTlsPort() throws Exception {
        try (Child broker = start("--tls-port", "0")) {
            broker.readLine();
            String ready = broker.readLine();
            int port = Integer.parseInt(ready.substring(ready.lastIndexOf(':') + 1));
            try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), port)) {
                plain.setSoTimeout(10_000);
                plain.getOutputStream().write(CONNECT);
                assertThat(plain.getInputStream().readAllBytes()).doesNotContain(0x20);
            }
            stop(broker);
        }
    }
}
