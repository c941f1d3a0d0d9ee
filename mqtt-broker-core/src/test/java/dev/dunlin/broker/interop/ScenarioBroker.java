package dev.dunlin.broker.interop;

import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerBuilder;
import dev.dunlin.broker.BrokerStartException;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.testkit.TestStore;
import java.io.IOException;
import java.time.Duration;
import java.util.function.UnaryOperator;

/** The broker of one scenario, with its store, and a listener for the transport of its clients. */
final class ScenarioBroker implements AutoCloseable {
    private final TestStore store = new TestStore();
    private final Transport transport;
    private final Broker broker;

    ScenarioBroker(Transport transport) {
        this(transport, builder -> builder);
    }

    ScenarioBroker(Transport transport, UnaryOperator<BrokerBuilder> configuration) {
        this.transport = transport;
        try {
            broker = configuration.apply(transport.listen(store.builder())).start();
        } catch (BrokerStartException e) {
            throw new AssertionError("the broker under test does not start", e);
        }
    }

    /** How a client of this id connects. */
    Setup client(String clientId) {
        return Setup.of(transport, transport.port(broker), clientId);
    }

    /** How a client of this id connects through a relay. */
    Setup client(String clientId, Relay relay) {
        return Setup.of(transport, relay.port(), clientId);
    }

    Relay relay() throws IOException {
        return new Relay(transport.port(broker));
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
