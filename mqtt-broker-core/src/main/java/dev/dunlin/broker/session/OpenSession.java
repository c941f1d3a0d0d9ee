package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.Limits;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.Property;

/** A session together with the connection that has opened it: what the connection hands its packets to. Loop only. */
public final class OpenSession {
    private final Session session;
    private final Opening opening;
    private final boolean present;
    private final Limits limits;
    private final Replies replies;
    private final InboundPublishes publishes;
    private final SubscriptionRequests subscriptions;

    OpenSession(Core core, Session session, Opening opening, boolean present) {
        this.session = session;
        this.opening = opening;
        this.present = present;
        limits = core.limits;
        replies = new Replies(session, opening.link(), opening.out(), limits.receiveMaximum());
        publishes = new InboundPublishes(core, session, opening.link(), opening.out(), replies);
        subscriptions =
                new SubscriptionRequests(core, session, replies, opening.out().rules());
    }

    public Session session() {
        return session;
    }

    /** Whether the session was there before [5.0:MQTT-3.2.2-3], [3.1.1:MQTT-3.2.2-2]. */
    public boolean isPresent() {
        return present;
    }

    /** The session expiry interval that a 5.0 client asked for in CONNECT, in seconds; not what it was granted. */
    public long askedExpirySeconds() {
        return opening.connect().properties().integer(Property.SESSION_EXPIRY_INTERVAL, 0);
    }

    /** Changes the session expiry interval, as a DISCONNECT may [5.0 section 3.14.2.2.2]. */
    public void expirySeconds(long seconds) {
        session.expirySeconds = Math.min(seconds, limits.sessionExpiryMaxSeconds());
    }

    public InboundPublishes publishes() {
        return publishes;
    }

    public SubscriptionRequests subscriptions() {
        return subscriptions;
    }

    /** Sends CONNACK when it may leave; then the session's messages flow, and {@code sent} runs. */
    public void connack(Connack connack, Runnable sent) {
        replies.connack(connack, () -> {
            session.attach(opening.out(), opening.receiveMaximum(limits.inflightMessagesMax()));
            sent.run();
        });
    }
}
