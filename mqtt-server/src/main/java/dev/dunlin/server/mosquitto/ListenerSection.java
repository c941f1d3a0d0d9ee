package dev.dunlin.server.mosquitto;

import org.jspecify.annotations.Nullable;

/**
 * A listener as the file has it.
 *
 * @param place the line {@code listener}, or the first that says something of the default listener
 * @param port 1 to 65,535; 0 for a Unix domain socket
 * @param host where it is bound, or the path of a Unix domain socket; null for all addresses
 * @param settings what the file says of it alone
 */
record ListenerSection(Place place, int port, @Nullable String host, Section settings) {

    boolean isUnix() {
        return port == 0;
    }

    boolean hasTls() {
        return settings.has(Key.CERTFILE) && settings.has(Key.KEYFILE);
    }

    boolean isWebSocket() {
        return "websockets".equals(settings.text(Key.PROTOCOL));
    }

    /** Unique among the listeners that can be bound beside each other. */
    String name() {
        if (host == null) {
            return Integer.toString(port);
        }
        return isUnix() ? host : (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
