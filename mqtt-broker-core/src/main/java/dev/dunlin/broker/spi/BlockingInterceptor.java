package dev.dunlin.broker.spi;

import dev.dunlin.codec.SubscriptionRequest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * See {@link Interceptor#blocking}.
 *
 * @param inner whose hooks run on the executor, where they may block
 * @param executor bounded by its owner
 */
public record BlockingInterceptor(Interceptor inner, Executor executor) implements Interceptor {
    private static final Logger LOG = LoggerFactory.getLogger(BlockingInterceptor.class);

    @Override
    public Verdict<ConnectTerms> onConnect(ClientInfo client, ConnectRequest request, ConnectTerms asked) {
        return later(() -> inner.onConnect(client, request, asked));
    }

    @Override
    public Verdict<Message> onPublish(ClientInfo from, Message message) {
        return later(() -> inner.onPublish(from, message));
    }

    @Override
    public Verdict<SubscriptionRequest> onSubscribe(ClientInfo from, SubscriptionRequest asked) {
        return later(() -> inner.onSubscribe(from, asked));
    }

    @Override
    public Verdict<String> onUnsubscribe(ClientInfo from, String filter) {
        return later(() -> inner.onUnsubscribe(from, filter));
    }

    /** Not on the executor: it is asked on the receiver's event loop, and must not block. */
    @Override
    public Verdict<Message> onDeliver(ClientInfo to, Message message) {
        return inner.onDeliver(to, message);
    }

    @Override
    public Verdict<Message> onWill(ClientInfo from, Message will) {
        return later(() -> inner.onWill(from, will));
    }

    @Override
    public void onDisconnect(ClientInfo who, Disconnection how) {
        executor.execute(() -> {
            try {
                inner.onDisconnect(who, how);
            } catch (Throwable e) { // user code: nobody waits for it, so that it is told here
                LOG.warn(
                        "client {}: an interceptor failed in onDisconnect: {}",
                        Printable.text(who.clientId()),
                        e.toString());
            }
        });
    }

    private <T> Verdict<T> later(Supplier<Verdict<T>> question) {
        return Verdict.later(
                CompletableFuture.supplyAsync(question, executor).thenCompose(BlockingInterceptor::whenKnown));
    }

    /** One that blocks may know only later all the same. */
    private static <T> CompletionStage<Verdict<T>> whenKnown(Verdict<T> verdict) {
        return verdict instanceof Verdict.Later<T> later ? later.stage() : CompletableFuture.completedFuture(verdict);
    }
}
