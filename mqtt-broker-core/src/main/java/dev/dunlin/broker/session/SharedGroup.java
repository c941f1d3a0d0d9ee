package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.broker.store.SessionChanges;
import dev.dunlin.codec.QoS;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A shared subscription: each message that matches goes to one of its members [5.0 section 4.8.2].
 *
 * <p>As a rule the publisher's loop chooses, in turn among the members with room, and hands over to the member's loop: one
 * hop. Members count their room themselves ({@link Member}), so a choice is one atomic increment. Only if nobody has room
 * does a message go to the group's home loop, which alone touches the queue: {@code hash(shared filter)}.
 *
 * <p><em>Nothing overtakes.</em> While a message is on its way to the home loop ({@code underWay}) or waits there
 * ({@code backlog}), everybody goes that way, behind it. The home loop says that a message is through only after it has handed
 * it to a member's loop, whose mailbox is first in, first out: whatever is handed there directly from then on is behind it.
 *
 * <p><em>Nobody is forgotten.</em> The home loop says that there is a backlog, then looks for room once more; a member makes
 * room, then asks whether there is a backlog. All four are volatile: one of the two sees the other.
 *
 * <p><em>Not everybody may have everything.</em> A message that no member may have is dropped. One that members may have, but
 * none of those with a connection, is set {@code aside}, and the others go on. When a member has come, or the first of them may be
 * had, all of it goes back before the rest, and what still is for others is set aside again: so nothing overtakes there either.
 *
 * <p>With a store the group's QoS 1 and 2 messages have entries of its own from its first persistent member on. An entry stays
 * with the group until a member has acknowledged it; that of a QoS 2 message becomes the member's when it is sent.
 */
final class SharedGroup extends Recipient implements SessionQueue.Owner { // hot
    /** Messages handed out of the queue in one go: more would fill a mailbox before its loop can say that it is full. */
    private static final int PUMP_MAX = 256;

    /** Numbers of two loops don't lie in one cache line. */
    private static final int APART = 16;

    private static final long NOT_STORED = 0;
    private static final Member[] NOBODY = {};

    private final Core core;
    private final String name;
    private final Target[] entrance = {new Target(this, QoS.EXACTLY_ONCE, false, true, Target.NO_IDS)};
    private final Target[] wayBack;
    private final int[] turns;
    private final AtomicInteger underWay = new AtomicInteger();
    private final AtomicBoolean pumpWanted = new AtomicBoolean();
    private final SessionQueue queue;
    private final SessionQueue aside;
    private volatile boolean memberCame;

    /** Whether what was set aside is on its way back, and nothing else is handed out. */
    private boolean returning;

    private volatile Member[] members = NOBODY;
    private volatile QoS granted = QoS.AT_MOST_ONCE;
    private volatile boolean backlog;
    private volatile long storedSid = NOT_STORED;
    private boolean ended;

    /**
     * A group without members.
     *
     * @param name the shared filter, valid by {@link dev.dunlin.broker.routing.Topics#isValidShare}
     */
    SharedGroup(Core core, String name) {
        super(core.newSid(), core.home(name));
        this.core = core;
        this.name = name;
        wayBack = new Target[] {new Target(new WayBack(), QoS.EXACTLY_ONCE, false, true, Target.NO_IDS)};
        turns = new int[core.loopCount() * APART];
        queue = new SessionQueue(this, this, core.store);
        aside = new SessionQueue(this, this, core.store);
    }

    String name() {
        return name;
    }

    /** What it keeps a message for until a member is chosen. */
    Target target() {
        return entrance[0];
    }

    // ---- membership, under the lock of SharedGroups

    Member[] members() {
        return members;
    }

    void members(Member[] changed) {
        QoS highest = QoS.AT_MOST_ONCE;
        for (Member member : changed) {
            QoS qos = member.target().qos();
            highest = qos.compareTo(highest) > 0 ? qos : highest;
        }
        granted = highest;
        members = changed;
    }

    /** The highest QoS that a member was granted. */
    QoS granted() {
        return granted;
    }

    /** Stores its messages from now on. */
    void storedFromNow(SessionLoop submitter) {
        SessionChanges.newGroup(submitter.changes(), name);
        storedSid = submitter.changes().submit();
    }

    /** It was in the store when the broker started. */
    void restored(long sid, boolean maybeSent) {
        storedSid = sid;
        if (maybeSent) {
            queue.allIsOlderAndMaybeSent();
        } else {
            queue.allIsOlder();
        }
        backlog = true;
    }

    @Override
    public String account() {
        return name;
    }

    @Override
    public long storedSid() {
        return storedSid;
    }

    @Override
    public boolean isPersistent() {
        return storedSid != NOT_STORED;
    }

    @Override
    public boolean isShared() {
        return true;
    }

    /** Whether this delivery is to have an entry. To be asked once per publish: the answer may change. */
    @Override
    boolean stores(KeptMessage message, Target target) {
        return isPersistent() && effectiveQoS(message, target) != QoS.AT_MOST_ONCE;
    }

