package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.MessageHandler;
import java.time.Instant;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What a handler is still to get. A loop puts messages in, within a bound; threads for user code take them out, one at a time
 * and in order, and come to the loop only for what it has to know: a handler that keeps up costs one task for many messages.
 */
final class HandlerQueue { // hot
    /** {@link #request} of this many asks for all that will ever come. */
    static final long ALL = Long.MAX_VALUE;

    /** The one message that a handler has, beside those that wait. */
    static final int IN_HAND = 1;

    /** Whose queue it is. */
    interface Owner {
        /**
         * A message is done with; on the thread of the handler, or of its stage.
         *
         * @param reason why it was not delivered; null if it was
         * @param failure of the handler, if that is the reason
         */
        void handled(Waiting message, @Nullable DropReason reason, @Nullable Throwable failure);

        /** The executor takes nothing: what is queued will not be handed out. Any thread. */
        void refused(Throwable failure);
    }

    /** A queued message; owns a reference to it until it is handed out. */
    record Waiting(KeptMessage message, Target target, long entry) {}

    /** Who waits until so many are done with, of all that were ever offered. */
    private record Settling(long offered, CompletableFuture<Void> settled) {
        boolean isDone(long count) {
            return count >= offered && (settled.complete(null) || settled.isDone());
        }
    }

    private final SessionLoop loop;
    private final Core core;
    private final Owner owner;
    private final MessageHandler handler;
    private final int uncounted;
    private final Queue<Waiting> queue = new ConcurrentLinkedQueue<>();

    /** How many were ever put in: counted by the loop alone, which needs no atomic operation for that. */
    private final AtomicLong offered = new AtomicLong();

    /** How many of them have left, and what the loop knew of that last: at least so many. */
    private final AtomicLong left = new AtomicLong();

    private long leftSeen;

    /** How many have left and were accounted for. */
    private final AtomicLong done = new AtomicLong();

    private final Queue<Settling> settling = new ConcurrentLinkedQueue<>();
    private boolean high;
    private boolean ended;
    private final Serial drains;
    private final AtomicLong requested = new AtomicLong();
    private final AtomicReference<@Nullable Runnable> end = new AtomicReference<>();
    private volatile boolean over;

    /** Whether the handler has one. Written by one at a time, each of whom has the next one see it. */
    private final AtomicBoolean busy = new AtomicBoolean();

    /**
     * An empty queue from which nothing is requested so far.
     *
     * @param uncounted how many it holds beyond the bound: {@link #IN_HAND}, or 0 if the one that the handler has counts too
     */
    HandlerQueue(SessionLoop loop, Core core, Owner owner, MessageHandler handler, Executor handlers, int uncounted) {
        this.loop = loop;
        this.core = core;
        this.owner = owner;
        this.handler = handler;
        drains = new Serial(handlers, this::drain, owner::refused);
        this.uncounted = uncounted;
    }

    /** How many it holds at most now, with the one that the handler has. */
    private int capacity() {
        int max = loop.limits().localQueueMessagesMax();
        return max == Integer.MAX_VALUE ? max : max + uncounted;
    }

    // ---- on the loop

    /** Queues a message, with a reference of its own; false if the queue is full. */
    boolean offer(KeptMessage message, Target target, long entry) {
        assert loop.inLoop();
        if (!surelyBelow(capacity())) {
            return false;
        }
        offered.setRelease(offered.getPlain() + 1);
        message.retain();
        core.memory().localQueue(message.footprintBytes());
        queue.add(new Waiting(message, target, entry));
        drains.signal();
        return true;
    }

    /** Takes the oldest out that isn't handed out yet; null if there is none. The reference is the caller's. */
    @Nullable
    Waiting poll() {
        Waiting oldest = take();
        if (oldest != null) {
            left.incrementAndGet();
            finished();
        }
        return oldest;
    }

    /** Completes it when all that was offered before is done with. */
    void settle(CompletableFuture<Void> settled) {
        assert loop.inLoop();
        settling.add(new Settling(offered.getPlain(), settled));
        tellSettled(ended ? ALL : done.get()); // added first, then looked
    }

    /** The subscription has ended: nobody waits for what the handler may still have. */
    void settled() {
        ended = true;
        tellSettled(ALL);
    }

    // ---- any thread

    /** Whether it is nearly full: four fifths of what may wait. */
    private boolean isHigh() {
        return waiting() * 5L >= loop.limits().localQueueMessagesMax() * 4L;
    }

    /** Whether it holds fewer, without a look at the counter that the handler's thread writes, if that can be. Loop only. */
    private boolean surelyBelow(long bound) {
        if (offered.getPlain() - leftSeen < bound) {
            return true;
        }
        leftSeen = left.get();
        return offered.getPlain() - leftSeen < bound;
    }

