package dev.dunlin.broker;

import dev.dunlin.broker.net.SessionClient;
import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.LocalConsumer;
import dev.dunlin.broker.session.LocalMember;
import dev.dunlin.broker.session.LocalPublisher;
import dev.dunlin.broker.session.LocalRequests;
import dev.dunlin.broker.session.LocalSubscriber;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.MessageHandler;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.broker.spi.SubscriptionOptions;
import dev.dunlin.codec.QoS;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Publishes and subscribes within the process, without a connection, and connects {@linkplain LocalSession sessions}. May do
 * everything: nobody is asked for permission. Any thread; nothing here blocks.
 *
 * <p>Handlers, subscribers of flows and whatever depends on a stage that is returned here run on the executor for handlers:
 * threads of the broker, or {@link BrokerBuilder#handlerExecutor}. They may block. Two exceptions: a stage whose executor refuses
 * to run anything is completed by the thread that knows its result, which may be an event loop; and what is under way when the
 * broker closes is failed by the thread that closes it, or that has called. What depends on publishes' stages runs one after the
 * other: there, don't wait for another publish.
 */
public final class LocalClient {
    private static final CompletionStage<?> DONE = CompletableFuture.completedFuture(null);

    private final Core core;
    private final InProcess inProcess;
    private final Executor handlers;
    private final LocalPublisher publisher;
    private final LocalRequests requests;
    private final LocalMessages messages;

    LocalClient(Core core, InProcess inProcess, Executor handlers) {
        this.core = core;
        this.inProcess = inProcess;
        this.handlers = handlers;
        publisher = new LocalPublisher(core, handlers);
        requests = new LocalRequests(core, publisher, handlers);
        messages = new LocalMessages(core, handlers);
    }

    /**
     * Publishes a message. Messages of one thread stay in order. The payload isn't copied; a local subscriber that is to get it
     * as it is gets this very object.
     *
     * @return completes when the broker has taken the message over for all its subscribers, at its durability; fails
     *     with {@link RejectedException} if it was refused, which includes more than {@link Limits#localPublishesMax()}
     *     under way, and a broker that was closed before
     * @throws IllegalArgumentException if the topic is not a valid topic name [5.0 section 4.7], or if a property can't be
     *     sent: a string above 65,535 bytes or with U+0000 in it, a response topic with wildcards
     */
    public CompletionStage<Published> publish(Message message) {
        requireTopic(message);
        return publisher.publish(message, Published::of);
    }

    static void requireTopic(Message message) {
        if (!Topics.isValidTopic(message.topic())) {
            throw new IllegalArgumentException("not a topic name: \"" + message.topic() + "\"");
        }
    }

    // ---- subscribing

    /**
     * As {@link #subscribe(String, SubscriptionOptions, MessageHandler)}, with the other options as {@link
     * SubscriptionOptions#of} has them.
     */
    public LocalSubscription subscribe(String filter, QoS maximumQoS, MessageHandler handler) {
        return subscribe(filter, SubscriptionOptions.of(maximumQoS), handler);
    }

    /** Subscribes with any QoS, for a consumer that is done with a message when it returns; it may block. */
    public LocalSubscription subscribe(String filter, Consumer<? super Message> consumer) {
        return subscribe(filter, QoS.EXACTLY_ONCE, MessageHandler.of(consumer));
    }

    /**
     * Subscribes. What is published after the return is delivered. A handler that is more than {@link
     * Limits#localQueueMessagesMax()} messages behind loses the newest: {@link DropReason#LOCAL_QUEUE_FULL}.
     *
     * <p>With a shared filter, {@code $share/name/filter} [5.0 section 4.8.2], it is a member of that group, beside those of
     * clients: each message goes to one of them. What it has no room for waits in the group; what it hasn't begun when it is
     * closed goes back there. Where the group has its messages in a store, one of QoS 1 or 2 is kept until the handler's stage
     * has completed, and is handed out again if the process ends before that.
     *
     * @param filter a topic filter, or a shared one
     * @param options no local is about what this client publishes, whatever its thread
     * @throws IllegalArgumentException if the filter is not valid [5.0 section 4.7], or no local is asked for with a shared one
     */
    public LocalSubscription subscribe(String filter, SubscriptionOptions options, MessageHandler handler) {
        Objects.requireNonNull(handler, "handler");
        LocalConsumer consumer;
        if (Topics.isShared(filter)) {
            requireShare(filter, options);
            consumer = LocalMember.join(core, filter, options, handler, handlers);
        } else {
            requireFilter(filter);
            consumer = LocalSubscriber.subscribe(core, filter, options, handler, handlers);
        }
        return new LocalSubscription(filter, consumer);
    }

    /**
     * The messages of a filter, as a flow. Each of its subscribers has a subscription of its own, from {@code subscribe} until
     * it cancels, and gets no more than it requests. What it hasn't requested waits, up to {@link
     * Limits#localQueueMessagesMax()} messages; what comes above is lost: {@link DropReason#LOCAL_QUEUE_FULL}. The flow
     * completes when the broker closes. {@code onSubscribe} is called by the thread that subscribes.
     *
     * @param filter a topic filter, not a shared one: what isn't requested would be kept from the other members
     * @throws IllegalArgumentException if the filter is not valid [5.0 section 4.7], or shared
     */
    public Flow.Publisher<Message> messages(String filter, QoS maximumQoS) {
        requireFilter(filter);
        return messages.publisher(filter, SubscriptionOptions.of(maximumQoS));
    }

    static void requireFilter(String filter) {
        if (!Topics.isValidFilter(filter) || Topics.isShared(filter)) {
            throw new IllegalArgumentException("not a topic filter that can be subscribed to: \"" + filter + "\"");
        }
    }

    static void requireShare(String filter, SubscriptionOptions options) {
        if (!Topics.isValidShare(filter)) {
            throw new IllegalArgumentException("not a shared topic filter: \"" + filter + "\"");
        }
        if (options.noLocal()) { // [5.0:MQTT-3.8.3-4]
            throw new IllegalArgumentException("no local on a shared subscription: \"" + filter + "\"");
        }
    }

    // ---- request and response

    /**
     * Sends a request and waits, without a thread, for its answer [5.0 section 4.10]. The response topic and the correlation
     * data are set here: a topic that all requests of this broker share, and that others can't guess. Who is to answer must be
     * allowed to publish to it; where there are permissions, allow {@code $answers-} and what follows.
     *
     * @param request what it asks; without a response topic and correlation data of its own
     * @param timeout from 1 ms; 0 and less are refused
     * @return completes with the first answer. Fails with {@link RejectedException}: NO_MATCHING_SUBSCRIBERS if nobody has
     *     subscribed to its topic, QUOTA_EXCEEDED if more than {@link Limits#localRequestsMax()} are under way, or as {@link
     *     #publish}; and with {@link TimeoutException} if no answer came in time
     * @throws IllegalArgumentException for a message that can't be sent, as {@link #publish}, that has one of the two
     *     properties, or a timeout out of range
     */
    public CompletionStage<Message> request(Message request, Duration timeout) {
        requireTopic(request);
        if (request.responseTopic() != null || request.correlationData() != null) {
            throw new IllegalArgumentException(
                    "a request's response topic and correlation data are not for its sender");
        }
        if (timeout.compareTo(Duration.ofMillis(1)) < 0 || timeout.compareTo(Duration.ofDays(365)) > 0) {
            throw new IllegalArgumentException("a timeout is 1 ms to 365 days, not " + timeout);
        }
        return requests.request(request, timeout.toMillis());
    }

    /**
     * Answers requests, one after the other; subscribe several times to a shared filter for more at a time. The answer goes to
     * the response topic of the request, with its correlation data, whatever it has itself: {@link Message#answer()} begins
     * one. A message without a response topic is no request and is passed over. If the function throws, or its stage fails, there is no
     * answer, and the request counts as {@link DropReason#LOCAL_HANDLER_FAILED}.
     *
     * @param filter a topic filter, or a shared one
     * @param responder called on a handler's thread; may block
     * @throws IllegalArgumentException if the filter is not valid [5.0 section 4.7]
     */
    public LocalSubscription respond(
            String filter, Function<? super Message, ? extends CompletionStage<Message>> responder) {
        Objects.requireNonNull(responder, "responder");
        SubscriptionOptions live = SubscriptionOptions.of(QoS.EXACTLY_ONCE)
                .withRetainHandling(SubscriptionOptions.RetainHandling.DO_NOT_SEND);
        return subscribe(filter, live, request -> {
            String answersTo = request.responseTopic();
            return answersTo == null
                    ? DONE
                    : responder
                            .apply(request)
                            .thenCompose(answer -> publish(answer.toBuilder()
                                    .topic(answersTo)
                                    .correlationData(request.correlationData())
                                    .build()));
        });
    }

    // ---- sessions

    /**
     * Connects a client within the process, with a session as any client has one.
     *
     * @return completes when the broker has let it in; fails with {@link RejectedException} if it hasn't: for a limit, an
     *     invalid client identifier, or because the broker is closed
     * @throws IllegalArgumentException if a session that may be there is to be resumed without {@link
     *     LocalSessionOptions#handler()}: what has waited for it would be lost; or if the will, or the client identifier, can't
     *     be sent
     */
    public CompletionStage<LocalSession> connect(LocalSessionOptions options) {
        if (!options.cleanStart() && options.handler() == null) {
            throw new IllegalArgumentException("a session that may be resumed needs a handler for what has waited");
        }
        SessionClient client = new SessionClient(
                inProcess.sessions(), inProcess.allocator(), options.toConnect(), options.handler(), handlers);
        return client.connect().thenApply(connack -> new LocalSession(client, options.clientId(), connack));
    }

    /** Ends what is under way and all that comes: the broker is closed. */
    void close() {
        publisher.close();
        requests.close();
        messages.close();
    }
}
