package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.broker.store.SessionReader;
import dev.dunlin.broker.store.Store;
import dev.dunlin.broker.store.StoredEntry;
import dev.dunlin.codec.QoS;
import java.util.HashSet;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What waits for a session, with its bounds and its overflow policy. Loop only.
 *
 * <p>Four parts, in the order of delivery: what a shared group has been given <em>back</em> by its members; a page of what was
 * stored before this process began (<em>older</em>), and what of it is still only there; and what this process was handed, which is in memory up to
 * {@link Limits#queueMemoryBytesMax()} and paged out above. What is paged out is read back by its key, a page at a time, once
 * it is durable; older entries, whose names nobody knows, by their range, which doesn't change any more.
 */
final class SessionQueue {
    private static final Logger LOG = LoggerFactory.getLogger(SessionQueue.class);
    private static final int PAGE_ENTRIES = 64;
    private static final long READ_AGAIN_MS = 100;
    private static final String QUEUE_MESSAGES_MAX = "queueMessagesMax";
    private static final String QUEUE_BYTES_MAX = "queueBytesMax";

    /** A queue is nearly full at four fifths of a bound. */
    private static final int HIGH = 4;

    private static final int HIGH_OF = 5;

    /** What a queue asks of its session. */
    interface Owner {
        /** The name under which its losses are counted. */
        String account();

        /** What its entries in the store lie under. Asked for what has entries only. */
        long storedSid();

        /** A message will not be delivered: account for it, and for its entry. */
        void drop(@Nullable KeptMessage message, long entry, DropReason reason);

        /** Whether we are the reason why it can't acknowledge. */
        boolean isPausedByUs();

        /** It is too slow, and the policy is to disconnect it. */
        void tooSlow();

        /** There may be something to send. */
        void pump();

        /** Whether it is over with this session. */
        boolean hasEnded();
    }

    private final Owner owner;
    private final Recipient session;
    private final SessionLoop loop;
    private final @Nullable Store store;

    // Most sessions never queue anything: each is made when it gets its first message.
    private MessageQueue queue = MessageQueue.NONE;
    private MessageQueue olderPage = MessageQueue.NONE;
    private MessageQueue back = MessageQueue.NONE;
    private long olderFrom = SessionReader.Page.END;
    private Set<Long> underWay = Set.of();
    private boolean allMaybeSent;
    private boolean reading;
    private boolean outOfMemory;

    /** Whether it has been told to be nearly full, and hasn't fallen below half since. */
    private boolean high;

    private long olderRead;
    private long olderReadBytes;

    /** So many from the head of the {@link #queue} on, at most, hold all of its messages of QoS 0. */
    private int atMostOnceWithin;

    SessionQueue(Owner owner, Recipient session, @Nullable Store store) {
        this.owner = owner;
        this.session = session;
        this.loop = session.loop;
        this.store = store;
    }

    boolean isEmpty() {
        return queue.isEmpty() && olderPage.isEmpty() && !hasOlder() && back.isEmpty();
    }

    /** Messages that are known to wait: without older ones that have not been read yet. */
    int size() {
        return queue.size() + olderPage.size() + back.size();
    }

    /** Messages that wait: those too that are only in the store since before the start, as far as these have been counted. */
    long messages() {
        return olderMessages() + queue.size();
    }

    /** About what these occupy, in memory or in the store, in bytes. */
    long bytes() {
        return olderBytes() + queue.bytes();
    }

    // ---- in

    /** Queues a message behind all others, or drops one according to the policy. Borrows it. */
    void add(KeptMessage message, Target target, long entry) {
        outOfMemory = loop.isOutOfMemory(); // asked once: other loops change it meanwhile
        if (isFull(message, entry)) {
            dropExpiredHeads(loop.nowMs()); // before anything that is still good
        }
        if (isFull(message, entry)) {
            tellFull(message, entry);
            if (!overflow(message, entry)) {
                return;
            }
        }
        queue = made(queue);
        loop.traffic().queued(1);
        if (entry != EntryId.NONE && !fitsIntoMemory(message)) {
            queue.addPagedOut(message.footprintBytes(), entry);
        } else {
            addResident(message, target, entry);
        }
        if (!high) {
            tellIfHigh();
        }
    }

    private void addResident(KeptMessage message, Target target, long entry) {
        message.retain();
        queue.add(message, target, entry);
        loop.queuedBytes(message.footprintBytes());
        if (Recipient.effectiveQoS(message, target) == QoS.AT_MOST_ONCE) {
            atMostOnceWithin = queue.size();
        }
    }

    // ---- telling that it is nearly full; with observers only

    /** Before the first message is lost for it, whether it was nearly full before or not. */
    private void tellFull(KeptMessage message, long entry) {
        Events to = loop.events();
        if (high || to == null) {
            return;
        }
        if (isOfOthers(message, entry)) {
            String limit = outOfMemory ? "memoryBudgetBytes" : "queueBytesTotalMax";
            tellHigh(to, limit, 0);
        } else if (messages() >= loop.limits().queueMessagesMax()) {
            tellHigh(to, QUEUE_MESSAGES_MAX, loop.limits().queueMessagesMax());
        } else {
            tellHigh(to, QUEUE_BYTES_MAX, loop.limits().queueBytesMax());
        }
    }

    private void tellIfHigh() {
        Events to = loop.events();
        if (to == null) {
            return;
        }
        if (messages() * HIGH_OF >= (long) loop.limits().queueMessagesMax() * HIGH) {
            tellHigh(to, QUEUE_MESSAGES_MAX, loop.limits().queueMessagesMax());
        } else if (bytes() / HIGH >= loop.limits().queueBytesMax() / HIGH_OF) {
            tellHigh(to, QUEUE_BYTES_MAX, loop.limits().queueBytesMax());
        }
    }

    /** Tries again with the next message if observers have no room. */
    private void tellHigh(Events to, String limit, long bound) {
        high = to.offer(new BrokerEvent.HighWater(to.now(), owner.account(), messages(), bytes(), limit, bound));
    }

    private boolean isBelowHalf() {
        return 2 * messages() < loop.limits().queueMessagesMax()
                && 2 * bytes() < loop.limits().queueBytesMax();
    }

    /** Whether messages of QoS 0 are queued for a session without a connection. */
    boolean takesAtMostOnce() {
        return loop.limits().queueQos0Offline();
    }

    /** Whether there is one of QoS 0; sometimes also said shortly after the last. */
    boolean holdsAtMostOnce() {
        return atMostOnceWithin > 0 && !queue.isEmpty();
    }

    /**
     * Queues a message before all others but those that came this way: a member of the shared group had it. That is no
     * growth, so it is never refused; others have less room meanwhile. Borrows it.
     */
    void giveBack(KeptMessage message, Target target, long entry) {
        message.retain();
        back = made(back);
        back.add(message, target, entry);
        loop.traffic().queued(1);
        loop.queuedBytes(message.footprintBytes());
    }

    private static MessageQueue made(MessageQueue queue) {
        return queue == MessageQueue.NONE ? new MessageQueue() : queue;
    }

    private boolean isFull(KeptMessage message, long entry) {
        return isFull(message, entry, queue.size(), queue.bytes());
    }

    /** Messages before the queue that wait, as far as is known: in the store, less what was read; and the page. */
    private long olderMessages() {
        long inStore = store == null || !hasOlder()
                ? 0
                : store.olderSize(owner.storedSid()).messages() - olderRead;
        return Math.max(0, inStore) + olderPage.size() + back.size();
    }

    private long olderBytes() {
        long inStore = store == null || !hasOlder()
                ? 0
                : store.olderSize(owner.storedSid()).bytes() - olderReadBytes;
        return Math.max(0, inStore) + olderPage.bytes() + back.bytes();
    }

    /**
     * Whether the queue couldn't take the message with this content. While <em>we</em> have paused the client's reading it
     * can't acknowledge: then its own bounds don't count, only the loop's share of the broker-wide one.
     */
    private boolean isFull(KeptMessage message, long entry, int queuedMessages, long queuedBytes) {
        long bytes = olderBytes() + queuedBytes + message.footprintBytes();
        if (isOfOthers(bytes, entry)) {
            return true;
        }
        long messages = olderMessages() + queuedMessages;
        return !owner.isPausedByUs()
                && (messages >= loop.limits().queueMessagesMax()
                        || bytes > loop.limits().queueBytesMax());
    }

    private boolean isOfOthers(KeptMessage message, long entry) {
        return isOfOthers(bytes() + message.footprintBytes(), entry);
    }

    /** Whether it is others that leave no room: the queues of all sessions of the loop, or all that the broker holds. */
    private boolean isOfOthers(long bytes, long entry) {
        long otherSessions = loop.queuedBytes() - queue.residentBytes();
        return entry == EntryId.NONE && (otherSessions + bytes > loop.queueBytesShare() || outOfMemory);
    }

    private boolean fitsIntoMemory(KeptMessage message) {
        return queue.residentBytes() + message.footprintBytes() <= loop.limits().queueMemoryBytesMax()
                && loop.queuedBytes() + message.footprintBytes() <= loop.queueBytesShare()
                && !outOfMemory;
    }

    /** Applies the policy. Returns whether there is room now; otherwise the message is dropped and accounted for. */
    private boolean overflow(KeptMessage message, long entry) {
        switch (loop.limits().queueOverflow()) {
            case DROP_OLDEST -> {
                if (!isFull(message, entry, 0, 0)) { // else nothing that can be dropped at once would make room for it
                    boolean told = high;
                    dropOldestFor(message, entry);
                    high = told; // what is lost is no relief
                    return true;
                }
                owner.drop(message, entry, DropReason.QUEUE_FULL);
            }
            case DROP_NEWEST -> owner.drop(message, entry, DropReason.QUEUE_FULL);
            case DISCONNECT -> {
                owner.drop(message, entry, DropReason.QUEUE_FULL);
                owner.tooSlow();
            }
        }
        return false;
    }

    /**
     * Makes room: as much as the message takes is always enough, unless the bounds have become smaller. Then no more is dropped
     * than comes, and the queue shrinks as it is sent.
     */
    private void dropOldestFor(KeptMessage message, long entry) {
        long fewer = queue.bytes() - message.footprintBytes();
        int one = queue.size() - 1;
        while (!queue.isEmpty() && isFull(message, entry)) {
            if (queue.size() <= one && queue.bytes() <= fewer && !isOfOthers(message, entry)) {
                return;
            }
            dropHead(queue, DropReason.QUEUE_FULL);
        }
    }

    private void dropExpiredHeads(long nowMs) {
        for (KeptMessage head = queue.headMessage();
                head != null && head.isExpired(nowMs);
                head = queue.headMessage()) {
            dropHead(queue, DropReason.EXPIRED);
        }
    }

    private void dropHead(MessageQueue of, DropReason reason) {
        long entry = of.headEntry();
        KeptMessage message = removeHead(of);
        owner.drop(message, entry, reason);
        if (message != null) {
            message.release();
        }
    }

    private @Nullable KeptMessage removeHead(MessageQueue of) {
        long before = of.residentBytes();
        KeptMessage message = of.removeHead();
        loop.queuedBytes(of.residentBytes() - before);
        loop.traffic().queued(-1);
        if (of == queue && atMostOnceWithin > 0) {
            atMostOnceWithin--;
        }
        if (high) {
            high = !isBelowHalf();
        }
        return message;
    }

    // ---- out

    /** Whether the next message is in memory: {@link #headTarget}, {@link #headEntry}, {@link #remove}. */
    boolean isReady() {
        return first().headMessage() != null;
    }

    private MessageQueue first() {
        if (!back.isEmpty()) {
            return back;
        }
        return olderPage.isEmpty() && !hasOlder() ? queue : olderPage;
    }

    /** The next message, which stays where it is. It must be ready. */
    KeptMessage head() {
        KeptMessage message = first().headMessage();
        assert message != null : "not ready";
        return message;
    }

    Target headTarget() {
        return first().headTarget();
    }

    long headEntry() {
        return first().headEntry();
    }

    /** Takes the next message out; its reference is the caller's. It must be ready. */
    KeptMessage remove() {
        KeptMessage message = removeHead(first());
        assert message != null : "not ready";
        return message;
    }

    /** Drops everything that is known; older entries are the caller's. */
    void dropAll(DropReason reason) {
        for (MessageQueue each : new MessageQueue[] {back, olderPage, queue}) {
            while (!each.isEmpty()) {
                dropHead(each, reason);
            }
        }
    }

    /** Gives the memory back: what is queued stays in the store, and what isn't there is dropped. */
    void forget(DropReason reason) {
        for (MessageQueue each : new MessageQueue[] {back, olderPage, queue}) {
            while (!each.isEmpty()) {
                if (each.headEntry() == EntryId.NONE) {
                    dropHead(each, reason);
                    continue;
                }
                KeptMessage message = removeHead(each);
                if (message != null) {
                    message.release();
                }
            }
        }
    }

    /** Entries that were never read are removed, because the session is over: they are accounted for like those that were. */
    void purged(int entries) {
        if (entries > 0) {
            loop.execute(() -> {
                loop.traffic().restored(entries);
                loop.drops().count(owner.account(), "(in the store)", DropReason.SESSION_ENDED, entries);
            });
        }
    }

    // ---- for an administrator

    /** A page of older messages that was read. Borrowed. */
    MessageQueue olderPage() {
        return olderPage;
    }

    /** What this process was handed. Borrowed. */
    MessageQueue recent() {
        return queue;
    }

    /** Drops the older messages that were read: a page of them. Returns how many. */
    int purgeRead() {
        int n = back.size() + olderPage.size();
        for (MessageQueue each : new MessageQueue[] {back, olderPage}) {
            while (!each.isEmpty()) {
                dropHead(each, DropReason.PURGED);
            }
        }
        return n;
    }

    /**
     * Drops a page of older messages that were only in the store.
     *
     * @param first {@link #olderFrom} when they were read; nothing happens if it has moved since
     * @return how many
     */
    int purgeStored(long first, SessionReader.Identities page) {
        if (olderFrom != first) {
            return 0;
        }
        olderFrom = page.next();
        int n = 0;
        for (long entry : page.entries()) {
            if (!underWay.contains(EntryId.sequence(entry))) { // since the reading began
                owner.drop(null, entry, DropReason.PURGED);
                n++;
            }
        }
        loop.traffic().restored(n);
        olderRead += n;
        return n;
    }

    /**
     * Drops some of what this process was handed, oldest first.
     *
     * @param until not what was queued behind this, a number as {@link MessageQueue#removed} counts them
     * @return how many
     */
    int purge(long until, int max) {
        int n = 0;
        while (n < max && !queue.isEmpty() && queue.removed() < until) {
            dropHead(queue, DropReason.PURGED);
            n++;
        }
        return n;
    }

    // ---- reading back

    /**
     * There are older entries in the store.
     *
     * @param page the first of them
     * @param leftOut sequences of entries in the range that are in the window
     * @param maybeSent whether the QoS 1 messages among them may have been sent already: all, because acknowledged ones whose
     *     delete was lost stand before them
     */
    void older(SessionReader.Page page, Set<Long> leftOut, boolean maybeSent) {
        underWay = leftOut;
        allMaybeSent = maybeSent;
        olderFrom = page.next();
        takeOlder(page);
    }

    private boolean hasOlder() {
        return olderFrom != SessionReader.Page.END;
    }

    /** The sequence from which on entries of the time before this process are only in the store; END if there are none. */
    long olderFrom() {
        return olderFrom;
    }

    /** An entry of another queue has become one of this session, and is in the window: it isn't read with the older ones. */
    void leaveOut(long sequence) {
        if (hasOlder()) {
            Set<Long> more = new HashSet<>(underWay);
            more.add(sequence);
            underWay = more; // a reader may still have the set before
        }
    }

    /** Entries in that range that are in the window. */
    Set<Long> olderUnderWay() {
        return underWay;
    }

    /** Whether there are messages of the time before this process that may have been sent then, and were not sent since. */
    boolean isMaybeSent() {
        return allMaybeSent && (hasOlder() || !olderPage.isEmpty());
    }

    /** The session is known from the store, and nothing of its queue has been read. */
    void allIsOlder() {
        olderFrom = 0;
    }

    /** As {@link #allIsOlder()}, and all QoS 1 messages in it may have been sent. */
    void allIsOlderAndMaybeSent() {
        allIsOlder();
        allMaybeSent = true;
    }

    /** Reads the next page, if the next message isn't in memory; the owner is told when it is there. */
    void read() {
        Store from = store;
        if (from == null || reading || owner.hasEnded() || isReady() || isEmpty()) {
            return;
        }
        if (hasOlder()) {
            reading = true;
            long first = olderFrom;
            Set<Long> leftOut = underWay;
            from.read(
                    owner.storedSid(),
                    reader -> reader.entries(first, from.bootTicket(), leftOut),
                    arrived(page -> readOlder(first, page)));
            return;
        }
        long[] sequences = queue.pagedOutHead(PAGE_ENTRIES);
        long last = LongStream.of(sequences).max().orElseThrow();
        reading = true;
        // Not gate.passes: that is for replies. Of two queues that wait for one change each would let the other go
        // first.
        if (loop.gate().isDurable(last)) {
            from.read(owner.storedSid(), reader -> reader.entries(sequences), arrived(this::readBack));
        } else {
            loop.gate()
                    .hold(
                            last,
                            () -> { // it can't be read before it is written
                                reading = false;
                                read();
                            });
        }
    }

    private BiConsumer<SessionReader.@Nullable Page, @Nullable StoreException> arrived(
            Consumer<SessionReader.Page> then) {
        return (page, failure) -> loop.execute(() -> {
            reading = false;
            if (owner.hasEnded()) {
                return;
            }
            if (page != null) {
                then.accept(page);
                owner.pump();
            } else {
                LOG.warn("{}: its queue can't be read: {}", session, failure == null ? "" : failure.getMessage());
                tellFault("its queue can't be read at present", failure);
                loop.scheduleLook(READ_AGAIN_MS, owner::pump);
            }
        });
    }

    private void readOlder(long first, SessionReader.Page page) {
        if (olderFrom == first) { // else they were purged meanwhile
            olderFrom = page.next();
            takeOlder(page);
        }
    }

    private void takeOlder(SessionReader.Page page) {
        olderPage = made(olderPage);
        for (StoredEntry stored : page.entries()) {
            if (underWay.contains(stored.sequence())) {
                continue; // since the reading began
            }
            long entry = entryOf(stored);
            if (stored.qos() == QoS.AT_LEAST_ONCE && (stored.maybeSent() || allMaybeSent)) {
                entry = EntryId.maybeSent(entry);
            }
            KeptMessage message = message(stored);
            loop.traffic().restored(1);
            if (message == null) {
                owner.drop(null, entry, DropReason.STORE_DAMAGED);
            } else {
                olderPage.add(message, target(stored), entry);
                loop.traffic().queued(1);
                olderRead++;
                olderReadBytes += message.footprintBytes();
                loop.queuedBytes(message.footprintBytes());
            }
        }
    }

    private void readBack(SessionReader.Page page) {
        for (StoredEntry stored : page.entries()) {
            KeptMessage message = message(stored);
            if (message == null) {
                notThere(stored.sequence());
            } else if (queue.pageIn(stored.sequence(), message, target(stored))) {
                loop.queuedBytes(message.footprintBytes());
            } else {
                message.release(); // dropped meanwhile
            }
        }
    }

    /** Its entry or its message couldn't be read: it may have been dropped since it was asked for, and is accounted for then. */
    private void notThere(long sequence) {
        long entry = queue.removePagedOut(sequence);
        if (entry != EntryId.NONE) {
            loop.traffic().queued(-1);
            LOG.error("{}: entry {} is damaged or missing in the store", session, sequence);
            tellFault("a message of its queue is damaged or missing in the store", "entry " + sequence);
            owner.drop(null, entry, DropReason.STORE_DAMAGED);
        }
    }

    private void tellFault(String what, @Nullable Object cause) {
        Events.tellFault(loop.events(), owner.account(), what, cause);
    }

    private @Nullable KeptMessage message(StoredEntry stored) {
        return StoredMessages.message(stored, loop);
    }

    private Target target(StoredEntry stored) {
        return StoredMessages.target(stored, session);
    }

    private static long entryOf(StoredEntry stored) {
        return EntryId.of(stored.sequence(), stored.messageId() != StoredEntry.INLINE);
    }
}
