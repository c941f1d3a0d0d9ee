package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.testkit.RequiresTool;
import dev.dunlin.codec.testkit.TestAuthority;
import dev.dunlin.codec.testkit.TestCertificate;
import dev.dunlin.server.Child.Ended;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The runnable broker with certificates of clients: with Mosquitto's commands, reloaded while it runs, and what it logs. */
final class MutualTlsTest {
    private static final TestAuthority OURS = TestAuthority.create();
    private static final TestCertificate ANN = OURS.client("CN=ann", "email:ann@home.example");
    private static final TestCertificate BOB = OURS.client("CN=bob");
    private static final TestCertificate STRANGER = TestAuthority.create().client("CN=ann");
    private static final byte[] CONNECT = {0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 1, 'a'};
    private static final byte[] CONNECT_OTHER = {0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 1, 'b'};

    @TempDir
    private Path temp;

    private static ProcessBuilder broker(String... more) {
        TestCertificate own = TestCertificate.shared();
        List<String> options = new ArrayList<>(List.of(
                "--tls-port",
                "0",
                "--cert",
                own.chain().toString(),
                "--key",
                own.key().toString(),
                "--client-ca"));
        options.add(OURS.chain().toString());
        options.addAll(List.of(more));
        return Child.broker(options.toArray(String[]::new));
    }

    private static String portOf(String ready) {
        assertThat(ready).startsWith("dunlin listening on t");
        return ready.substring(ready.lastIndexOf(':') + 1);
    }

    private static void stop(Child broker) throws Exception {
        assertThat(broker.terminate().end()).isEqualTo(new Ended(0, List.of(), List.of()));
    }

    // ---- Mosquitto's commands

    private static int publish(String port, String version, TestCertificate shown) throws Exception {
        List<String> command = new ArrayList<>(List.of("mosquitto_pub", "-h", "localhost", "-p", port, "-V", version));
        command.addAll(
                List.of("--cafile", TestCertificate.shared().chain().toString(), "-t", "t", "-m", "m", "-q", "1"));
        if (shown != null) {
            command.addAll(List.of(
                    "--cert", shown.chain().toString(), "--key", shown.key().toString()));
        }
        return Child.run(new ProcessBuilder(command)).code();
    }

    @ParameterizedTest
    @CsvSource({"311, 1.2", "5, 1.2", "5, 1.3"})
    @RequiresTool("mosquitto_pub")
    void servesMosquittosClientsByTheirCertificates(String version, String tls) throws Exception {
        try (Child broker = Child.start(
                broker("--port", "none", "--store", "memory", "--client-name", "email", "--tls-min", tls))) {
            String port = portOf(broker.readLine());
            assertThat(publish(port, version, ANN)).isZero();
            assertThat(publish(port, version, null)).as("no certificate").isNotZero();
            assertThat(publish(port, version, STRANGER)).as("of another").isNotZero();
            assertThat(publish(port, version, BOB)).as("no such name in it").isNotZero();
            assertThat(publish(port, version, ANN)).isZero();
            stop(broker);
        }
    }

    // ---- other machines

    @Test
    void servesOtherMachinesIfAllPortsRequireCertificates() throws Exception {
        try (Child broker = Child.start(broker("--bind", "0.0.0.0", "--port", "none", "--store", "memory"))) {
            assertThat(broker.readLine()).startsWith("dunlin listening on tls://0.0.0.0:");
            stop(broker);
        }
        for (String[] open : List.of(
                new String[] {"--bind", "0.0.0.0", "--port", "0"},
                new String[] {"--bind", "0.0.0.0", "--port", "none", "--ws-port", "0"},
                new String[] {"--bind", "0.0.0.0", "--port", "none", "--client-cert", "optional"})) {
            Child.assertRefused(broker(open), "other machines reach 0.0.0.0");
        }
    }

    // ---- reload

    private ProcessBuilder reload() {
        return Child.broker("reload", "--data", temp.resolve("data").toString());
    }

