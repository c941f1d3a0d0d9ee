package dev.dunlin.broker.spi;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * Receives the messages of a local subscription, one at a time and in order, on a thread of the broker that is not an
 * event loop: it may block.
 */
@FunctionalInterface
public interface MessageHandler {

    /**
     * A message has arrived. The next one comes when the returned stage has completed: that acknowledges this one. A
     * stage that fails, or a call that throws, is logged, and the message counts as dropped.
     */
    CompletionStage<?> onMessage(Message message);

    /** A handler that is done with the message when it returns. */
    static MessageHandler of(Consumer<? super Message> consumer) {
        CompletionStage<?> done = CompletableFuture.completedFuture(null);
        return message -> {
            consumer.accept(message);
            return done;
        };
    }
}
