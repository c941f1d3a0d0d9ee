package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.routing.Subscription;
import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.MessageHandler;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.codec.QoS;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A subscription within the process. Messages are copied to the heap on its home loop, queued within a bound, and handed
 * to the handler one after the other on another thread.
 */
public final class LocalSubscriber extends Recipient implements RetainedReplay.Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(LocalSubscriber.class);

    private final Core core;
    private final String filter;
    private final QoS qos;
    private final MessageHandler handler;
    private final Executor handlers;
    private final ArrayDeque<Message> queue = new ArrayDeque<>();
    private @Nullable RetainedReplay replay;
    private boolean busy;
    private boolean high;
    private boolean ended;

    private LocalSubscriber(Core core, String filter, QoS qos, MessageHandler handler, Executor handlers) {
        super(core.newSid(), core.home("$local/" + filter));
        this.core = core;
        this.filter = filter;
        this.qos = qos;
        this.handler = handler;
        this.handlers = handlers;
    }

    /** Subscribes; any thread. What is published after the return is delivered; retained messages come too. */
    public static LocalSubscriber subscribe(
            Core core, String filter, QoS qos, MessageHandler handler, Executor handlers) {
        LocalSubscriber made = new LocalSubscriber(core, filter, qos, handler, handlers);
        core.subscriptions.add(new Subscription(made, filter, qos, false, true, 0));
        long lastTicket = core.lastTicket();
        made.loop.execute(() -> made.begin(lastTicket));
        return made;
    }

    /** Ends the subscription; any thread. The message that the handler has is finished, those queued are dropped. */
    public void unsubscribe() {
        core.subscriptions.remove(this, filter);
        loop.execute(this::end);
    }

    private void end() {
        loop.sessions().remove(this);
        discard(DropReason.SESSION_ENDED);
    }

    /** Ends it and counts what the handler will not get. */
    void discard(DropReason reason) {
        ended = true;
        replay = null;
        while (!queue.isEmpty()) {
            drop(queue.remove().topic(), reason);
        }
    }

    @Override
    public boolean isPersistent() {
        return false;
    }

    private void begin(long lastTicket) {
        loop.sessions().add(this);
        Target target = new Target(this, qos, false, true, Target.NO_IDS);
        replay = new RetainedReplay(core.retainedFor(filter), filter, target, lastTicket);
        pumpReplay();
    }

    private void pumpReplay() {
        RetainedReplay retained = replay;
        while (retained != null && !ended && queue.size() < core.limits.localQueueMessagesMax()) {
            if (!retained.next()) {
                replay = null;
                return;
            }
            retained.sendTo(this, loop.nowMs());
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
        if (ended) {
            drop(message.topic(), DropReason.SESSION_ENDED);
        } else if (message.isExpired(nowMs)) {
            drop(message.topic(), DropReason.EXPIRED);
        } else if (queue.size() >= core.limits.localQueueMessagesMax()) {
            tellHigh();
            drop(message.topic(), DropReason.LOCAL_QUEUE_FULL);
        } else {
            queue.add(message.toMessage(
                    effectiveQoS(message, target), message.retainFlag() && target.retainAsPublished(), nowMs));
            handNext();
            if (isHigh()) {
                tellHigh();
            }
        }
    }

    private boolean isHigh() {
        return queue.size() * 5L >= core.limits.localQueueMessagesMax() * 4L;
    }

    /** That its queue is nearly full: once, and again when it has fallen below half. */
    private void tellHigh() {
        Events events = loop.events();
        if (events != null && !high) {
            high = true;
            int max = core.limits.localQueueMessagesMax();
            events.tell(
                    new BrokerEvent.HighWater(events.now(), toString(), queue.size(), 0, "localQueueMessagesMax", max));
        }
    }

    private void handNext() {
        if (busy || queue.isEmpty()) {
            return;
        }
        busy = true;
        Message message = queue.remove();
        high &= queue.size() * 2L >= core.limits.localQueueMessagesMax();
        loop.traffic().handled();
        handlers.execute(() -> hand(message));
    }

    private void hand(Message message) {
        CompletionStage<?> done;
        try {
            done = Objects.requireNonNull(handler.onMessage(message), "it gave no stage");
        } catch (RuntimeException | Error e) { // user code; accounted for like a failed stage
            loop.execute(() -> handled(message, e));
            return;
        }
        done.whenComplete((nothing, failure) -> loop.execute(() -> handled(message, failure)));
    }

    private void handled(Message message, @Nullable Throwable failure) {
        busy = false;
        if (failure != null) {
            LOG.warn(
                    "local subscription {}: its handler failed on {}: {}", filter, message.topic(), failure.toString());
            drop(message.topic(), DropReason.LOCAL_HANDLER_FAILED);
            Events.tellFault(loop.events(), toString(), "its handler failed", failure);
        }
        pumpReplay();
        handNext();
    }

    private void drop(String topic, DropReason reason) {
        loop.drops().count(toString(), topic, reason, 1);
    }

    @Override
    public String toString() {
        return "local subscription " + filter;
    }
}