    /** How many it holds; elsewhere than on the loop perhaps more, by what has left during the call. */
    private int size() {
        long gone = left.get(); // first: so it is never below 0
        return (int) (offered.get() - gone);
    }

    /** How many wait, without the one that the handler has where that isn't counted. */
    private int waiting() {
        return Math.max(0, size() - uncounted);
    }

    /** Looks, behind a message that was queued, whether observers are to be told that it is nearly full. Loop only. */
    void lookAtLevel() {
        if (!high && surelyBelow(loop.limits().localQueueMessagesMax() / 2)) {
            return;
        }
        if (isHigh()) {
            tellHigh();
        } else {
            high &= !isHalfEmpty();
        }
    }

    /** Tells that it is nearly full: once, and again when it has been below half. Loop only. */
    void tellHigh() {
        Events events = core.events();
        if (events != null && !high) {
            // If there is no room: with the next message.
            high = events.offer(highWater(events.now()));
        }
    }

    /** That it is nearly full, as an event. */
    private BrokerEvent highWater(Instant at) {
        return new BrokerEvent.HighWater(
                at,
                owner.toString(),
                waiting(),
                0,
                "localQueueMessagesMax",
                loop.limits().localQueueMessagesMax());
    }

    private void finished() {
        long count = done.incrementAndGet();
        if (!settling.isEmpty()) {
            tellSettled(count);
        }
    }

    private void tellSettled(long count) {
        settling.removeIf(each -> each.isDone(count));
    }

    boolean hasRoom() {
        return size() < capacity();
    }

    /** Whether so much room came back that it is worth while to go on. */
    boolean isHalfEmpty() {
        return size() <= capacity() / 2;
    }

    /** Allows {@code n} more messages to be handed out, 1 or more. */
    void request(long n) {
        assert n > 0 : n;
        requested.accumulateAndGet(n, (present, more) -> present + more < 0 ? ALL : present + more);
        if (end.get() == null) { // else its executor may have ended as well
            drains.signal();
        }
    }

    /** Has it wait for {@link #begin}. Before anything is handed out. */
    void hold() {
        busy.set(true);
    }

    /** After {@link #hold}. */
    void begin() {
        busy.set(false);
        drains.signal();
    }

    /** Hands out nothing more; {@code last} runs once the handler is done with the message that it has. The first call counts. */
    void endWith(Runnable last) {
        if (end.compareAndSet(null, last)) {
            drains.signal();
        }
    }

    private @Nullable Waiting take() {
        Waiting oldest = queue.poll();
        if (oldest != null) {
            core.memory().localQueue(-oldest.message.footprintBytes());
        }
        return oldest;
    }

    /** On the executor: hands out as much as may be. */
    private void drain() {
        while (!busy.get() && !over && next()) {
            // until nothing is left to do
        }
    }

    /** Does the next thing; false if there is none for the moment. */
    private boolean next() {
        Runnable last = end.get();
        if (last != null) {
            over = true;
            last.run();
            return false;
        }
        Waiting next = requested.get() > 0 ? take() : null;
        if (next != null) {
            handOut(next);
        }
        return next != null;
    }

    private void handOut(Waiting next) {
        Message message;
        try {
            long nowMs = next.message.expires() ? core.monotonicMs() : 0;
            if (next.message.isExpired(nowMs)) {
                done(next, DropReason.EXPIRED, null);
                return;
            }
            message = toMessage(next, nowMs);
        } finally {
            next.message.release();
        }
        if (requested.get() != ALL) {
            requested.updateAndGet(n -> n == ALL ? n : n - 1);
        }
        core.handled();
        busy.setRelease(true); // a stage makes it known to whoever completes it
        if (HandlerCall.isDone(handler, message, failure -> completed(next, failure))) {
            busy.setRelease(false);
            done(next, null, null);
        }
    }

    private static Message toMessage(Waiting next, long nowMs) {
        KeptMessage message = next.message;
        Target target = next.target;
        boolean retain = message.retainFlag() && target.retainAsPublished();
        return message.toMessage(Recipient.effectiveQoS(message, target), retain, nowMs);
    }

    private void completed(Waiting next, @Nullable Throwable failure) {
        done(next, failure == null ? null : DropReason.LOCAL_HANDLER_FAILED, failure);
        busy.set(false);
        drains.signal();
    }

    private void done(Waiting next, @Nullable DropReason reason, @Nullable Throwable failure) {
        left.incrementAndGet(); // first: the owner may be waiting for room
        owner.handled(next, reason, failure);
        finished();
    }
}
