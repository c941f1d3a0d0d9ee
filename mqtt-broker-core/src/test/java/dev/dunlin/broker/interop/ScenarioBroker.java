package dev.dunlin.broker.interop;

import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerBuilder;
import dev.dunlin.broker.BrokerStartException;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.testkit.TestStore;
import dev.dunlin.broker.testkit.TestTransport;
import java.io.IOException;
import java.time.Duration;
import java.util.function.UnaryOperator;

/** The broker of one scenario, with its store, and a listener for the transport of its clients. */
final class ScenarioBroker implements AutoCloseable {
    private static final String LISTENER = "scenario";

    private final TestStore store = new TestStore();
    private final TestTransport transport;
    private final Broker broker;

    ScenarioBroker(TestTransport transport) {
        this(transport, builder -> builder);
    }

    ScenarioBroker(TestTransport transport, UnaryOperator<BrokerBuilder> configuration) {
        this.transport = transport;
        try {
            broker = configuration
                    .apply(store.builder().listen(transport.listener().name(LISTENER)))
                    .start();
        } catch (BrokerStartException e) {
            throw new AssertionError("the broker under test does not start", e);
        }
    }

    /** How a client of this id connects. */
    Setup client(String clientId) {
        return Setup.of(transport, broker.port(LISTENER), clientId);
    }

    Relay relay() throws IOException {
        return new Relay(broker.port(LISTENER));
    }

    /** Waits until nobody subscribes to a topic, connected or not. */
    void awaitNobodyAt(String topic) {
        await().atMost(Duration.ofSeconds(Inbox.PATIENCE_SECONDS))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> !matches(topic));
    }

    private boolean matches(String topic) {
        return broker.local()
                .publish(Message.of(topic, "anybody?"))
                .toCompletableFuture()
                .join()
                .matched();
    }

    @Override
    public void close() {
        broker.close();
        store.close();
    }
}
