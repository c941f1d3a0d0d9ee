package dev.dunlin.broker;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * Where a broker listens. Immutable.
 *
 * @param name unique in its broker; {@link Broker#port} asks by it
 * @param host a host name or address to bind to; "0.0.0.0" or "::" for all addresses
 * @param port 0 to 65,535; 0 lets the system choose
 */
public record Listener(String name, String host, int port) {

    /**
     * Checks the port.
     *
     * @throws IllegalArgumentException if the port is out of range or the name or host is empty
     */
    public Listener {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port is 0 to 65535, not " + port);
        }
        if (name.isEmpty() || host.isEmpty()) {
            throw new IllegalArgumentException("a listener needs a name and a host");
        }
    }

    /** MQTT over TCP, named "tcp". */
    public static Listener tcp(String host, int port) {
        return new Listener("tcp", host, port);
    }

    /** This listener under another name. */
    public Listener name(String other) {
        return new Listener(other, host, port);
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
