package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Target;
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

    /** What a queue asks of its session. */
    interface Owner {
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
    private final Limits limits;
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
    private long olderRead;
    private long olderReadBytes;

    /** So many from the head of the {@link #queue} on, at most, hold all of its messages of QoS 0. */
    private int atMostOnceWithin;

    SessionQueue(Owner owner, Recipient session, Limits limits, @Nullable Store store) {
        this.owner = owner;
        this.session = session;
        this.loop = session.loop;
        this.limits = limits;
        this.store = store;
    }

    boolean isEmpty() {
        return queue.isEmpty() && olderPage.isEmpty() && !hasOlder() && back.isEmpty();
    }

    /** Messages that are known to wait: without older ones that have not been read yet. */
    int size() {
        return queue.size() + olderPage.size() + back.size();
    }

    // ---- in

    /** Queues a message behind all others, or drops one according to the policy. Borrows it. */
    void add(KeptMessage message, Target target, long entry) {
        outOfMemory = loop.isOutOfMemory(); // asked once: other loops change it meanwhile
        if (isFull(message, entry)) {
            dropExpiredHeads(loop.nowMs()); // before anything that is still good
        }
        if (isFull(message, entry) && !overflow(message, entry)) {
            return;
        }
        queue = made(queue);
        loop.traffic().queued(1);
        if (entry != EntryId.NONE && !fitsIntoMemory(message)) {
            queue.addPagedOut(message.footprintBytes(), entry);
            return;
        }
        message.retain();
        queue.add(message, target, entry);
        loop.queuedBytes(message.footprintBytes());
        if (Recipient.effectiveQoS(message, target) == QoS.AT_MOST_ONCE) {
            atMostOnceWithin = queue.size();
        }
    }

    /** Whether messages of QoS 0 are queued for a session without a connection. */
    boolean takesAtMostOnce() {
        return limits.queueQos0Offline();
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
        long otherSessions = loop.queuedBytes() - queue.residentBytes();
        if (entry == EntryId.NONE && (otherSessions + bytes > loop.queueBytesShare() || outOfMemory)) {
            return true;
        }
        long messages = olderMessages() + queuedMessages;
        return !owner.isPausedByUs() && (messages >= limits.queueMessagesMax() || bytes > limits.queueBytesMax());
    }

    private boolean fitsIntoMemory(KeptMessage message) {
        return queue.residentBytes() + message.footprintBytes() <= limits.queueMemoryBytesMax()
                && loop.queuedBytes() + message.footprintBytes() <= loop.queueBytesShare()
                && !outOfMemory;
    }

    /** Applies the policy. Returns whether there is room now; otherwise the message is dropped and accounted for. */
    private boolean overflow(KeptMessage message, long entry) {
        switch (limits.queueOverflow()) {
            case DROP_OLDEST -> {
                if (!isFull(message, entry, 0, 0)) { // else nothing that can be dropped at once would make room for it
                    while (!queue.isEmpty() && isFull(message, entry)) {
                        dropHead(queue, DropReason.QUEUE_FULL);
                    }
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
        readOlder(page);
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
                    arrived(this::readOlder));
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
                loop.scheduleLook(READ_AGAIN_MS, owner::pump);
            }
        });
    }

    private void readOlder(SessionReader.Page page) {
        olderFrom = page.next();
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
            owner.drop(null, entry, DropReason.STORE_DAMAGED);
        }
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
