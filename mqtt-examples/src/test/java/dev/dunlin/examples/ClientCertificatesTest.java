package dev.dunlin.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5PubAckException;
import com.hivemq.client.mqtt.mqtt5.message.publish.puback.Mqtt5PubAckReasonCode;
import dev.dunlin.codec.testkit.RequiresTool;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With the commands that its comment has, as they stand there. */
@RequiresTool("openssl")
class ClientCertificatesTest {
    private static final Path SOURCE = Path.of("src/main/java/dev/dunlin/examples/ClientCertificates.java");
    private static final Pattern COMMANDS = Pattern.compile("<pre>\\{@code\\n(.*?) \\* }</pre>", Pattern.DOTALL);
    private static final int PATIENCE_SECONDS = 30;
    private static final char[] PASSWORD = "secret".toCharArray();

    @TempDir
    private Path dir;

    /** A block of commands in the comment. */
    private static String commands(int number) throws Exception {
        Matcher block = COMMANDS.matcher(Files.readString(SOURCE));
        for (int i = 0; i <= number; i++) {
            assertThat(block.find()).isTrue();
        }
        return block.group(1).replaceAll("(?m)^ \\* ?", "");
    }

    private int run(Path folder, String commands) throws Exception {
        Path said = dir.resolve("said");
        Process shell = new ProcessBuilder("sh", "-ec", commands)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        assertThat(shell.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        return shell.exitValue();
    }

    private Path made(String name) throws Exception {
        Path folder = Files.createDirectory(dir.resolve(name));
        assertThat(run(folder, commands(0)))
                .as(() -> "what openssl has said is in " + dir)
                .isZero();
        return folder;
    }

    @Test
    void whoHasACertificateOfOursComesInUnderTheNameInIt() throws Exception {
        Path ours = made("ours");
        Path others = made("others"); // an ann as well, of somebody else
        try (RunningExample example = new RunningExample(ClientCertificates.class, ours.toString())) {
            int port = RunningExample.port(example.line());
            Mqtt5BlockingClient ann = client(port, keys(ours, "ann"), trust(ours));
            ann.connectWith()
                    .simpleAuth()
                    .username("bob") // which doesn't count
                    .applySimpleAuth()
                    .send();
            ann.publishWith()
                    .topic("devices/ann/door")
                    .qos(MqttQos.AT_LEAST_ONCE)
                    .payload("open".getBytes(UTF_8))
                    .send();
            assertThat(example.line()).isEqualTo("devices/ann/door: open");
            assertThatThrownBy(() -> ann.publishWith()
                            .topic("devices/bob/door")
                            .qos(MqttQos.AT_LEAST_ONCE)
                            .send())
                    .isInstanceOfSatisfying(
                            Mqtt5PubAckException.class,
                            refused -> assertThat(refused.getMqttMessage().getReasonCode())
                                    .isEqualTo(Mqtt5PubAckReasonCode.NOT_AUTHORIZED));
            ann.disconnect();

            assertThatThrownBy(() -> client(port, null, trust(ours)).connect())
                    .as("no certificate")
                    .isInstanceOf(Exception.class);
            assertThatThrownBy(
                            () -> client(port, keys(others, "ann"), trust(ours)).connect())
                    .as("a certificate of others")
                    .isInstanceOf(Exception.class);
            ann.connect(); // it is not the broker that is away
            ann.disconnect();
            example.end();
        }
    }

    @Test
    @RequiresTool("mosquitto_pub")
    void mosquittosClientDoesItToo() throws Exception {
        Path ours = made("ours");
        try (RunningExample example = new RunningExample(ClientCertificates.class, ours.toString())) {
            String port = Integer.toString(RunningExample.port(example.line()));
            String command = commands(1).replace("12345", port);
            assertThat(command).contains(port);
            assertThat(run(ours, command.replaceAll("--cert ann.crt --key ann.key", "")))
                    .isNotZero();
            assertThat(run(ours, command)).isZero();
            assertThat(example.line()).isEqualTo("devices/ann/door: open");
            example.end();
        }
    }

    private static Mqtt5BlockingClient client(int port, KeyManagerFactory keys, TrustManagerFactory trust) {
        return Mqtt5Client.builder()
                .serverHost("localhost")
                .serverPort(port)
                .sslConfig()
                .keyManagerFactory(keys)
                .trustManagerFactory(trust)
                .applySslConfig()
                .buildBlocking();
    }

    private KeyManagerFactory keys(Path folder, String name) throws Exception {
        String toPkcs12 = "openssl pkcs12 -export -in %s.crt -inkey %s.key -passout pass:secret -out %s.p12";
        assertThat(run(folder, toPkcs12.replace("%s", name))).isZero();
        KeyStore store = KeyStore.getInstance(folder.resolve(name + ".p12").toFile(), PASSWORD);
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD);
        return keys;
    }

    private static TrustManagerFactory trust(Path folder) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream in = Files.newInputStream(folder.resolve("ca.crt"))) {
            Certificate authority = CertificateFactory.getInstance("X.509").generateCertificate(in);
            store.setCertificateEntry("ours", authority);
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        return trust;
    }
}