    private static boolean comesIn(String port, SSLContext context) throws IOException {
        try (SSLSocket socket =
                (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", Integer.parseInt(port))) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(CONNECT);
            return socket.getInputStream().readNBytes(4).length == 4;
        } catch (IOException e) { // an alert, or a reset
            return false;
        }
    }

    @Test
    void readsItsFilesAgainWhenItIsTold() throws Exception {
        Path list = temp.resolve("revoked.pem");
        Files.copy(OURS.revocationList(), list);
        SSLContext bob = TestCertificate.shared().trusting(BOB);
        try (Child broker = Child.start(broker(
                "--port",
                "0",
                "--client-crl",
                list.toString(),
                "--data",
                temp.resolve("data").toString()))) {
            broker.readLine();
            String port = portOf(broker.readLine());
            assertThat(comesIn(port, bob)).isTrue();
            try (SSLSocket stays =
                    (SSLSocket) bob.getSocketFactory().createSocket("127.0.0.1", Integer.parseInt(port))) {
                stays.setSoTimeout(10_000);
                stays.getOutputStream().write(CONNECT_OTHER);
                stays.getInputStream().readNBytes(4);
                Files.copy(OURS.revocationList(BOB), list, StandardCopyOption.REPLACE_EXISTING);
                assertThat(Child.run(reload()))
                        .isEqualTo(new Ended(0, List.of("reloaded the certificates of tls"), List.of()));
                assertThat(comesIn(port, bob)).isFalse();
                assertThat(comesIn(port, TestCertificate.shared().trusting(ANN)))
                        .isTrue();
                stays.getOutputStream().write(new byte[] {(byte) 0xC0, 0});
                assertThat(stays.getInputStream().readNBytes(2)).containsExactly(0xD0, 0);
            }
            Files.delete(list);
            Child.assertRefused(
                    reload(),
                    "tls keeps what it has, as the revocation list " + list + " can't be read: there is no such file");
            assertThat(comesIn(port, TestCertificate.shared().trusting(ANN))).isTrue();
            Ended ended = broker.terminate().end();
            assertThat(ended.err()).singleElement().asString().contains("WARN", "listener tls: keeps", list.toString());
        }
        Child.assertRefused(reload(), "no broker runs on " + temp.resolve("data"));
    }

    @Test
    void hasNothingToReloadWithoutTls() throws Exception {
        try (Child broker = Child.start(
                Child.broker("--port", "0", "--data", temp.resolve("data").toString()))) {
            portOf(broker.readLine());
            Child.assertRefused(reload(), "the broker has no listener with TLS");
            stop(broker);
        }
    }

    // ---- what is logged

    /** Says something on a plain socket, and waits for the end. Returns its address, as the broker sees it. */
    private static String say(String port, byte[] bytes) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(port))) {
            socket.setSoTimeout(10_000);
            String address = String.valueOf(new InetSocketAddress(socket.getLocalAddress(), socket.getLocalPort()));
            socket.getOutputStream().write(bytes);
            socket.shutdownOutput();
            socket.getInputStream().readAllBytes();
            return address.substring(address.indexOf('/'));
        }
    }

    private static String connect(String port, SSLContext context, String version) throws IOException {
        try (Socket raw = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(port));
                SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(raw, "localhost", 0, true)) {
            raw.setSoTimeout(10_000);
            String address = "/127.0.0.1:" + raw.getLocalPort();
            socket.setEnabledProtocols(new String[] {version});
            try {
                socket.getOutputStream().write(CONNECT);
                assertThat(socket.getInputStream().readNBytes(4)).isEmpty();
            } catch (IOException refused) {
                assertThat(refused).isNotInstanceOf(java.net.SocketTimeoutException.class);
            }
            return address;
        }
    }

    @Test
    void logsOneLineForEachThatItTurnsAway() throws Exception {
        ProcessBuilder command = broker(
                "--port",
                "0",
                "--store",
                "memory",
                "--client-crl",
                OURS.revocationList(BOB).toString());
        command.environment().put("DUNLIN_LOG", "info");
        List<String> expected = new ArrayList<>();
        try (Child broker = Child.start(command)) {
            String plain = portOf(broker.readLine());
            String port = portOf(broker.readLine());
            byte[] noise = "what is this? ".repeat(4_000).getBytes(StandardCharsets.US_ASCII);
            expected.add(say(port, CONNECT) + ": TLS failed: this is not TLS");
            expected.add(say(port, noise) + ": TLS failed: this is not TLS");
            for (String version : List.of("TLSv1.3", "TLSv1.2")) {
                SSLContext without = TestCertificate.shared().trusting();
                expected.add(connect(port, without, version) + ": TLS failed: Empty client certificate chain");
                expected.add(connect(port, TestCertificate.shared().trusting(BOB), version)
                        + ": TLS failed: PKIX path validation failed: .*: Certificate has been revoked, .*");
                expected.add(connect(port, TestCertificate.shared().trusting(STRANGER), version)
                        + ": TLS failed: PKIX path .* failed: .*");
                SSLContext expired = TestCertificate.shared().trusting(OURS.expiredClient("CN=old"));
                expected.add(connect(port, expired, version)
                        + ": TLS failed: PKIX path validation failed: .*: NotAfter: .*");
            }
            expected.add(connect(plain, TestCertificate.shared().trusting(), "TLSv1.3") + ": .*");
            assertThat(comesIn(port, TestCertificate.shared().trusting(ANN))).isTrue();
            List<String> lines = broker.terminate().end().err().stream()
                    .filter(line -> line.contains("client /127.0.0.1:"))
                    .map(line ->
                            line.substring(line.indexOf("client /127.0.0.1:")).strip())
                    .toList();
            assertThat(lines)
                    .hasSameSizeAs(expected)
                    .allSatisfy(line -> assertThat(line).hasSizeLessThan(400));
            for (String line : expected) {
                assertThat(lines.stream().filter(said -> said.matches("client " + line)))
                        .as("%s in %s", line, lines)
                        .hasSize(1);
            }
        }
    }
}
