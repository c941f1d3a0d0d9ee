package dev.dunlin.broker.testkit;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.Listener;
import dev.dunlin.broker.ListenerAddress;
import dev.dunlin.broker.Tls;
import dev.dunlin.codec.testkit.TestCertificate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.SocketFactory;

/**
 * What lies under MQTT in a test: TCP, unless the property {@code dunlin.test.transport} says another of these. So the same
 * tests run over all of them.
 */
public enum TestTransport {
    TCP,
    TLS,
    WS,
    WSS,
    /** TCP behind a proxy that says, in version 2, that a client on this machine connects. */
    PROXY,
    /** A Unix domain socket. */
    UNIX,
    /** No socket: {@link Broker#socketFactory}. */
    IN_PROCESS;

    /** Port 4321 of 127.0.0.1 to port 1883 of the same. */
    private static final byte[] PROXY_HEADER =
            HexFormat.of().parseHex("0d0a0d0a000d0a515549540a" + "2111000c" + "7f0000017f000001" + "10e1075b");

    private static final TestTransport CHOSEN =
            valueOf(System.getProperty("dunlin.test.transport", "tcp").toUpperCase(Locale.ROOT));

    /** From here on a number stands for something else than a port. */
    private static final int NO_PORTS = 100_000;

    /** What they stand for: a path, or a factory of sockets. */
    private static final List<Object> PLACES = new CopyOnWriteArrayList<>();

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
        if (this == UNIX) {
            return Listener.unix(newPath()).name("tcp");
        }
        Listener plain = isWebSocket() ? Listener.webSocket("127.0.0.1", 0) : Listener.tcp("127.0.0.1", 0);
        if (this == PROXY) {
            return plain.proxyProtocol("127.0.0.1");
        }
        TestCertificate certificate = isTls() ? TestCertificate.shared() : null;
        return (certificate == null ? plain : plain.tls(Tls.pem(certificate.chain(), certificate.key()))).name("tcp");
    }

    private static Path newPath() {
        try {
            Path folder = Files.createTempDirectory("dunlin");
            folder.toFile().deleteOnExit();
            return folder.resolve("mqtt.sock");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** By what clients find a listener of a broker: its port, or a number that stands for what it has instead. */
    public int portOf(Broker broker, String listener) {
        if (this == IN_PROCESS) {
            return numberOf(broker.socketFactory());
        }
        if (this == UNIX) {
            String path = broker.listeners().stream()
                    .filter(address -> address.name().equals(listener))
                    .map(ListenerAddress::path)
                    .findAny()
                    .orElseThrow();
            return path.isEmpty() ? broker.port(listener) : numberOf(Path.of(path));
        }
        return broker.port(listener);
    }

    private static synchronized int numberOf(Object place) {
        int known = PLACES.indexOf(place);
        if (known < 0) {
            PLACES.add(place);
            known = PLACES.size() - 1;
        }
        return NO_PORTS + known;
    }

    /** A connection to what this port, or number, stands for. */
    Socket connect(int port) throws IOException {
        Object place = port < NO_PORTS ? InetAddress.getLoopbackAddress() : PLACES.get(port - NO_PORTS);
        if (place instanceof Path path) {
            return UnixSocket.connect(path);
        }
        if (place instanceof SocketFactory sockets) {
            return sockets.createSocket("localhost", 1883);
        }
        Socket socket = new Socket((InetAddress) place, port);
        socket.setTcpNoDelay(true);
        if (this == PROXY) {
            socket.getOutputStream().write(PROXY_HEADER);
        }
        return socket;
    }
}
