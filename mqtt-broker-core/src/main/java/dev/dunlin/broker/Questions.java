package dev.dunlin.broker;

import dev.dunlin.broker.session.OwnThread;
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
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Questions that are worked on by the handlers' threads and by loops. Answers are handed over on the handlers' threads, or on
 * one of their own if these refuse; those that are still to come when the broker closes fail. Any thread.
 */
final class Questions {
    private static final Logger LOG = LoggerFactory.getLogger(Questions.class);

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
            reject(answer, ReasonCode.SERVER_SHUTTING_DOWN); // nobody has it yet: here is as good as anywhere
        } else {
            start(answer, () -> begin(work, answer));
        }
        return answer.result;
    }

    private void start(Answer<?> answer, Runnable task) {
        try {
            handlers.execute(task);
        } catch (Throwable e) { // the user's executor, which is full; or ours, which has just ended
            LOG.warn("the executor for handlers refuses a question: {}", e.toString());
            reject(answer, closed ? ReasonCode.SERVER_SHUTTING_DOWN : ReasonCode.QUOTA_EXCEEDED);
        }
    }

    private <T> void begin(Supplier<? extends CompletionStage<T>> work, Answer<T> answer) {
        CompletionStage<T> stage;
        try {
            stage = work.get();
        } catch (RuntimeException | Error e) { // whoever asked is told
            stage = CompletableFuture.failedFuture(e);
        }
        stage.whenComplete((value, failure) -> OwnThread.ifRefused(handlers, () -> complete(answer, value, failure)));
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

    /**
     * Rejects what is still to be answered and all that comes. After the loops have ended; not on this thread, which has more to
     * close: what depends on an answer is user code.
     */
    void close() {
        closed = true;
        for (Answer<?> answer : List.copyOf(unanswered)) {
            OwnThread.ifRefused(handlers, () -> reject(answer, ReasonCode.SERVER_SHUTTING_DOWN));
        }
    }

    private void reject(Answer<?> answer, ReasonCode reason) {
        unanswered.remove(answer);
        answer.result.completeExceptionally(new RejectedException(reason));
    }
}
