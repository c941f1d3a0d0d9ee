package dev.dunlin.broker;

import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.codec.ReasonCode;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Questions that are worked on by the handlers' threads and by loops. Answers are handed over on the handlers' threads; those
 * that are still to come when the broker closes fail. Any thread.
 */
final class Questions {
    private final Executor handlers;
    private final Set<Answer<?>> unanswered = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    Questions(Executor handlers) {
        this.handlers = handlers;
    }

    /** One that is to come. */
    private static final class Answer<T> {
        final CompletableFuture<T> result = new CompletableFuture<>();
    }

    /** Begins the work on a handlers' thread, and hands over what it comes to, or why it failed, on one. */
    <T> CompletionStage<T> answer(Supplier<? extends CompletionStage<T>> work) {
        Answer<T> answer = new Answer<>();
        unanswered.add(answer);
        if (closed) { // noted first, then asked: either this or close() sees it
            rejectAll();
        } else {
            execute(answer, () -> begin(work, answer));
        }
        return answer.result;
    }

    private void execute(Answer<?> answer, Runnable task) {
        try {
            handlers.execute(task);
        } catch (RejectedExecutionException closing) { // they have just ended
            reject(answer);
        }
    }

    private <T> void begin(Supplier<? extends CompletionStage<T>> work, Answer<T> answer) {
        CompletionStage<T> stage;
        try {
            stage = work.get();
        } catch (RuntimeException | Error e) { // whoever asked is told
            stage = CompletableFuture.failedFuture(e);
        }
        stage.whenComplete((value, failure) -> execute(answer, () -> complete(answer, value, failure)));
    }

    private <T> void complete(Answer<T> answer, T value, @Nullable Throwable failure) {
        unanswered.remove(answer);
        if (failure == null) {
            answer.result.complete(value);
        } else {
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            answer.result.completeExceptionally(cause == null ? failure : cause);
        }
    }

    /** What a loop answers. Completes there. */
    static <T> CompletableFuture<T> ask(SessionLoop loop, Supplier<T> question) {
        return CompletableFuture.supplyAsync(question, loop::execute);
    }

    /** Rejects what is still to be answered and all that comes. After the loops have ended. */
    void close() {
        closed = true;
        rejectAll();
    }

    private void rejectAll() {
        List.copyOf(unanswered).forEach(this::reject);
    }

    private void reject(Answer<?> answer) {
        unanswered.remove(answer);
        answer.result.completeExceptionally(new RejectedException(ReasonCode.SERVER_SHUTTING_DOWN));
    }
}
