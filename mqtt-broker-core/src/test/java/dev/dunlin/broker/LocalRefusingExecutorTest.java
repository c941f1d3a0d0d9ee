package dev.dunlin.broker;

import static dev.dunlin.broker.TestBroker.eventually;
import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.MessageHandler;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The user's executor for handlers doesn't take what the local client brings: all stages complete, nothing durable is lost. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class LocalRefusingExecutorTest {
    private static final long DAY = 86_400;

    private final AtomicInteger atWork = new AtomicInteger();
    private volatile BooleanSupplier refuses = () -> false;

    @AutoClose
    private final TestBroker broker = TestBroker.start(builder -> builder.handlerExecutor(this::execute)
            .limits(Limits.EMBEDDED.withLocalRequestsMax(1).withLocalQueueMessagesMax(2)));

    private final BlockingQueue<Message> came = new LinkedBlockingQueue<>();

    private void execute(Runnable task) {
        if (refuses.getAsBoolean()) {
            throw new RejectedExecutionException("on purpose");
        }
        atWork.incrementAndGet();
        Runnable counted = () -> {
            try {
                task.run();
            } finally {
                atWork.decrementAndGet();
            }
        };
        new Thread(counted, "users").start();
    }

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
    }

    private LocalSession lasting() {
        return join(
                broker.local().connect(LocalSessionOptions.of("local").resuming(DAY, MessageHandler.of(came::add))));
    }

    @Test
    void aSessionThatCantHandOutIsLostAndGetsEverythingAgain() throws InterruptedException {
        LocalSession session = lasting();
        join(session.subscribe("t", QoS.EXACTLY_ONCE, MessageHandler.of(came::add)));
        eventually("nothing is at work", () -> atWork.get() == 0);
        refuses = () -> Thread.currentThread().getName().equals("users"); // turns go on, what they begin doesn't
        broker.client("c").published("t", "1", 1).published("t", "2", 2);
        assertThat(join(session.closed())).isEqualTo(ReasonCode.UNSPECIFIED_ERROR);
        assertThat(came).isEmpty();
        refuses = () -> false;
        assertThat(lasting().isSessionPresent()).isTrue();
        for (String payload : List.of("1", "2")) {
            Message again = came.poll(10, TimeUnit.SECONDS);
            assertThat(again).as(payload).isNotNull();
            assertThat(again.payloadText()).isEqualTo(payload);
        }
        assertThat(broker.dropped(DropReason.REJECTED_BY_RECEIVER)).isZero();
    }

    @Test
    void aQos0PublishOfWhichNotAllIsOnItsWayFails() {
        LocalSession session = lasting();
        CountDownLatch released = new CountDownLatch(1);
        try {
            broker.loop(0).execute(() -> await(released));
            broker.loop(1).execute(() -> await(released));
            Message large = Message.builder("t").payload(new byte[60_000]).build();
            join(session.publish(large)); // the pipe to the broker has room for one, and nobody reads
            List<CompletionStage<Published>> waiting = new ArrayList<>();
            waiting.add(session.publish(large));
            waiting.add(session.publish(large));
            eventually("nothing is at work", () -> atWork.get() == 0);
            refuses = () -> true;
            waiting.add(session.publish(large)); // finds out
            for (CompletionStage<Published> each : waiting) {
                assertThatThrownBy(() -> join(each)).hasCauseInstanceOf(RejectedException.class);
            }
        } finally {
            released.countDown();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void requestsTimeOutAndAreForgotten() {
        broker.local().subscribe("upper", silent -> {});
        refuses = () -> true;
        for (int i = 0; i < 2; i++) { // of which one may be under way
            CompletionStage<Message> answer = broker.local().request(Message.of("upper", "q"), Duration.ofMillis(50));
            assertThatThrownBy(() -> join(answer)).hasCauseInstanceOf(TimeoutException.class);
            assertThatThrownBy(() -> join(answer)).hasMessageContaining("50 ms");
        }
    }

    @Test
    void retainedMessagesThatWaitForRoomAreCountedToo() {
        WireClient client = broker.client("c");
        for (int i = 0; i < 10; i++) {
            client.published(publish("r/" + i, "p").retain(), 1);
        }
        refuses = () -> true;
        broker.local().subscribe("r/#", QoS.AT_LEAST_ONCE, MessageHandler.of(came::add));
        eventually("all have failed", () -> broker.dropped(DropReason.LOCAL_HANDLER_FAILED) == 10);
    }
}
