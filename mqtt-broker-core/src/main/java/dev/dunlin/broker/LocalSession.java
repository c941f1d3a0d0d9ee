package dev.dunlin.broker;

import dev.dunlin.broker.net.SessionClient;
import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.MessageHandler;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.broker.spi.SubscriptionOptions;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.SubscriptionRequest;
import java.util.Objects;
import java.util.concurrent.CompletionStage;

/**
 * A connected client within the process, with a session as any client has one: with a window, a queue, shared subscriptions
 * and a will, taken over by whoever connects with its client identifier, and kept, with a store over restarts, for as long as
 * it asks. The limits are those of any client; permissions aren't asked for, and its listener is named {@code local}. Made by
 * {@link LocalClient#connect}. Any thread; nothing here blocks.
 *
 * <p>Handlers get one message at a time and in order, over all subscriptions of the session; they may block. When a handler's
 * stage completes, PUBACK or PUBREC leaves. If it fails, that says so, and the message is dropped: {@link
 * DropReason#REJECTED_BY_RECEIVER}. What no handler was done with when the connection ends is sent again if the session is
 * resumed, also a message of QoS 2 of which a handler had been done at that moment. QoS 0 messages wait up to {@link
 * Limits#localQueueMessagesMax()}; what comes above is lost: {@link DropReason#LOCAL_QUEUE_FULL}.
 *
 * <p>Stages complete on the executor for handlers, or, if that refuses, where their result is known, which may be an event loop.
 * Such a refusal also ends the connection, and acknowledges nothing. What depends on publishes' stages runs one after the other:
 * there, don't wait for another publish of this session. What is under way when the connection ends fails with {@link
 * RejectedException}, which says why it has ended: whether the broker has taken such a publish, nobody knows.
 */
public final class LocalSession implements AutoCloseable {
    private final SessionClient client;
    private final String clientId;
    private final boolean sessionPresent;

    LocalSession(SessionClient client, String clientId, Connack connack) {
        this.client = client;
        String assigned = connack.properties().string(Property.ASSIGNED_CLIENT_IDENTIFIER);
        this.clientId = assigned == null ? clientId : assigned;
        sessionPresent = connack.sessionPresent();
    }

    /** The client identifier, which the broker may have chosen. */
    public String clientId() {
        return clientId;
    }

    /** Whether a session of before was resumed: its subscriptions are there. */
    public boolean isSessionPresent() {
        return sessionPresent;
    }

    /**
     * Publishes a message. Messages of one thread, topic and QoS stay in order.
     *
     * @return of QoS 1 and 2, completes with the broker's acknowledgement; of QoS 0, when it is wholly on its way, and then says
     *     that it was matched. Fails with {@link RejectedException} if it was refused, if there are more than {@link
     *     Limits#localPublishesMax()} under way, or if the connection has ended
     * @throws IllegalArgumentException as {@link LocalClient#publish}
     */
    public CompletionStage<Published> publish(Message message) {
        LocalClient.requireTopic(message);
        return client.publish(message).thenApply(Published::of);
    }

    /** As {@link #subscribe(String, SubscriptionOptions, MessageHandler)}, as {@link SubscriptionOptions#of} has the others. */
    public CompletionStage<QoS> subscribe(String filter, QoS maximumQoS, MessageHandler handler) {
        return subscribe(filter, SubscriptionOptions.of(maximumQoS), handler);
    }

    /**
     * Subscribes, in place of what this session may have subscribed to with the same filter before.
     *
     * @param filter a topic filter, or a shared one, {@code $share/name/filter}
     * @return completes with the QoS that was granted; fails with {@link RejectedException} if it was refused, or the
     *     connection has ended
     * @throws IllegalArgumentException if the filter is not valid [5.0 section 4.7], or no local is asked for with a shared one
     */
    public CompletionStage<QoS> subscribe(String filter, SubscriptionOptions options, MessageHandler handler) {
        Objects.requireNonNull(handler, "handler");
        if (Topics.isShared(filter)) {
            LocalClient.requireShare(filter, options);
        } else {
            LocalClient.requireFilter(filter);
        }
        SubscriptionRequest request = new SubscriptionRequest(
                filter,
                options.maximumQoS(),
                options.noLocal(),
                options.retainAsPublished(),
                options.retainHandling().ordinal());
        return client.subscribe(request, handler).thenApply(answer -> QoS.of(answer.code()));
    }

    /**
     * Unsubscribes. What was on its way still comes; to {@link LocalSessionOptions#handler()} if the subscription has gone.
     *
     * @return completes when the broker has answered; with false if there was no such subscription
     */
    public CompletionStage<Boolean> unsubscribe(String filter) {
        if (Topics.isShared(filter)) {
            LocalClient.requireShare(filter, SubscriptionOptions.of(QoS.AT_MOST_ONCE));
        } else {
            LocalClient.requireFilter(filter);
        }
        return client.unsubscribe(filter).thenApply(answer -> answer == ReasonCode.SUCCESS);
    }

    /** Disconnects, behind what was sent before; without the will. Returns at once: {@link #closed} says when it is over. */
    @Override
    public void close() {
        client.disconnect(ReasonCode.SUCCESS);
    }

    /** As {@link #close}, but the will is published [5.0 section 3.14.2.1]. */
    public void disconnectWithWill() {
        client.disconnect(ReasonCode.DISCONNECT_WITH_WILL_MESSAGE);
    }

    /**
     * Completes when the connection is over, whoever has ended it.
     *
     * @return SUCCESS after {@link #close}, DISCONNECT_WITH_WILL_MESSAGE after {@link #disconnectWithWill}; else what the
     *     broker says, such as SESSION_TAKEN_OVER, ADMINISTRATIVE_ACTION, SERVER_SHUTTING_DOWN; UNSPECIFIED_ERROR if it said
     *     nothing
     */
    public CompletionStage<ReasonCode> closed() {
        return client.closed().minimalCompletionStage();
    }

    @Override
    public String toString() {
        return "local session " + clientId;
    }
}
