package dev.dunlin.broker;

import static dev.dunlin.broker.TestBroker.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.broker.spi.TraceOptions;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.ReasonCode;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The user's executor for handlers doesn't take what administration and traces bring: nobody else suffers, and all are told. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class RefusingExecutorTest {
    private final AtomicInteger takes = new AtomicInteger(Integer.MAX_VALUE);
    private volatile Executor afterwards = task -> {
        throw new RejectedExecutionException("full");
    };

    @AutoClose
    private final TestBroker broker = TestBroker.start(builder -> builder.handlerExecutor(this::execute));

    private void execute(Runnable task) {
        if (takes.getAndDecrement() > 0) {
            new Thread(task, "users").start();
        } else {
            afterwards.execute(task);
        }
    }

    private static <T> T get(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
    }

    @Test
    void aTraceEndsAndItsClientIsServed() {
        Trace trace = get(broker.broker().admin().trace(TraceOptions.ofClient("c"), (String line) -> {}));
        WireClient c = broker.client("c").subscribed("t", 1);
        broker.settle();
        afterwards = task -> {
            throw new OutOfMemoryError("unable to create native thread");
        };
        takes.set(0);
        c.ping().published("x", "y", 1).ping();
        assertThatThrownBy(() -> get(trace.closed())).hasCauseInstanceOf(OutOfMemoryError.class);
        eventually("none is on", () -> broker.loop(0).traffic().traces() == null);
        broker.client("publisher").published("t", "p", 1);
        c.expectPublish("t", "p", 1);
    }

    @Test
    void aQuestionIsRefusedAndNotTheBrokerClosed() {
        takes.set(0);
        assertThatThrownBy(() -> get(broker.broker().admin().session("c")))
                .cause()
                .isInstanceOfSatisfying(
                        RejectedException.class,
                        refused -> assertThat(refused.reason()).isEqualTo(ReasonCode.QUOTA_EXCEEDED));
        afterwards = task -> {
            throw new IllegalStateException("on purpose");
        };
        assertThatThrownBy(() -> get(broker.broker().admin().session("c"))).hasCauseInstanceOf(RejectedException.class);
    }

    @Test
    void anAnswerIsGivenOnAThreadThatIsNoLoop() {
        broker.client("c");
        broker.settle();
        CountDownLatch registered = new CountDownLatch(1);
        broker.loop(0).execute(() -> await(registered));
        broker.loop(1).execute(() -> await(registered));
        takes.set(1); // the work, and not the answer
        CompletableFuture<String> dependent = new CompletableFuture<>();
        broker.broker().admin().session("c").thenAccept(state -> {
            assertThat(state).isPresent();
            dependent.complete(Thread.currentThread().getName());
        });
        registered.countDown();
        assertThat(get(dependent)).isEqualTo("dunlin-instead-of-handlers");
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void whatDependsOnAnAnswerMayCloseTheBrokerThatIsBeingClosed() {
        takes.set(0);
        Executor refuses = afterwards;
        afterwards = lost -> afterwards = refuses; // so that its question is open at the end
        CompletableFuture<Void> told = new CompletableFuture<>();
        broker.broker().admin().session("c").whenComplete((state, failure) -> {
            broker.broker().close();
            told.complete(null);
        });
        get(broker.broker().closeAsync(Duration.ZERO));
        get(told);
    }

    @Test
    void whatDependsOnTheEndMayCloseOnceMore() {
        CompletionStage<Void> end = broker.broker().closeAsync(Duration.ofSeconds(1));
        get(end.thenRun(() -> broker.broker().close()));
    }
}
