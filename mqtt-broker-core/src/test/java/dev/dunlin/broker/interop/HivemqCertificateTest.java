package dev.dunlin.broker.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hivemq.client.mqtt.MqttClientSslConfig;
import com.hivemq.client.mqtt.MqttWebSocketConfig;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.Mqtt5ClientBuilder;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5ConnAckException;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAckReasonCode;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.Listener;
import dev.dunlin.broker.Tls;
import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.CertificateName;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.codec.testkit.TestAuthority;
import dev.dunlin.codec.testkit.TestCertificate;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** hivemq-mqtt-client with a certificate of its own, over TLS and WebSocket. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class HivemqCertificateTest {
    private static final TestAuthority OURS = TestAuthority.create();

    private static Mqtt5BlockingClient client(Broker broker, String listener, TestCertificate own) {
        Mqtt5ClientBuilder builder = Mqtt5Client.builder()
                .serverHost("127.0.0.1")
                .serverPort(broker.port(listener))
                .sslConfig(MqttClientSslConfig.builder()
                        .trustManagerFactory(TestCertificate.shared().trust())
                        .keyManagerFactory(own.keys())
                        .build());
        return listener.equals("wss")
                ? builder.webSocketConfig(MqttWebSocketConfig.builder()
                                .serverPath(Listener.DEFAULT_PATH.substring(1)) // the client puts the slash before it
                                .build())
                        .buildBlocking()
                : builder.buildBlocking();
    }

    @Test
    void comesInUnderItsName() throws Exception {
        TestCertificate own = TestCertificate.shared();
        Tls tls =
                Tls.pem(own.chain(), own.key()).clientCertificates(OURS.chain()).userName(CertificateName.SAN_URI);
        BlockingQueue<String> names = new LinkedBlockingQueue<>();
        try (Broker broker = Broker.builder()
                .listen(Listener.tcp("127.0.0.1", 0).tls(tls).name("tls"))
                .listen(Listener.webSocket("127.0.0.1", 0).tls(tls).name("wss"))
                .authenticator(request -> {
                    names.add(String.valueOf(request.certificateName()));
                    return CompletableFuture.completedFuture(AuthResult.accept(new Identity("a")));
                })
                .start()) {
            TestCertificate ann = OURS.client("CN=ann", "uri:urn:dev:ann");
            TestCertificate nameless = OURS.client("CN=bob");
            for (String listener : List.of("tls", "wss")) {
                Mqtt5BlockingClient client = client(broker, listener, ann);
                client.connect();
                client.disconnect();
                assertThat(names.take()).isEqualTo("urn:dev:ann");

                Mqtt5BlockingClient refused = client(broker, listener, nameless);
                assertThatThrownBy(refused::connect)
                        .isInstanceOfSatisfying(
                                Mqtt5ConnAckException.class,
                                e -> assertThat(e.getMqttMessage().getReasonCode())
                                        .isEqualTo(Mqtt5ConnAckReasonCode.NOT_AUTHORIZED));
            }
            assertThat(names).isEmpty();
        }
    }
}
