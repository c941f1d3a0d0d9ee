package dev.dunlin.broker;

import dev.dunlin.codec.testkit.TestAuthority;
import dev.dunlin.codec.testkit.TestCertificate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Arrays;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** Who signs certificates of clients in tests, and clients with them, on plain Java sockets. */
final class Authorities {
    static final TestAuthority OURS = TestAuthority.create();
    static final TestAuthority OTHERS = TestAuthority.create();
    static final TestCertificate ANN = OURS.client("CN=ann,OU=sensors,O=home", "dns:ann.example", "dns:b.example");
    static final TestCertificate BOB = OURS.client("CN=bob");
    static final TestCertificate STRANGER = OTHERS.client("CN=ann");

    private static final int TIMEOUT_MS = 10_000;
    private static final byte[] CONNECT = {0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 1, 'a'};
    private static final byte[] CONNACK = {0x20, 2, 0, 0};

    private Authorities() {}

    /** A listener named "tls" with the tests' certificate, which asks clients for theirs. */
    static Tls asking() {
        return ours().clientCertificates(OURS.chain());
    }

    static Tls ours() {
        TestCertificate own = TestCertificate.shared();
        return Tls.pem(own.chain(), own.key());
    }

    static Listener listener(Tls tls) {
        return Listener.tcp("127.0.0.1", 0).tls(tls).name("tls");
    }

    /** A client that shows this certificate. */
    static SSLContext showing(TestCertificate own) {
        return TestCertificate.shared().trusting(own);
    }

    /** A socket on which nothing was said yet. */
    static SSLSocket socket(Broker broker, SSLContext context, String version) throws IOException {
        SSLSocket socket = (SSLSocket)
                context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), broker.port("tls"));
        socket.setSoTimeout(TIMEOUT_MS);
        socket.setEnabledProtocols(new String[] {version});
        return socket;
    }

    /** Connects with MQTT 3.1.1 and leaves. Whether the broker has said yes; any other answer than yes or none throws. */
    static boolean comesIn(Broker broker, SSLContext context, String version) throws IOException {
        try (SSLSocket socket = socket(broker, context, version)) {
            return login(socket);
        }
    }

    /** Sends CONNECT, and takes CONNACK if it comes. */
    static boolean login(Socket socket) throws IOException {
        byte[] answer;
        try {
            socket.getOutputStream().write(CONNECT);
            answer = socket.getInputStream().readNBytes(CONNACK.length);
        } catch (java.net.SocketTimeoutException e) {
            throw new AssertionError("no answer came", e);
        } catch (IOException e) { // an alert, or a reset
            return false;
        }
        if (answer.length != 0 && !Arrays.equals(answer, CONNACK)) {
            throw new AssertionError("came " + Arrays.toString(answer));
        }
        return answer.length > 0;
    }
}
