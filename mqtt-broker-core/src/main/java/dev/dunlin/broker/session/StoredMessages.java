package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.store.SessionChanges;
import dev.dunlin.broker.store.StoredEntry;
import dev.dunlin.broker.store.StoredMessage;
import dev.dunlin.codec.QoS;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** From records of the store to what sessions work with, and back. */
final class StoredMessages {
    private static final Logger LOG = LoggerFactory.getLogger(StoredMessages.class);

    private StoredMessages() {}

    /** The message of an entry that was read, with one reference; null if it is damaged. On the session's loop. */
    static @Nullable KeptMessage message(StoredEntry entry, SessionLoop loop) {
        StoredMessage stored = entry.message();
        if (stored == null) {
            return null;
        }
        try {
            return KeptMessage.of(stored, loop.nowMs(), loop.wallMs());
        } catch (StoreException e) {
            LOG.error("store: entry {}: {}", entry.sequence(), e.getMessage());
            return null;
        }
    }

    /** What an entry was delivered for: the options have been applied when it was stored. */
    static Target target(StoredEntry entry, Recipient session) {
        return new Target(session, entry.qos(), false, entry.retain(), entry.subscriptionIds());
    }

    /** Stages a new entry: one that refers to the message of the same change, or one that carries it. */
    static void stage(
            SessionChanges changes, KeptMessage message, Target target, boolean reference, long publishedAtMs) {
        Delivery delivery = Delivery.of(message, target);
        if (reference) {
            changes.reference(delivery);
        } else {
            changes.inline(delivery, message, publishedAtMs);
        }
    }

    /** A delivery as it is stored. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Delivery(QoS qos, boolean retainFlag, int[] subscriptionIds) implements StoredEntry.Delivery {
        static Delivery of(KeptMessage message, Target target) {
            return new Delivery(
                    Recipient.effectiveQoS(message, target),
                    target.retainAsPublished() && message.retainFlag(),
                    target.subscriptionIds());
        }
    }
}
