package dev.dunlin.broker;

import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.LocalPublisher;
import dev.dunlin.broker.session.LocalSubscriber;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.MessageHandler;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** Publishes and subscribes within the process, without a connection. Any thread; nothing here blocks. */
public final class LocalClient {
    private final Core core;
    private final Executor handlers;
    private final LocalPublisher publisher;

    LocalClient(Core core, Executor handlers) {
        this.core = core;
        this.handlers = handlers;
        publisher = new LocalPublisher(core, handlers);
    }

    /**
     * Publishes a message. Messages of one thread stay in order.
     *
     * @return completes when the broker has taken the message over for all its subscribers, at its durability; fails
     *     with {@link RejectedException} if it was refused, which includes more than {@link Limits#localPublishesMax()}
     *     under way, and a broker that was closed before. Completed on a thread of the broker that is not an event loop
     * @throws IllegalArgumentException if the topic is not a valid topic name [5.0 section 4.7], or if a property can't be
     *     sent: a string above 65,535 bytes or with U+0000 in it, a response topic with wildcards
     */
    public CompletionStage<Published> publish(Message message) {
        if (!Topics.isValidTopic(message.topic())) {
            throw new IllegalArgumentException("not a topic name: \"" + message.topic() + "\"");
        }
        return publisher.publish(message).thenApply(outcome -> new Published(outcome == ReasonCode.SUCCESS));
    }

    /**
     * Subscribes. What is published after the return is delivered; retained messages that match come as well. A handler
     * that is more than {@link Limits#localQueueMessagesMax()} messages behind loses the newest.
     *
     * @param filter a topic filter; not a shared one
     * @param maximumQoS messages of a higher QoS are delivered with this one
     * @throws IllegalArgumentException if the filter is not valid [5.0 section 4.7]
     */
    public LocalSubscription subscribe(String filter, QoS maximumQoS, MessageHandler handler) {
        if (!Topics.isValidFilter(filter) || Topics.isShared(filter)) {
            throw new IllegalArgumentException("not a topic filter that can be subscribed to: \"" + filter + "\"");
        }
        return new LocalSubscription(filter, LocalSubscriber.subscribe(core, filter, maximumQoS, handler, handlers));
    }

    /** Rejects what is under way and all that comes: the broker is closed. */
    void close() {
        publisher.close();
    }

    /** Subscribes with any QoS, for a consumer that is done with a message when it returns; it may block. */
    public LocalSubscription subscribe(String filter, Consumer<? super Message> consumer) {
        return subscribe(filter, QoS.EXACTLY_ONCE, MessageHandler.of(consumer));
    }
}
