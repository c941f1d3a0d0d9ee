package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.codec.QoS;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one session that are about to be sent for the first time, on their way through the interceptors. What they put
 * in the place of a message stays in the window, so that it is what is sent again; its {@link KeptMessage#origin} is what the
 * store and the shared group know. Loop only.
 */
final class InterceptedDeliveries {
    private final InterceptorChain<Message> interceptors;
    private final Session session;

    /** Exchanges of an earlier process, from here on, haven't been asked about in this one. */
    private long unasked = OutboundWindow.FIRST;

    InterceptedDeliveries(InterceptorChain<Message> interceptors, Session session) {
        this.interceptors = interceptors;
        this.session = session;
    }

    /** Sends a message on its way. */
    interface Way {
        /** Sends it, with this QoS. Borrows it. */
        void send(KeptMessage message, QoS qos);
    }

    /** Asks; what is refused is dropped and accounted for. Borrows the message. */
    void ask(KeptMessage message, Target target, QoS qos, long entry, Way way) {
        if (message.isExpired(session.loop.nowMs())) {
            way.send(message, qos); // into the account
            return;
        }
        Decision<Message> decision = decide(message, target, qos);
        if (decision == null) {
            session.dropUnsent(message, target, entry, DropReason.INTERCEPTED);
        } else if (!decision.isReplaced()) {
            way.send(message, qos);
        } else {
            QoS wanted = decision.value().qos();
            QoS lower = wanted.level() < qos.level() ? wanted : qos;
            KeptMessage by = message.replacedBy(decision.value(), lower, session.loop.nowMs());
            try {
                way.send(by, lower);
            } finally {
                by.release();
            }
        }
    }

    /**
     * Whether a message that is in the window may be sent again, as what is there afterwards. About one of an earlier process
     * they are asked: what was sent then nobody knows.
     */
    boolean mayResend(long counter, KeptMessage message) {
        if (!session.window.isRestored(counter) || counter < unasked) {
            return true;
        }
        unasked = counter + 1;
        QoS qos = session.window.qos(counter);
        Decision<Message> decision = decide(message, session.window.target(counter), qos);
        if (decision == null) {
            session.giveUp(counter, message, DropReason.INTERCEPTED);
            return false;
        }
        if (decision.isReplaced()) {
            session.window.replace(counter, message.replacedBy(decision.value(), qos, session.loop.nowMs()));
        }
        return true;
    }

    /** What they say; null if they refuse. */
    private @Nullable Decision<Message> decide(KeptMessage message, Target target, QoS qos) {
        Link link = session.link;
        assert link != null : "sent without a connection";
        boolean retain = target.retainAsPublished() && message.retainFlag();
        Message asked = message.toMessage(qos, retain, session.loop.nowMs());
        Decision<Message> decision =
                interceptors.askNow(session.clientId, asked, (each, now) -> each.onDeliver(link.client(), now));
        if (decision.disconnects()) { // not inside a fan-out that is under way
            session.loop.runLater(() -> link.disconnect(decision.reason(), decision.text()));
        }
        return decision.goesOn() ? decision : null;
    }
}
