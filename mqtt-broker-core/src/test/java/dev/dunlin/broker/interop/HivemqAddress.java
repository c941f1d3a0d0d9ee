package dev.dunlin.broker.interop;

import com.hivemq.client.mqtt.MqttClientBuilderBase;
import com.hivemq.client.mqtt.MqttClientSslConfig;
import com.hivemq.client.mqtt.MqttWebSocketConfig;
import dev.dunlin.broker.Listener;
import dev.dunlin.codec.testkit.TestCertificate;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.TrustManagerFactory;

/** Where a client of hivemq-mqtt-client connects to, and as who. */
final class HivemqAddress {

    private HivemqAddress() {}

    static <B extends MqttClientBuilderBase<B>> B set(B builder, Setup setup)
            throws IOException, GeneralSecurityException {
        B addressed = builder.serverHost("127.0.0.1").serverPort(setup.port());
        if (setup.isWebSocket()) {
            String path = Listener.DEFAULT_PATH.substring(1); // the client puts the slash before it
            addressed = addressed.webSocketConfig(
                    MqttWebSocketConfig.builder().serverPath(path).build());
        }
        if (setup.isTls()) {
            addressed = addressed.sslConfig(MqttClientSslConfig.builder()
                    .trustManagerFactory(trusting())
                    .build());
        }
        return setup.clientId().isEmpty() ? addressed : addressed.identifier(setup.clientId());
    }

    private static TrustManagerFactory trusting() throws IOException, GeneralSecurityException {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        try (InputStream pem = Files.newInputStream(TestCertificate.shared().chain())) {
            trusted.setCertificateEntry(
                    "broker", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(trusted);
        return factory;
    }
}