    @Override
    boolean isKept(KeptMessage message, Target target, long entry) {
        return entry != EntryId.NONE;
    }

    /** Whether it has nothing that a member could take. Home loop. */
    boolean isDrained() {
        boolean waits = !queue.isEmpty() || underWay.get() > 0;
        return !waits || Arrays.stream(members).noneMatch(Member::isConnected);
    }

    // ---- choosing; any loop

    /**
     * Hands a publish to a member, or to the home loop if nobody has room. The publisher's loop. Borrows the message.
     *
     * @param entry its entry among the group's, or none
     * @return a loop that has been handed more than its budget; null if there is none
     */
    @Nullable
    SessionLoop offer(KeptMessage message, long entry, SessionLoop from) {
        assert from.inLoop();
        if (underWay.get() == 0 && !backlog) {
            Target[] chosen = choose(from, message.qos(), message.topic());
            if (chosen != null) {
                return from.handOver(message, chosen, entry);
            }
        }
        SessionLoop crowded = core.crowdedLoop(); // the home loop hands on, and can't wait for the loop of a member
        underWay.incrementAndGet();
        SessionLoop home = from.handOver(message, entrance, entry);
        return crowded == null ? home : crowded;
    }

    /** The next member in turn that may have the message and has room for it; the room is taken. Null if there is none. */
    private Target @Nullable [] choose(SessionLoop from, QoS published, String topic) {
        Member[] all = members;
        int slot = from.index() * APART;
        int turn = turns[slot];
        for (int i = 0; i < all.length; i++) {
            turn = turn < all.length ? turn : 0;
            Target[] target = all[turn++].take(published, topic);
            if (target != null) {
                turns[slot] = turn;
                return target;
            }
        }
        return null;
    }

    /** A member took a message and can't send it: it goes to another, or waits before all others. The member's loop. */
    void giveBack(KeptMessage message, long entry, SessionLoop from) {
        underWay.incrementAndGet();
        from.handOver(message, wayBack, entry);
    }

    /** Whether there is another member with a connection that may have messages with this topic. */
    boolean hasOther(Member than, String topic) {
        for (Member member : members) {
            if (member != than && member.isConnected() && member.mayReceive(topic)) {
                return true;
            }
        }
        return false;
    }

    /** A member has a connection: it may be what something was set aside for. Any loop. */
    void memberCame() {
        memberCame = true;
    }

    /** A member has room again. Any loop. */
    void roomCame() {
        if (backlog) {
            wantPump();
        }
    }

    private void wantPump() {
        if (pumpWanted.compareAndSet(false, true)) {
            loop.execute(() -> {
                pumpWanted.set(false);
                pump();
            });
        }
    }

    // ---- on the home loop

    /** What the publisher's loop found no member for, or what goes behind such. */
    @Override
    void deliver(KeptMessage message, Target target, long entry, long nowMs) {
        assert loop.inLoop();
        try {
            accept(message, entry);
        } finally {
            underWay.decrementAndGet();
        }
    }

    private void accept(KeptMessage message, long entry) {
        if (ended) {
            drop(message, entry, DropReason.SESSION_ENDED);
        } else if (message.qos() == QoS.AT_MOST_ONCE || (granted == QoS.AT_MOST_ONCE && queue.isEmpty())) {
            acceptAtMostOnce(message, entry);
        } else {
            Target[] chosen = queue.isEmpty() && aside.isEmpty() ? choose(loop, message.qos(), message.topic()) : null;
            if (chosen != null) {
                loop.handOver(message, chosen, entry);
            } else if (isForNobody(message)) {
                drop(message, entry, DropReason.NOT_AUTHORIZED);
            } else {
                queue.add(message, entrance[0], entry);
                pump();
            }
        }
    }

    /** It doesn't wait. The choice is among those with a connection, if nobody has room: who knows, it may be taken. */
    private void acceptAtMostOnce(KeptMessage message, long entry) {
        Target[] chosen = choose(loop, message.qos(), message.topic());
        for (Member member : members) {
            Target[] targets = member.targets();
            boolean could = chosen == null && member.isConnected() && member.mayReceive(message.topic());
            if (could && effectiveQoS(message, targets[0]) == QoS.AT_MOST_ONCE) {
                chosen = targets;
            }
        }
        if (chosen == null) {
            drop(message, entry, isForNobody(message) ? DropReason.NOT_AUTHORIZED : DropReason.OFFLINE_QOS_0);
        } else {
            loop.handOver(message, chosen, entry);
        }
    }

    /** Whether members with a connection may not have it, though others may. */
    private boolean isForOthers(KeptMessage message) {
        boolean connected = false;
        for (Member member : members) {
            if (member.isConnected()) {
                if (member.mayReceive(message.topic())) {
                    return false;
                }
                connected = true;
            }
        }
        return connected;
    }

    /** Whether no member may have it: so it doesn't wait before what others may have. */
    private boolean isForNobody(KeptMessage message) {
        for (Member member : members) {
            if (member.mayReceive(message.topic())) {
                return false;
            }
        }
        return members.length > 0;
    }

