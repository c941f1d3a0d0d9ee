package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.codec.ReasonCode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The sessions whose home is one loop, and their life: open, take over, lose the connection, will, expiry, end. All
 * connections with one client id meet here, so that a takeover is sequential code. Loop only.
 */
public final class Sessions {
    private final Core core;
    private final SessionLoop loop;
    private final Map<String, Session> byClientId = new HashMap<>();
    private final Set<LocalSubscriber> localSubscribers = new HashSet<>();
    private boolean closing;

    Sessions(Core core, SessionLoop loop) {
        this.core = core;
        this.loop = loop;
    }

    /** How many sessions there are, connected or not. */
    public int size() {
        return byClientId.size();
    }

    /** The session of a client, or null. */
    public @Nullable Session of(String clientId) {
        return byClientId.get(clientId);
    }

    /**
     * Opens the session of a client: takes it over from another connection, discards it, resumes it or makes it. Answers
     * when it is loaded, on this loop; without a store that is at once.
     */
    public void open(Opening opening, Consumer<OpenSession> opened) {
        assert loop.inLoop();
        String clientId = opening.clientId();
        Session session = byClientId.get(clientId);
        if (session != null && session.link != null) { // [5.0:MQTT-3.1.4-3], [3.1.1:MQTT-3.1.4-2]
            session.link.disconnect(ReasonCode.SESSION_TAKEN_OVER, "another client connected with this identifier");
            session = byClientId.get(clientId); // it ended if it was not to outlive its connection
        }
        if (session != null && opening.connect().cleanStart()) { // [5.0:MQTT-3.1.2-4], [3.1.1:MQTT-3.1.2-6]
            end(session, DropReason.SESSION_ENDED);
            session = null;
        }
        boolean present = session != null; // [5.0:MQTT-3.1.2-5], [5.0:MQTT-3.1.2-6], [3.1.1:MQTT-3.1.2-4]
        if (session == null) {
            session = new Session(core.newSid(), loop, clientId, core.limits);
            byClientId.put(clientId, session);
        }
        cancelTimers(session); // [5.0:MQTT-3.1.3-9]: back in time, its delayed will is not published
        session.link = opening.link();
        session.will = PendingWill.of(opening.connect());
        session.expirySeconds = opening.expirySeconds(core.limits.sessionExpiryMaxSeconds());
        opened.accept(new OpenSession(core, session, opening, present));
    }

    /**
     * A connection is gone. Does nothing if the session has another by now.
     *
     * @param withWill whether its will is to be published [5.0:MQTT-3.1.2-8], [5.0:MQTT-3.14.4-3]
     */
    public void connectionClosed(Session session, Link link, boolean withWill) {
        assert loop.inLoop();
        if (session.link != link) {
            return;
        }
        session.detach();
        if (!withWill || closing) {
            session.will = null; // [5.0:MQTT-3.1.2-10], [3.1.1:MQTT-3.1.2-10]
        }
        if (session.expirySeconds == 0) {
            end(session, DropReason.SESSION_ENDED);
            return;
        }
        PendingWill will = session.will;
        if (will != null && will.delaySeconds() == 0) {
            publishWill(session);
        } else if (will != null) {
            session.willTimer = loop.schedule(will.delaySeconds() * 1000, () -> publishWill(session));
        }
        if (session.expirySeconds != Limits.NEVER_EXPIRES) { // [5.0:MQTT-3.1.2-23], [5.0:MQTT-4.1.0-2]
            session.expiryTimer =
                    loop.schedule(session.expirySeconds * 1000, () -> end(session, DropReason.SESSION_ENDED));
        }
    }

    /** The end of a session: its subscriptions go first, then a will that still waits is published. */
    private void end(Session session, DropReason reason) {
        cancelTimers(session);
        for (String filter : session.subscriptions.keySet()) {
            core.subscriptions.remove(session, filter);
        }
        session.subscriptions.clear();
        byClientId.remove(session.clientId, session);
        session.discard(reason);
        publishWill(session);
    }

    private void publishWill(Session session) {
        PendingWill will = session.will;
        if (will == null) {
            return;
        }
        session.will = null;
        publishWill(session, will);
    }

    /** A will can wait: not into a mailbox that is over its budget. */
    private void publishWill(Session session, PendingWill will) {
        SessionLoop crowded = core.crowdedLoop();
        if (crowded != null) {
            crowded.awaitRoom(loop, () -> publishWill(session, will));
            return;
        }
        KeptMessage message = KeptMessage.of(will.message(), will.version(), session.clientId, loop.nowMs());
        loop.router().route(message, session.clientId);
    }

    private static void cancelTimers(Session session) {
        if (session.willTimer != null) {
            session.willTimer.cancel();
        }
        if (session.expiryTimer != null) {
            session.expiryTimer.cancel();
        }
        session.willTimer = null;
        session.expiryTimer = null;
    }

    /** The broker is being closed: its clients are disconnected by us, which publishes no will. */
    public void closing() {
        assert loop.inLoop();
        closing = true;
    }

    /** Whether the broker is being closed: nobody is let in any more. */
    public boolean isClosing() {
        return closing;
    }

    /** Has a local subscription with this home ended with the broker. */
    void add(LocalSubscriber subscriber) {
        assert loop.inLoop();
        localSubscribers.add(subscriber);
    }

    /** The local subscription has ended by itself. */
    void remove(LocalSubscriber subscriber) {
        assert loop.inLoop();
        localSubscribers.remove(subscriber);
    }

    /** Gives back what the sessions hold, at the end of the loop. */
    void dispose() {
        localSubscribers.forEach(subscriber -> subscriber.discard(DropReason.BROKER_CLOSED));
        localSubscribers.clear();
        for (Session session : byClientId.values()) {
            session.discard(DropReason.BROKER_CLOSED);
        }
        byClientId.clear();
    }
}
