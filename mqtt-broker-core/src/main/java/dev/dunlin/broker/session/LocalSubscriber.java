package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.routing.Subscription;
import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.MessageHandler;
import dev.dunlin.broker.spi.SubscriptionOptions;
import dev.dunlin.broker.spi.SubscriptionOptions.RetainHandling;
import dev.dunlin.broker.store.EntryId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A subscription within the process, of its own: what is delivered to it goes through a {@link HandlerQueue}. */
public final class LocalSubscriber extends Recipient
        implements RetainedReplay.Receiver, HandlerQueue.Owner, LocalConsumer {
    private static final Logger LOG = LoggerFactory.getLogger(LocalSubscriber.class);

    private final Core core;
    private final String filter;
    private final SubscriptionOptions options;
    private final HandlerQueue queue;
    private final AtomicBoolean awaitsRoom = new AtomicBoolean();
    private @Nullable RetainedReplay replay;

    /** What waits until the retained messages are in the queue, and then for the handler; its loop only. */
    private final List<CompletableFuture<Void>> settling = new ArrayList<>(0);

    private boolean ended;

    private LocalSubscriber(
            Core core,
            String filter,
            SubscriptionOptions options,
            MessageHandler handler,
            Executor handlers,
            int uncounted) {
        super(core.newSid(), core.home("$local/" + filter));
        this.core = core;
        this.filter = filter;
        this.options = options;
        queue = new HandlerQueue(loop, core, this, handler, handlers, uncounted);
    }

    /** Subscribes; any thread. What is published after the return is delivered; retained messages come too. */
    public static LocalSubscriber subscribe(
            Core core, String filter, SubscriptionOptions options, MessageHandler handler, Executor handlers) {
        LocalSubscriber made = new LocalSubscriber(core, filter, options, handler, handlers, HandlerQueue.IN_HAND);
        made.request(HandlerQueue.ALL);
        return made.subscribed();
    }

    /** As {@link #subscribe}, for somebody who gets no more than {@link #request}ed, and nothing before {@link #begin}. */
    public static LocalSubscriber subscribeOnRequest(
            Core core, String filter, SubscriptionOptions options, MessageHandler handler, Executor handlers) {
        LocalSubscriber made = new LocalSubscriber(core, filter, options, handler, handlers, 0);
        made.queue.hold();
        return made.subscribed();
    }

    private LocalSubscriber subscribed() {
        core.subscriptions.add(new Subscription(
                this, filter, options.maximumQoS(), options.noLocal(), options.retainAsPublished(), 0));
        long lastTicket = core.lastTicket();
        loop.execute(() -> begin(lastTicket));
        return this;
    }

    /** Allows {@code n} more messages to be handed out, 1 or more; any thread. */
    public void request(long n) {
        queue.request(n);
    }

    /** What is requested may be handed out. Any thread. */
    public void begin() {
        queue.begin();
    }

    /** Unsubscribes; {@code last} runs behind the message that the handler has. Any thread; the first call counts. */
    public void endWith(Runnable last) {
        unsubscribe();
        queue.endWith(last);
    }

    @Override
    public void unsubscribe() {
        core.subscriptions.remove(this, filter);
        loop.execute(this::end);
    }

    private void end() {
        loop.sessions().remove(this);
        discard(DropReason.SESSION_ENDED);
    }

    @Override
    public void brokerClosed() {
        discard(DropReason.BROKER_CLOSED);
    }

    /** Ends it and counts what the handler will not get. */
    private void discard(DropReason reason) {
        ended = true;
        replay = null;
        dropQueued(reason);
        settle();
        queue.settled();
    }

    private int dropQueued(DropReason reason) {
        int dropped = 0;
        for (HandlerQueue.Waiting each = queue.poll(); each != null; each = queue.poll()) {
            drop(each.message().topic(), reason);
            each.message().release();
            dropped++;
        }
        return dropped;
    }

    /** It counts as if the handler had failed on each. Retained messages that waited for room go the same way. */
    private void failQueued() {
        for (int n = dropQueued(DropReason.LOCAL_HANDLER_FAILED); n > 0; n--) {
            core.handled();
        }
        if (awaitsRoom.getAndSet(false)) {
            pumpReplay();
        }
    }

    @Override
    public boolean isPersistent() {
        return false;
    }

    private void begin(long lastTicket) {
        loop.sessions().add(this);
        if (options.retainHandling() != RetainHandling.DO_NOT_SEND) { // it is always a new one
            Target target = new Target(this, options.maximumQoS(), options.noLocal(), true, Target.NO_IDS);
            replay = new RetainedReplay(core.retainedFor(filter), filter, target, lastTicket);
            pumpReplay();
        }
    }

    private void pumpReplay() {
        RetainedReplay retained = replay;
        while (retained != null && !ended) {
            if (!queue.hasRoom()) {
                awaitsRoom.set(true); // said first, then looked for room once more
                if (!queue.hasRoom() || !awaitsRoom.getAndSet(false)) {
                    return;
                }
            }
            if (retained.next()) {
                retained.sendTo(this, loop.nowMs());
            } else if (retained.isDone()) {
                replay = null;
                settle();
                return;
            } else {
                loop.execute(this::pumpReplay); // many topics that don't match: others have their turn
                return;
            }
        }
    }

    @Override
    public void retained(KeptMessage message, Target target, long nowMs) {
        loop.traffic().replayed();
        deliver(message, target, EntryId.NONE, nowMs);
    }

    @Override
    boolean stores(KeptMessage message, Target target) {
        return false; // it ends with the process
    }

    @Override
    void deliver(KeptMessage message, Target target, long entry, long nowMs) {
        assert loop.inLoop();
        if (target.noLocal() && message.isLocal()) { // [5.0:MQTT-3.8.3-3]
            loop.traffic().withheld();
            return;
        }
        if (ended) {
            drop(message.topic(), DropReason.SESSION_ENDED);
        } else if (message.isExpired(nowMs)) {
            drop(message.topic(), DropReason.EXPIRED);
        } else if (!queue.offer(message, target, entry)) {
            queue.tellHigh();
            drop(message.topic(), DropReason.LOCAL_QUEUE_FULL);
        } else {
            queue.lookAtLevel();
        }
    }

    @Override
    public CompletionStage<Void> settled() {
        CompletableFuture<Void> settled = new CompletableFuture<>();
        loop.execute(() -> {
            settling.add(settled);
            settle();
        });
        return settled;
    }

    private void settle() {
        if (replay == null) {
            settling.forEach(queue::settle);
            settling.clear();
        }
    }

    // ---- on the threads of handlers

    @Override
    public void handled(HandlerQueue.Waiting message, @Nullable DropReason reason, @Nullable Throwable failure) {
        if (reason != null) {
            String topic = message.message().topic();
            loop.countDrop(toString(), topic, reason);
            if (failure != null) {
                LOG.warn("local subscription {}: its handler failed on {}: {}", filter, topic, failure.toString());
                tellFault("its handler failed", failure);
            }
        }
        if (awaitsRoom.get() && awaitsRoom.getAndSet(false)) {
            loop.execute(this::pumpReplay);
        }
    }

    @Override
    public void refused(Throwable failure) {
        LOG.warn("local subscription {}: the executor of its handler refuses: {}", filter, failure.toString());
        tellFault("the executor of its handler refuses", failure);
        loop.execute(this::failQueued);
    }

    private void tellFault(String what, Throwable failure) {
        Events.tellFault(core.events(), toString(), what, failure);
    }

    private void drop(String topic, DropReason reason) {
        loop.drops().count(toString(), topic, reason, 1);
    }

    @Override
    public String toString() {
        return "local subscription " + filter;
    }
}
