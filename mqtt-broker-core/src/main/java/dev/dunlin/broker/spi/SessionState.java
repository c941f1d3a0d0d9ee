package dev.dunlin.broker.spi;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a session is, at one moment.
 *
 * @param clientId whose it is
 * @param client who is connected with it; null if nobody is
 * @param since wall time of the last CONNACK or, if nobody is connected, of the end of the last connection
 * @param expirySeconds the session expiry interval, 0 to {@link Limits#NEVER_EXPIRES}; 0: it ends with its connection
 * @param expiresAt when it ends, if its client doesn't come back; null if somebody is connected, or it never ends
 * @param keepAliveSeconds what the connection has; 0 for none, and if there is no connection
 * @param willTopic the whole topic of the will that would be published; null if there is none
 * @param subscriptions how many it has, shared ones included
 * @param queuedMessages that wait for it; of those that are in the store since before the start as many as have been counted
 * @param queuedBytes what these occupy, approximately, in memory or in the store
 * @param inflight QoS 1 and 2 exchanges that its client hasn't completed; of QoS 2, before a client has come back to a session of
 *     before the start, nothing is known
 * @param stored whether it is in a store
 * @param slow whether its client takes nothing of what waits for it: see {@link Limits#slowConsumerMs}
 * @param dropped what it lost, by reason, as in {@code Broker.droppedByClient}
 */
public record SessionState(
        String clientId,
        @Nullable ClientInfo client,
        Instant since,
        long expirySeconds,
        @Nullable Instant expiresAt,
        int keepAliveSeconds,
        @Nullable String willTopic,
        int subscriptions,
        long queuedMessages,
        long queuedBytes,
        int inflight,
        boolean stored,
        boolean slow,
        Map<DropReason, Long> dropped) {

    /** Takes a copy of the map. */
    public SessionState {
        dropped = Map.copyOf(dropped);
    }

    /** Whether its client is connected. */
    public boolean isConnected() {
        return client != null;
    }
}
