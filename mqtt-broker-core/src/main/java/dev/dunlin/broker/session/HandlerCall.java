package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.MessageHandler;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A call of a handler, which is user code: it may throw anything, and its stage may be null, or complete late or twice. */
public final class HandlerCall {
    private HandlerCall() {}

    /**
     * Hands a message to a handler.
     *
     * @param completed called once, with the failure or null, on this thread or that of the handler's stage; not if it is
     *     done already
     * @return whether it is done already, without a failure
     */
    public static boolean isDone(MessageHandler handler, Message message, Consumer<@Nullable Throwable> completed) {
        CompletionStage<?> stage;
        try {
            stage = Objects.requireNonNull(handler.onMessage(message), "it gave no stage");
        } catch (Throwable e) { // accounted for like a failed stage
            completed.accept(e);
            return false;
        }
        if (isDone(stage)) {
            return true;
        }
        await(stage, completed);
        return false;
    }

    /** Only what the JDK's own class says: a subclass may throw, and the one of CompletableFuture.completedStage does. */
    private static boolean isDone(CompletionStage<?> stage) {
        if (stage.getClass() != CompletableFuture.class) {
            return false;
        }
        CompletableFuture<?> future = (CompletableFuture<?>) stage;
        return future.isDone() && !future.isCompletedExceptionally();
    }

    private static void await(CompletionStage<?> stage, Consumer<@Nullable Throwable> completed) {
        AtomicBoolean before = new AtomicBoolean();
        try {
            stage.whenComplete((nothing, failure) -> {
                if (!before.getAndSet(true)) {
                    completed.accept(failure);
                }
            });
        } catch (Throwable e) { // a stage of the user's own making
            if (!before.getAndSet(true)) {
                completed.accept(e);
            }
        }
    }
}
