package dev.dunlin.broker;

import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.LocalSubscriber;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.Printable;
import dev.dunlin.broker.spi.SubscriptionOptions;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The flows of one broker's messages: who subscribes to one gets a subscription of its own. The rules are those of Reactive Streams 1.0.4. */
final class LocalMessages {
    private static final Logger LOG = LoggerFactory.getLogger(LocalMessages.class);
    private static final CompletionStage<?> DONE = CompletableFuture.completedFuture(null);

    /** Of a flow that was over before it began. */
    private static final Flow.Subscription OVER = new Flow.Subscription() {
        @Override
        public void request(long n) {
            // nothing comes any more
        }

        @Override
        public void cancel() {
            // it has ended
        }
    };

    private final Core core;
    private final Executor handlers;
    private final Set<Subscribed> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    LocalMessages(Core core, Executor handlers) {
        this.core = core;
        this.handlers = handlers;
    }

    Flow.Publisher<Message> publisher(String filter, SubscriptionOptions options) {
        return subscriber -> subscribe(filter, options, Objects.requireNonNull(subscriber, "subscriber")); // 1.9
    }

    private void subscribe(String filter, SubscriptionOptions options, Flow.Subscriber<? super Message> subscriber) {
        if (closed) {
            subscriber.onSubscribe(OVER);
            subscriber.onComplete();
            return;
        }
        Subscribed made = new Subscribed(filter, options, subscriber);
        open.add(made);
        try {
            subscriber.onSubscribe(made);
        } catch (Throwable e) { // 2.13: it broke the rules, and is taken to have cancelled
            LOG.warn(
                    "local subscription {}: its subscriber failed in onSubscribe: {}",
                    Printable.text(filter),
                    e.toString());
            made.cancel();
        }
        made.source.begin();
        if (closed) { // noted first, then asked: either this or close() sees it
            made.complete();
        }
    }

    /** Completes all flows and those that come. */
    void close() {
        closed = true;
        List.copyOf(open).forEach(Subscribed::complete);
    }

    /** One subscriber with its subscription. Signals are serial: they come out of the queue of its source. */
    private final class Subscribed implements Flow.Subscription {
        private final LocalSubscriber source;
        private volatile Flow.@Nullable Subscriber<? super Message> subscriber;

        Subscribed(String filter, SubscriptionOptions options, Flow.Subscriber<? super Message> subscriber) {
            this.subscriber = subscriber;
            source = LocalSubscriber.subscribeOnRequest(core, filter, options, this::next, handlers);
        }

        private CompletionStage<?> next(Message message) {
            Flow.Subscriber<? super Message> to = subscriber;
            if (to != null) {
                try {
                    to.onNext(message);
                } catch (Throwable e) { // 2.13, as above; the message counts as one that a handler failed on
                    cancel();
                    throw e;
                }
            }
            return DONE;
        }

        @Override
        public void request(long n) {
            if (n > 0) {
                source.request(n);
            } else { // 3.9
                end(to -> to.onError(new IllegalArgumentException("3.9: request(" + n + "), which is not above 0")));
            }
        }

        @Override
        public void cancel() {
            subscriber = null; // 3.13
            end(nobody -> {});
        }

        void complete() {
            end(Flow.Subscriber::onComplete);
        }

        private void end(Ending signal) {
            if (open.remove(this)) { // the first end is the only one
                source.endWith(() -> {
                    Flow.Subscriber<? super Message> to = subscriber;
                    subscriber = null;
                    if (to != null) {
                        signal.to(to);
                    }
                });
            }
        }
    }

    /** The last signal. */
    private interface Ending {
        void to(Flow.Subscriber<? super Message> subscriber);
    }
}
