package dev.dunlin.broker;

/**
 * Where a running broker listens.
 *
 * @param name the listener's name
 * @param scheme "tcp", "tls", "ws", "wss" or "unix"
 * @param host the host as it was given; empty for a Unix domain socket
 * @param port the bound port, never 0; 0 for a Unix domain socket, which has none
 * @param path the path of a WebSocket listener, or the absolute one of a Unix domain socket's file, else empty
 */
public record ListenerAddress(String name, String scheme, String host, int port, String path) {

    /**
     * As a URI, an IPv6 host in brackets: {@code ws://127.0.0.1:8080/mqtt}, {@code tcp://[::1]:1883},
     * {@code unix:/run/mqtt.sock}.
     */
    public String uri() {
        if (host.isEmpty()) {
            return scheme + ":" + path;
        }
        String bracketed = host.contains(":") ? "[" + host + "]" : host;
        return scheme + "://" + bracketed + ":" + port + path;
    }
}
