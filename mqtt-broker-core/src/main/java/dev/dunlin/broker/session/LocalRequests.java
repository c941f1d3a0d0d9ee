package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.MessageHandler;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.broker.spi.SubscriptionOptions;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests from within the process that wait for their answers [5.0 section 4.10]. All answers come on one topic, whose first
 * level nobody can guess: as it begins with "$", no wildcard matches it either. By its correlation data, which is as hard to
 * guess, an answer finds its request. Clients that are given the topic may publish there and can't subscribe. Timers are those
 * of one loop.
 */
public final class LocalRequests {
    private static final Logger LOG = LoggerFactory.getLogger(LocalRequests.class);

    /** What the topic for answers begins with. Clients can't subscribe to such topics. */
    static final String ANSWERS = "$answers-";

    private final Core core;
    private final LocalPublisher publisher;
    private final Executor handlers;
    private final Completions completions;
    private final SessionLoop home;
    private final String answersTopic;
    private final AtomicBoolean subscribed = new AtomicBoolean();
    private final AtomicInteger underWay = new AtomicInteger();
    private final Map<String, Pending> pending = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /** No request is under way. Answers are completed on {@code handlers}. */
    public LocalRequests(Core core, LocalPublisher publisher, Executor handlers) {
        this.core = core;
        this.publisher = publisher;
        this.handlers = handlers;
        completions = new Completions(handlers);
        answersTopic = core.newClientId(ANSWERS);
        home = core.home(answersTopic);
    }

    /**
     * Sends a request; any thread, never blocks.
     *
     * @param timeoutMs for how long the answer may take, 1 or more
     * @return completes with the answer; fails as refused, for want of a subscriber, or with a {@link TimeoutException}
     * @throws IllegalArgumentException if no PUBLISH can carry what is in the request
     */
    public CompletableFuture<Message> request(Message request, long timeoutMs) {
        if (underWay.incrementAndGet() > core.limits().localRequestsMax()) {
            underWay.decrementAndGet();
            return CompletableFuture.failedFuture(new RejectedException(ReasonCode.QUOTA_EXCEEDED));
        }
        String id = core.newClientId("");
        Pending made = new Pending(id, request.topic(), timeoutMs);
        pending.put(id, made);
        made.answer.whenComplete((answer, failure) -> forget(made));
        Message sent = request.toBuilder()
                .responseTopic(answersTopic)
                .correlationData(id.getBytes(StandardCharsets.ISO_8859_1))
                .build();
        if (!subscribed.getAndSet(true)) {
            listen();
        }
        try {
            publisher.publish(sent).whenComplete((outcome, failure) -> published(made, outcome, failure));
        } catch (IllegalArgumentException e) {
            made.fail(e);
            throw e;
        }
        home.execute(made::startTimer);
        if (closed) { // noted first, then asked: either this or close() sees it
            failPending();
        }
        return made.answer;
    }

    /** Fails what is still under way and all that comes, on this thread. After the loops have ended; not on one. */
    public void close() {
        closed = true;
        failPending();
    }

    private void failPending() {
        for (Pending each : List.copyOf(pending.values())) {
            each.fail(new RejectedException(ReasonCode.SERVER_SHUTTING_DOWN));
        }
    }

    private void listen() {
        SubscriptionOptions options = SubscriptionOptions.of(QoS.EXACTLY_ONCE)
                .withRetainHandling(SubscriptionOptions.RetainHandling.DO_NOT_SEND);
        LocalSubscriber.subscribe(core, answersTopic, options, MessageHandler.of(this::answered), handlers);
    }

    private static void published(Pending request, @Nullable ReasonCode outcome, @Nullable Throwable failure) {
        if (failure != null) {
            request.fail(failure);
        } else if (outcome == ReasonCode.NO_MATCHING_SUBSCRIBERS) {
            request.fail(new RejectedException(ReasonCode.NO_MATCHING_SUBSCRIBERS));
        }
    }

    private void answered(Message answer) {
        ByteBuffer correlation = answer.correlationData();
        Pending request = correlation == null
                ? null
                : pending.get(StandardCharsets.ISO_8859_1.decode(correlation).toString());
        if (request == null) {
            LOG.debug("an answer came too late, or to nothing that was asked: {}", answer);
        } else { // what depends on it may take its time, and others wait for their answers
            completions.addApart(() -> request.succeed(answer));
        }
    }

    private void forget(Pending request) {
        if (pending.remove(request.id, request)) {
            underWay.decrementAndGet();
            home.execute(request::stopTimer);
        }
    }

    /** A request on its way. Its timer is the home loop's. */
    private final class Pending {
        private final String id;
        private final String topic;
        private final long timeoutMs;
        private final CompletableFuture<Message> answer = new CompletableFuture<>();
        private SessionLoop.@Nullable Timer timer;

        Pending(String id, String topic, long timeoutMs) {
            this.id = id;
            this.topic = topic;
            this.timeoutMs = timeoutMs;
        }

        private void succeed(Message with) {
            forget(this); // first: what depends on the answer may make another request
            answer.complete(with);
        }

        private void fail(Throwable failure) {
            forget(this);
            answer.completeExceptionally(failure);
        }

        private void startTimer() {
            if (!answer.isDone()) {
                timer = home.schedule(timeoutMs, this::timedOut);
            }
        }

        private void timedOut() {
            String what = "no answer to a request on " + topic + " within " + timeoutMs + " ms";
            completions.addApart(() -> fail(new TimeoutException(what)));
        }

        private void stopTimer() {
            if (timer != null) {
                timer.cancel();
            }
        }
    }
}
