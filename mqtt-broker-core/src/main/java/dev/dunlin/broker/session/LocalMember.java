package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.routing.Subscription;
import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.MessageHandler;
import dev.dunlin.broker.spi.SubscriptionOptions;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.broker.store.SessionChanges;
import dev.dunlin.codec.QoS;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A handler within the process as a member of a shared group. It takes messages while its {@link HandlerQueue} has room, and
 * then again when half of that is free. A message's entry in the store is gone when the handler is done with it.
 */
public final class LocalMember extends Member implements HandlerQueue.Owner, LocalConsumer {
    private static final Logger LOG = LoggerFactory.getLogger(LocalMember.class);

    private final Core core;
    private final HandlerQueue queue;
    private final AtomicBoolean awaitsRoom = new AtomicBoolean();
    private boolean left;

    private LocalMember(SharedGroup group, Core core, MessageHandler handler, Executor handlers) {
        super(group, core.newSid(), core.home("$local/" + group.name()));
        this.core = core;
        queue = new HandlerQueue(loop, core, this, handler, handlers, HandlerQueue.IN_HAND);
        queue.request(HandlerQueue.ALL);
    }

    /** Joins the group of a shared filter, which is made if need be; any thread. What is published afterwards may come. */
    public static LocalMember join(
            Core core, String shareFilter, SubscriptionOptions options, MessageHandler handler, Executor handlers) {
        LocalMember made = core.groups.join(shareFilter, false, group -> {
            LocalMember member = new LocalMember(group, core, handler, handlers);
            member.subscribed(new Subscription(
                    member,
                    Topics.filterOfShare(shareFilter),
                    options.maximumQoS(),
                    false,
                    options.retainAsPublished(),
                    0));
            return member;
        });
        made.connected(true); // nobody delivers to it before there is room, so its loop isn't at work yet
        made.limit(core.limits().localQueueMessagesMax());
        made.loop.execute(() -> {
            made.loop.sessions().add(made);
            made.limitsChanged(); // they may have changed since
        });
        return made;
    }

    @Override
    public CompletionStage<Void> settled() {
        CompletableFuture<Void> settled = new CompletableFuture<>();
        loop.execute(() -> queue.settle(settled));
        return settled;
    }

    @Override
    public void unsubscribe() {
        loop.execute(this::leave);
    }

    private void leave() {
        if (left) {
            return;
        }
        left = true;
        loop.sessions().remove(this);
        connected(false);
        giveBackQueued();
        core.groups.leave(this);
        queue.settled();
    }

    private void giveBackQueued() {
        for (HandlerQueue.Waiting each = queue.poll(); each != null; each = queue.poll()) {
            giveBack(each.message(), each.target(), each.entry());
            each.message().release();
        }
    }

    private void giveBack(KeptMessage message, Target target, long entry) {
        if (message.qos() == QoS.AT_MOST_ONCE) {
            group.offer(message, entry, loop); // as if it had just been published
        } else {
            group.giveBack(message, entry, loop);
        }
        done(message, target);
    }

    /** What the group has stored stays there, what it hasn't is lost. */
    @Override
    public void brokerClosed() {
        left = true;
        for (HandlerQueue.Waiting each = queue.poll(); each != null; each = queue.poll()) {
            if (each.entry() == EntryId.NONE) {
                drop(each.message().topic(), DropReason.BROKER_CLOSED);
            }
            each.message().release();
        }
        queue.settled();
    }

    @Override
    void deliver(KeptMessage message, Target target, long entry, long nowMs) {
        assert loop.inLoop();
        if (left) {
            giveBack(message, target, entry);
        } else if (message.isExpired(nowMs)) {
            ended(message, target, entry, DropReason.EXPIRED);
        } else if (queue.offer(message, target, entry)) {
            queue.lookAtLevel();
            if (!queue.hasRoom()) {
                awaitRoom();
            }
        } else if (message.qos() == QoS.AT_MOST_ONCE) {
            queue.tellHigh();
            drop(message.topic(), DropReason.LOCAL_QUEUE_FULL);
        } else { // another member may have room
            awaitRoom();
            giveBack(message, target, entry);
        }
    }

    @Override
    public void limitsChanged() {
        if (!left && !awaitsRoom.get()) { // else it gets the new one when there is room
            limit(loop.limits().localQueueMessagesMax());
        }
    }

    private void awaitRoom() {
        limit(0);
        awaitsRoom.set(true); // said first, then looked for room once more
        if (queue.isHalfEmpty()) {
            roomCame();
        }
    }

    private void roomCame() {
        if (awaitsRoom.getAndSet(false) && !left) {
            limit(loop.limits().localQueueMessagesMax());
        }
    }

    /** A message is done with, in one way or another: so is its entry. */
    private void ended(KeptMessage message, Target target, long entry, @Nullable DropReason reason) {
        if (reason != null) {
            drop(message.topic(), reason);
        }
        if (entry != EntryId.NONE) {
            new SessionChanges(loop.changes(), group.storedSid()).entryGone(entry);
        }
        done(message, target);
    }

    // ---- on the threads of handlers

    @Override
    public void handled(HandlerQueue.Waiting done, @Nullable DropReason reason, @Nullable Throwable failure) {
        if (failure != null) {
            LOG.warn("{}: its handler failed on {}: {}", this, done.message().topic(), failure.toString());
            tellFault("its handler failed", failure);
        }
        // One with an entry is still the group's, and handed out again, if the loop has ended before it is gone.
        DropReason withEntry = done.entry() == EntryId.NONE ? null : reason;
        if (reason != null && withEntry == null) {
            loop.countDrop(toString(), done.message().topic(), reason);
        }
        loop.execute(() -> {
            ended(done.message(), done.target(), done.entry(), withEntry);
            if (queue.isHalfEmpty()) {
                roomCame();
            }
        });
    }

    @Override
    public void refused(Throwable failure) {
        LOG.warn("{}: the executor of its handler refuses: {}", this, failure.toString());
        tellFault("the executor of its handler refuses", failure);
        loop.execute(this::leave);
    }

    private void tellFault(String what, Throwable failure) {
        Events.tellFault(core.events(), toString(), what, failure);
    }

    private void drop(String topic, DropReason reason) {
        loop.drops().count(toString(), topic, reason, 1);
    }

    @Override
    public String toString() {
        return "local subscription " + group;
    }
}
