package dev.dunlin.broker.testkit;

import dev.dunlin.broker.Listener;
import dev.dunlin.broker.Tls;
import dev.dunlin.codec.testkit.TestCertificate;
import java.util.Locale;

/**
 * What lies under MQTT in a test: TCP, unless the property {@code dunlin.test.transport} says tls, ws or wss. So the same
 * tests run over all four.
 */
public enum TestTransport {
    TCP,
    TLS,
    WS,
    WSS;

    private static final TestTransport CHOSEN =
            valueOf(System.getProperty("dunlin.test.transport", "tcp").toUpperCase(Locale.ROOT));

    /** The one of this JVM. */
    public static TestTransport chosen() {
        return CHOSEN;
    }

    boolean isTls() {
        return this == TLS || this == WSS;
    }

    boolean isWebSocket() {
        return this == WS || this == WSS;
    }

    /** A listener on a port of its own. Its name is "tcp", whatever it is: tests ask for the port by it. */
    public Listener listener() {
        Listener plain = isWebSocket() ? Listener.webSocket("127.0.0.1", 0) : Listener.tcp("127.0.0.1", 0);
        TestCertificate certificate = isTls() ? TestCertificate.shared() : null;
        return (certificate == null ? plain : plain.tls(Tls.pem(certificate.chain(), certificate.key()))).name("tcp");
    }
}
