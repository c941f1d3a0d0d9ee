package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.MessageHandler;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.codec.QoS;
import dev.dunlin.store.tck.Crash;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is acknowledged to or by the local client outlives the process. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class LocalClientOverARestartTest {
    private static final long DAY = 86_400;

    private final StoredBroker stored = StoredBroker.start();
    private final BlockingQueue<Message> came = new LinkedBlockingQueue<>();

    @AfterEach
    void close() {
        stored.close();
    }

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
    }

    private String next() throws InterruptedException {
        Message message = came.poll(10, TimeUnit.SECONDS);
        assertThat(message).as("a message within 10 s").isNotNull();
        return message.payloadText();
    }

    private LocalSession session() {
        LocalSessionOptions options = LocalSessionOptions.of("local").resuming(DAY, MessageHandler.of(came::add));
        return join(stored.broker().local().connect(options));
    }

    private void publish(String payload, QoS qos) {
        join(stored.broker()
                .local()
                .publish(Message.builder("t").payload(payload).qos(qos).build()));
    }

    private void expectEmpty() {
        TestBroker.eventually("queues and messages are gone", () -> {
            stored.sync();
            return stored.contents().count(Space.QUEUE) == 0
                    && stored.contents().count(Space.MESSAGE) == 0;
        });
    }

    @ParameterizedTest
    @EnumSource(Crash.class)
    void aSessionIsResumedWithWhatHasWaited(Crash kind) throws InterruptedException {
        LocalSession before = session();
        join(before.subscribe("t", QoS.EXACTLY_ONCE, message -> {
            throw new IllegalStateException("not yet");
        }));
        before.close();
        join(before.closed());
        publish("1", QoS.AT_LEAST_ONCE);
        publish("2", QoS.EXACTLY_ONCE);
        stored.crash(kind);
        LocalSession after = session();
        assertThat(after.isSessionPresent()).isTrue();
        assertThat(next()).isEqualTo("1");
        assertThat(next()).isEqualTo("2");
        expectEmpty();
        publish("3", QoS.AT_LEAST_ONCE);
        assertThat(next()).isEqualTo("3");
    }

    @Test
    void whatAHandlerWasNotDoneWithComesAgainToTheGroup() throws InterruptedException {
        stored.away("a", "$share/g/t", 2); // so the group is stored
        stored.broker().local().subscribe("$share/g/t", QoS.EXACTLY_ONCE, message -> {
            came.add(message);
            return message.payloadText().equals("done")
                    ? CompletableFuture.completedFuture(null)
                    : new CompletableFuture<>();
        });
        publish("done", QoS.AT_LEAST_ONCE);
        publish("not done", QoS.AT_LEAST_ONCE);
        publish("not begun", QoS.EXACTLY_ONCE);
        assertThat(next()).isEqualTo("done");
        assertThat(next()).isEqualTo("not done");
        stored.sync();
        stored.crash(Crash.values()[0]);
        stored.broker().local().subscribe("$share/g/t", came::add);
        assertThat(next()).isEqualTo("not done");
        assertThat(next()).isEqualTo("not begun");
        expectEmpty();
        assertThat(came).isEmpty();
    }
}
