package dev.dunlin.broker.session;

import dev.dunlin.codec.Connack;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.Publish;
import org.jspecify.annotations.Nullable;

/** A session together with the connection that has opened it: what the connection hands its packets to. Loop only. */
public final class OpenSession {
    private final Core core;
    private final Session session;
    private final Link link;
    private final Outbound out;
    private final Replies replies;
    private final Allowance allowance;
    private final int receiveMaximum;
    private final boolean present;
    private final boolean askedExpiry;
    private final long expiryMaxSeconds;

    /** Made by the first publish: many a client only subscribes. */
    private @Nullable InboundPublishes publishes;

    /** Keeps nothing of the CONNECT: payload and password of an idle client would lie there for ever. */
    OpenSession(Core core, Session session, Opening opening, boolean present) {
        this.core = core;
        this.session = session;
        this.present = present;
        link = opening.link();
        out = opening.out();
        allowance = opening.allowance();
        replies = new Replies(session, link, out, allowance.limits().receiveMaximum());
        receiveMaximum = opening.receiveMaximum(core.limits().inflightMessagesMax());
        expiryMaxSeconds = opening.expiryMaxSeconds();
        askedExpiry = opening.connect().properties().integer(Property.SESSION_EXPIRY_INTERVAL, 0) > 0;
    }

    public Session session() {
        return session;
    }

    /** Whether the session was there before [5.0:MQTT-3.2.2-3], [3.1.1:MQTT-3.2.2-2]. */
    public boolean isPresent() {
        return present;
    }

    /** Whether a 5.0 client asked in CONNECT for a session expiry interval above 0, whatever it was granted. */
    public boolean askedExpiry() {
        return askedExpiry;
    }

    /** Changes the session expiry interval, as a DISCONNECT may [5.0 section 3.14.2.2.2]. */
    public void expirySeconds(long seconds) {
        session.expirySeconds = Math.min(seconds, expiryMaxSeconds);
    }

    /** What the client publishes goes in here. */
    public InboundPublishes publishes() {
        InboundPublishes made = publishes;
        if (made == null) {
            made = new InboundPublishes(core, session, allowance, link, out, replies);
            publishes = made;
        }
        return made;
    }

    /** The whole topic of a publish that has come, before anything is done about it; empty if it is still to be told. */
    String topicOf(Publish publish) {
        Restriction restriction = allowance.restriction();
        MountPoint mount = restriction == null ? null : restriction.mount();
        String own = publish.topic().isEmpty() ? publishes().aliased(publish.topicAlias()) : publish.topic();
        return mount == null || own.isEmpty() ? own : mount.whole(own);
    }

    /** Takes in one SUBSCRIBE or UNSUBSCRIBE. */
    public SubscriptionRequests subscriptions() {
        return new SubscriptionRequests(core, session, allowance, link, out, replies);
    }

    /** The connection is gone, and with it what it has held back. */
    public void close() {
        if (publishes != null) {
            publishes.close();
        }
    }

    /** Sends CONNACK when it may leave; then the session's messages flow, and {@code sent} runs. */
    public void connack(Connack connack, Runnable sent) {
        replies.connack(connack, () -> {
            session.attach(out, receiveMaximum);
            sent.run();
        });
    }
}
