package dev.dunlin.broker.interop;

import dev.dunlin.codec.QoS;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a client connects, and what it subscribes to when it has.
 *
 * @param persistent whether its session outlives the connection, and is resumed if there is one
 * @param subscribedQoS of all filters
 */
record Setup(
        int port,
        String clientId,
        boolean persistent,
        @Nullable TestMessage will,
        QoS subscribedQoS,
        List<String> filters) {
    /** What {@link #persistent} means in seconds to clients that want a number. */
    static final int SESSION_EXPIRY_SECONDS = 3_600;

    static Setup of(int port, String clientId) {
        return new Setup(port, clientId, false, null, QoS.AT_MOST_ONCE, List.of());
    }

    Setup keepingSession() {
        return new Setup(port, clientId, true, will, subscribedQoS, filters);
    }

    Setup will(TestMessage message) {
        return new Setup(port, clientId, persistent, message, subscribedQoS, filters);
    }

    Setup subscribing(QoS maximum, String... to) {
        return new Setup(port, clientId, persistent, will, maximum, List.of(to));
    }

    /** Nothing to hear, nothing to keep, no will: it only publishes. */
    boolean onlyPublishes() {
        return filters.isEmpty() && !persistent && will == null;
    }
}
