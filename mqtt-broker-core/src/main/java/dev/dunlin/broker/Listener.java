package dev.dunlin.broker;

import dev.dunlin.broker.spi.Limits;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Where a broker listens, and for what: MQTT over TCP or over WebSocket, each with or without TLS. Immutable.
 *
 * <pre>{@code
 * Listener.tcp("::", 8883).tls(Tls.pem(chain, key)).name("tls")
 * Listener.webSocket("::", 443, "/mqtt").tls(Tls.pem(chain, key)).name("wss")
 * }</pre>
 *
 * @param name unique in its broker; {@link Broker#port} asks by it
 * @param host a host name or address to bind to; "0.0.0.0" or "::" for all addresses
 * @param port 0 to 65,535; 0 lets the system choose
 * @param webSocketPath the path of the WebSocket endpoint, beginning with "/"; null for plain MQTT
 * @param tls certificate and key; null for a listener without TLS
 * @param limits the bounds of its connections; null for the broker's, see {@link #limits(Limits)}
 */
public record Listener(
        String name,
        String host,
        int port,
        @Nullable String webSocketPath,
        @Nullable Tls tls,
        @Nullable Limits limits) {
    /** The path that most clients assume. */
    public static final String DEFAULT_PATH = "/mqtt";

    /**
     * Checks the port and the path.
     *
     * @throws IllegalArgumentException if the port is out of range, the name or host is empty, or the path can't be one
     */
    public Listener {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port is 0 to 65535, not " + port);
        }
        if (name.isEmpty() || host.isEmpty()) {
            throw new IllegalArgumentException("a listener needs a name and a host");
        }
        if (webSocketPath != null && !webSocketPath.matches("/[!-~&&[^?#]]*")) {
            throw new IllegalArgumentException(
                    "a WebSocket path begins with / and has no query, not '" + webSocketPath + "'");
        }
    }

    /** MQTT over TCP, named "tcp". */
    public static Listener tcp(String host, int port) {
        return new Listener("tcp", host, port, null, null, null);
    }

    /** MQTT over WebSocket at {@link #DEFAULT_PATH}, named "ws". */
    public static Listener webSocket(String host, int port) {
        return webSocket(host, port, DEFAULT_PATH);
    }

    /**
     * MQTT over WebSocket, named "ws".
     *
     * @param path what clients ask for; the request for any other gets 404
     */
    public static Listener webSocket(String host, int port, String path) {
        return new Listener("ws", host, port, path, null, null);
    }

    /** This listener with TLS. Its name stays. */
    public Listener tls(Tls identity) {
        return new Listener(name, host, port, webSocketPath, identity, limits);
    }

    /** This listener under another name. */
    public Listener name(String other) {
        return new Listener(other, host, port, webSocketPath, tls, limits);
    }

    /**
     * This listener with bounds of its own: make them from the broker's by the {@code with} methods of what may differ, which
     * is {@code connectionsMax} (its own connections are counted apart, and among those of the broker), {@code
     * connectTimeoutMs}, {@code packetBytesMax}, {@code connectPacketBytesMax}, {@code receiveMaximum}, {@code
     * outputBytesMax}, {@code topicLevelsMax}, {@code topicBytesMax}, {@code topicAliasMax}, {@code userPropertiesMax}, {@code
     * keepAliveMaxSeconds}, {@code publishesPerSecondMax}, {@code publishBytesPerSecondMax}, {@code connectionsPerAddressMax}
     * and {@code connectsPerSecondPerAddress} (its addresses are counted apart). Limits that differ in anything else are
     * refused when the broker starts.
     */
    public Listener limits(Limits own) {
        return new Listener(name, host, port, webSocketPath, tls, own);
    }

    /** "tcp", "tls", "ws" or "wss". */
    String scheme() {
        if (webSocketPath != null) {
            return tls == null ? "ws" : "wss";
        }
        return tls == null ? "tcp" : "tls";
    }

    /** The address to bind to; unresolved if the host is unknown. */
    InetSocketAddress address() {
        return new InetSocketAddress(host, port);
    }

    /** Whether only programs on this machine can reach it. */
    boolean isLoopback() {
        InetAddress resolved = address().getAddress();
        return resolved != null && resolved.isLoopbackAddress();
    }
}