    /** How what members give back comes in. */
    private final class WayBack extends Recipient {
        WayBack() {
            super(SharedGroup.this.sid, SharedGroup.this.loop);
        }

        @Override
        void deliver(KeptMessage message, Target target, long entry, long nowMs) {
            assert loop.inLoop();
            try {
                if (ended) {
                    drop(message, entry, DropReason.SESSION_ENDED);
                } else if (isForNobody(message)) {
                    drop(message, entry, DropReason.NOT_AUTHORIZED);
                } else {
                    queue.giveBack(message, entrance[0], entry);
                    pump();
                }
            } finally {
                underWay.decrementAndGet();
            }
        }

        @Override
        boolean stores(KeptMessage message, Target target) {
            return false; // it has its entry
        }

        @Override
        boolean isKept(KeptMessage message, Target target, long entry) {
            return entry != EntryId.NONE;
        }

        @Override
        public boolean isPersistent() {
            return false;
        }

        @Override
        public String toString() {
            return SharedGroup.this.toString();
        }
    }

    /** Hands out what waits, as far as members have room. */
    @Override
    public void pump() {
        assert loop.inLoop();
        if (ended) {
            return;
        }
        backlog = !queue.isEmpty() || !aside.isEmpty(); // said first, then looked for room
        if (!bringBack()) {
            return; // asked again when more of it is read
        }
        for (int left = PUMP_MAX; queue.isReady(); left--) {
            if (left == 0) {
                wantPump();
                break;
            }
            KeptMessage head = queue.head();
            boolean forOthers = isForOthers(head);
            Target[] chosen = forOthers ? null : choose(loop, QoS.AT_LEAST_ONCE, head.topic());
            if (chosen == null && !forOthers && !isForNobody(head)) {
                break;
            }
            handOut(chosen);
        }
        backlog = !queue.isEmpty() || !aside.isEmpty();
        if (!queue.isEmpty() && !queue.isReady() && hasRoom()) {
            queue.read();
        }
    }

    /** Puts what was set aside before the rest, all of it, if it may be had now. False if some is still to be read. */
    private boolean bringBack() {
        if (memberCame) {
            memberCame = false; // before its connection is looked at
            returning = true;
        }
        returning |= aside.isReady() && !isForOthers(aside.head());
        while (returning && aside.isReady()) {
            long entry = aside.headEntry();
            KeptMessage message = aside.remove();
            queue.giveBack(message, entrance[0], entry);
            message.release();
        }
        returning &= !aside.isEmpty();
        if (returning) {
            aside.read();
        }
        return !returning;
    }

    /**
     * Takes the head of the queue out.
     *
     * @param chosen who gets it; null if nobody may, or it goes to the end of those that are set aside
     */
    private void handOut(Target @Nullable [] chosen) {
        long entry = queue.headEntry();
        KeptMessage message = queue.remove();
        if (chosen != null) {
            loop.handOver(message, chosen, entry);
        } else if (isForNobody(message)) {
            drop(message, entry, DropReason.NOT_AUTHORIZED);
        } else {
            aside.add(message, entrance[0], entry);
        }
        message.release();
    }

    private boolean hasRoom() {
        for (Member member : members) {
            if (member.hasRoom()) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void drop(@Nullable KeptMessage message, long entry, DropReason reason) {
        loop.drops().count(name, message == null ? "(stored)" : message.topic(), reason, 1);
        if (entry != EntryId.NONE) {
            new SessionChanges(loop.changes(), storedSid).entryGone(entry);
        }
    }

    /** Members are paused one by one, and the others go on. */
    @Override
    public boolean isPausedByUs() {
        return false;
    }

    /** There is no one client to be disconnected: the newest message is dropped, and that is all. */
    @Override
    public void tooSlow() {
        // see above
    }

    @Override
    public boolean hasEnded() {
        return ended;
    }

    /** Its last member has gone: what waits is dropped, and all that still comes. */
    void end() {
        assert loop.inLoop();
        ended = true;
        if (storedSid != NOT_STORED) {
            new SessionChanges(loop.changes(), storedSid).noGroup();
            long from = queue.olderFrom();
            if (from >= 0) {
                Objects.requireNonNull(core.store).purge(storedSid, from, queue.olderUnderWay(), queue::purged);
            }
        }
        queue.dropAll(DropReason.SESSION_ENDED);
        aside.dropAll(DropReason.SESSION_ENDED);
        backlog = false;
        core.groups.ended(this);
    }

    /** Gives back what it holds in memory; what is in the store stays there. At the end of the home loop. */
    void leave() {
        ended = true;
        queue.forget(DropReason.BROKER_CLOSED);
        aside.forget(DropReason.BROKER_CLOSED);
    }

    /** Messages that wait, in memory or in the store. Home loop only. */
    long waiting() {
        return queue.messages() + aside.messages();
    }

    /** Messages that wait. Home loop only. */
    int queued() {
        return queue.size() + aside.size();
    }

    @Override
    public String toString() {
        return name;
    }
}
