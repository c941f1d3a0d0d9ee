package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Subscription;
import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.codec.QoS;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One subscriber of a {@link SharedGroup}. Its room is known to all loops: the messages that it has taken, less those that are
 * done, stay below its limit, which is 0 while it has no connection or can't send. Who chooses it takes a place in the same
 * step; every message that was taken is given up once, by {@link #done}.
 */
abstract class Member extends Recipient { // hot
    final SharedGroup group;
    private final AtomicInteger taken = new AtomicInteger();
    private volatile Target[] targets;
    private volatile boolean connected;
    private volatile Rights rights = Rights.ALL;
    private volatile @Nullable Restriction restriction;
    private volatile int limit;

    Member(SharedGroup group, long sid, SessionLoop loop) {
        super(sid, loop);
        this.group = group;
        targets = new Target[] {new Target(this, QoS.AT_MOST_ONCE, false, false, Target.NO_IDS)};
    }

    /** Takes the options of a subscription whose destination this is. */
    final void subscribed(Subscription subscription) {
        targets = new Target[] {subscription};
    }

    /** What it is to be delivered for, alone. */
    final Target[] targets() {
        return targets;
    }

    final Target target() {
        return targets[0];
    }

    // ---- room; any loop

    /**
     * Takes a place for a message, and returns what it is to be delivered for; null if there is no room, or it may not be sent
     * messages with this topic.
     */
    final Target @Nullable [] take(QoS published, String topic) {
        Target[] now = targets;
        if (!hasRoom(published, now[0]) || !mayReceive(topic)) {
            return null;
        }
        if (published == QoS.AT_MOST_ONCE || now[0].qos() == QoS.AT_MOST_ONCE) {
            return now; // takes no place
        }
        for (int n = taken.get(); n < limit; n = taken.get()) {
            if (taken.compareAndSet(n, n + 1)) {
                return now;
            }
        }
        return null;
    }

    /** Looked at before anybody else is asked. */
    private boolean hasRoom(QoS published, Target now) {
        boolean takesNone = published == QoS.AT_MOST_ONCE || now.qos() == QoS.AT_MOST_ONCE;
        return takesNone ? limit > 0 : hasRoom();
    }

    /** Also said of a member without a connection: by the rights that it had last. */
    final boolean mayReceive(String topic) {
        Restriction own = restriction;
        return (own == null || !own.hides(topic)) && rights.mayReceive(topic);
    }

    final boolean hasRoom() {
        return taken.get() < limit;
    }

    final boolean isConnected() {
        return connected;
    }

    // ---- its loop only

    /** What its client may have from now on. */
    final void permit(Rights changed, @Nullable Restriction own) {
        rights = changed;
        restriction = own;
    }

    /** A message that it had taken is acknowledged, dropped or given back. */
    final void done(KeptMessage message, Target target) {
        if (effectiveQoS(message.origin(), target) != QoS.AT_MOST_ONCE) { // what was chosen by
            int left = taken.decrementAndGet();
            assert left >= 0 : "done more often than taken";
            group.roomCame();
        }
    }

    /** Takes up to {@code limit} messages at a time; 0: none for the moment. */
    final void limit(int changed) {
        limit = changed;
        if (changed > 0) {
            group.roomCame();
        }
    }

    final boolean isBlocked() {
        return limit == 0;
    }

    /** Whether there is a connection; without one it takes nothing. */
    final void connected(boolean now) {
        connected = now;
        limit = 0;
        if (now) {
            group.memberCame();
        }
    }

    /** [5.0:MQTT-4.8.2-3]: the lower of published and granted to this member counts, not that of the group. */
    @Override
    final boolean stores(KeptMessage message, Target target) {
        return false; // the entry is the group's
    }

    /** It is the group's entry, and was decided on when it was published. */
    @Override
    final boolean isKept(KeptMessage message, Target target, long entry) {
        return entry != EntryId.NONE;
    }

    @Override
    public final boolean isPersistent() {
        return false;
    }
}
