package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.broker.store.SessionChanges;
import dev.dunlin.broker.store.StoredEntry;
import dev.dunlin.codec.QoS;
import org.jspecify.annotations.Nullable;

/**
 * A session as a member of a shared group. What it can't send at once, because its window was filled by others or its
 * connection takes no more, waits here, and it takes no more from the group meanwhile. Its home loop only.
 */
final class SessionMember extends Member { // hot
    private final Session session;
    private final MessageQueue waiting = new MessageQueue();
    private @Nullable SessionChanges changes;
    private boolean left;

    SessionMember(SharedGroup group, Session session) {
        super(group, session.sid, session.loop);
        this.session = session;
    }

    @Override
    void deliver(KeptMessage message, Target target, long entry, long nowMs) {
        assert loop.inLoop();
        if (left || !session.isAttached() || !mayReceive(message.topic())) {
            giveBack(message, target, entry);
        } else if (effectiveQoS(message, target) == QoS.AT_MOST_ONCE) {
            deliverAtMostOnce(message, target, entry, nowMs);
        } else if (waiting.isEmpty() && session.canSend()) {
            session.sendShared(this, message, target, entry);
        } else {
            limit(0);
            message.retain();
            waiting.add(message, target, entry);
            loop.queuedBytes(message.footprintBytes());
            loop.traffic().queued(1);
        }
    }

    private void deliverAtMostOnce(KeptMessage message, Target target, long entry, long nowMs) {
        if (!session.isWritable()) {
            limit(0);
            if (message.qos() != QoS.AT_MOST_ONCE) { // another member may be granted more
                giveBack(message, target, entry);
                return;
            }
        }
        session.deliverAtMostOnce(message, target, nowMs);
        entryGone(entry);
    }

    String clientId() {
        return session.clientId;
    }

    /** Sends what waits, as far as it can be sent. */
    void pump(long nowMs) {
        while (!waiting.isEmpty() && session.canSend()) {
            Target target = waiting.headTarget();
            long entry = waiting.headEntry();
            KeptMessage message = removeWaiting();
            if (mayReceive(message.topic())) {
                session.sendShared(this, message, target, entry);
            } else {
                giveBack(message, target, entry);
            }
            message.release();
        }
    }

    boolean isWaiting() {
        return !waiting.isEmpty();
    }

    private KeptMessage removeWaiting() {
        KeptMessage message = waiting.removeHead();
        assert message != null : "paged out";
        loop.queuedBytes(-message.footprintBytes());
        loop.traffic().queued(-1);
        return message;
    }

    // ---- the group's entries

    /** A message that was never sent is dropped. */
    void drop(KeptMessage message, Target target, long entry, DropReason reason) {
        loop.drops().count(session.clientId, message.topic(), reason, 1);
        entryGone(entry);
        done(message, target);
    }

    /** The entry of a message that nobody needs any more. */
    void entryGone(long entry) {
        if (entry != EntryId.NONE) {
            changes().entryGone(entry);
        }
    }

    /** The entry has one: so its group is stored. */
    private SessionChanges changes() {
        if (changes == null) {
            changes = new SessionChanges(loop.changes(), group.storedSid());
        }
        return changes;
    }

    /**
     * A QoS 2 message is about to be sent: from then on it is this session's, whatever happens [5.0:MQTT-4.8.2-4],
     * [5.0:MQTT-4.8.2-5]. Stages that its entry moves, or that it is gone if the session isn't stored.
     */
    void moved(KeptMessage message, Target target, long entry) {
        if (session.log.isOn()) {
            session.queue.leaveOut(EntryId.sequence(entry));
            StoredEntry.Delivery delivery = StoredMessages.Delivery.of(message.origin(), target);
            new SessionChanges(loop.changes(), sid).movedFrom(group.storedSid(), entry, delivery, again(message));
        } else {
            changes().entryGone(entry);
        }
    }

    private SessionChanges.Again again(KeptMessage message) {
        return new SessionChanges.Again(message.origin(), message.origin().publishedAtMs(loop.nowMs(), loop.wallMs()));
    }

    // ---- the connection, and the end

    void giveBack(KeptMessage message, Target target, long entry) {
        KeptMessage published = message.origin(); // others may be sent something else in its place
        if (published.qos() == QoS.AT_MOST_ONCE) {
            group.offer(published, entry, loop); // as if it had just been published
        } else {
            group.giveBack(published, entry, loop);
        }
        done(message, target);
    }

    /** Gives back what was never sent. */
    void giveBackWaiting() {
        while (!waiting.isEmpty()) {
            Target target = waiting.headTarget();
            long entry = waiting.headEntry();
            KeptMessage message = removeWaiting();
            giveBack(message, target, entry);
            message.release();
        }
    }

    /** It is no member any more. What it has sent it goes on with. */
    void left() {
        left = true;
        connected(false);
        giveBackWaiting();
    }

    /** The broker is closed: what the group has stored stays there, what it hasn't is lost. */
    void closeWaiting() {
        while (!waiting.isEmpty()) {
            long entry = waiting.headEntry();
            KeptMessage message = removeWaiting();
            close(message, entry);
            message.release();
        }
    }

    void close(KeptMessage message, long entry) {
        if (entry == EntryId.NONE) {
            loop.drops().count(session.clientId, message.topic(), DropReason.BROKER_CLOSED, 1);
        }
    }

    /** As {@link #close}, for a QoS 1 message that was sent: the next process is to know. */
    void closeSent(KeptMessage message, long entry) {
        close(message, entry);
        if (entry != EntryId.NONE) {
            StoredEntry.Delivery delivery = StoredMessages.Delivery.of(message.origin(), group.target());
            changes().maybeSent(entry, delivery, again(message));
        }
    }

    @Override
    public String toString() {
        return session + " in " + group;
    }
}
