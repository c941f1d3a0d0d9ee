package dev.dunlin.broker.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.session.LocalPublisher;
import dev.dunlin.broker.session.LocalRequests;
import dev.dunlin.broker.session.LocalSubscriber;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.MessageHandler;
import dev.dunlin.broker.spi.SubscriptionOptions;
import dev.dunlin.codec.QoS;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** Requests of the local client, on virtual time. */
final class LocalRequestTimeTest {
    @Test
    void failsWhenItsTimeIsOver() {
        try (Simulation simulation = new Simulation(1, 2, Limits.EMBEDDED)) {
            LocalPublisher publisher = new LocalPublisher(simulation.core, Runnable::run);
            LocalRequests requests = new LocalRequests(simulation.core, publisher, Runnable::run);
            LocalSubscriber.subscribe(
                    simulation.core,
                    "t",
                    SubscriptionOptions.of(QoS.AT_LEAST_ONCE),
                    MessageHandler.of(silent -> {}),
                    Runnable::run);
            CompletableFuture<Message> answer = requests.request(Message.of("t", "?"), 10_000);
            simulation.settle();
            simulation.advance(Duration.ofMillis(9_999));
            assertThat(answer).isNotDone();
            simulation.advance(Duration.ofMillis(1));
            assertThat(answer).isCompletedExceptionally();
            assertThatThrownBy(answer::join)
                    .hasCauseInstanceOf(TimeoutException.class)
                    .hasMessageContaining("no answer to a request on t within 10000 ms");
            publisher.close();
            requests.close();
        }
    }
}
