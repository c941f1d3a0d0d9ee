package dev.dunlin.broker;

/**
 * Where a running broker listens.
 *
 * @param name the listener's name
 * @param scheme "tcp", "tls", "ws" or "wss"
 * @param host the host as it was given
 * @param port the bound port, never 0
 * @param path the path of a WebSocket listener, else empty
 */
public record ListenerAddress(String name, String scheme, String host, int port, String path) {

    /** As a URI, an IPv6 host in brackets: {@code ws://127.0.0.1:8080/mqtt}. */
    public String uri() {
        String bracketed = host.contains(":") ? "[" + host + "]" : host;
        return scheme + "://" + bracketed + ":" + port + path;
    }
}
