package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** A broker whose limits are changed while it runs, with a client that has been there since before. */
final class LiveBroker implements AutoCloseable {
    private static final Duration WAIT = Duration.ofSeconds(10);

    final TestBroker broker;
    final WireClient before;

    private LiveBroker(TestBroker broker) {
        this.broker = broker;
        before = broker.client("before");
    }

    static LiveBroker start() {
        return start(builder -> builder);
    }

    static LiveBroker start(UnaryOperator<BrokerBuilder> configuration) {
        return new LiveBroker(TestBroker.start(configuration));
    }

    /** Changes the broker's limits; returns when all loops go by them. */
    void change(UnaryOperator<Limits> by) {
        change(broker, by);
    }

    /** Changes a broker's limits; returns when all loops go by them. */
    static void change(TestBroker broker, UnaryOperator<Limits> by) {
        Limits wanted = by.apply(broker.broker().limits());
        await(broker.broker().changeLimits(wanted));
        assertThat(broker.broker().limits()).isEqualTo(wanted);
    }

    static void await(CompletionStage<Void> change) {
        change.toCompletableFuture()
                .orTimeout(WAIT.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    WireClient client(String id) {
        return broker.client(id);
    }

    WireClient open() {
        return broker.open(MqttVersion.V5);
    }

    /** The bounds that the tests of these classes change, each as often as there is a test for it. */
    static List<String> changedBy(Class<?>... tests) {
        return Arrays.stream(tests)
                .flatMap(each -> Arrays.stream(each.getDeclaredMethods()))
                .map((Method method) -> method.getAnnotation(Changes.class))
                .filter(changes -> changes != null)
                .flatMap(changes -> Arrays.stream(changes.value()))
                .toList();
    }

    @Override
    public void close() {
        broker.close();
    }
}
