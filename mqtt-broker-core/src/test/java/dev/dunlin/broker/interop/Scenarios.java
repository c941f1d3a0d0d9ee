package dev.dunlin.broker.interop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.testkit.TestStore;
import dev.dunlin.codec.QoS;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every client must be able to do with the broker: written once, run for each library and protocol version. */
interface Scenarios {
    int MESSAGES = 20;
    int LARGE_CHARS = 1_000_000;

    /** Connects a client of this library and subscribes to what it asks for. */
    TestClient connect(Setup setup) throws Exception;

    /** Connects a client and has it leave with DISCONNECT. */
    default void visit(Setup setup) throws Exception {
        connect(setup).close();
    }

    /** Whether the library can send a character of four bytes in a topic. */
    default boolean sendsFourByteCharacters() {
        return true;
    }

    @Test
    default void deliversInOrderOnceEach() throws Exception {
        try (TestStore store = new TestStore();
                Broker broker = store.builder().start();
                TestClient subscriber = connect(client(broker, "subscriber").subscribing(QoS.EXACTLY_ONCE, "round/+"));
                TestClient publisher = connect(client(broker, "publisher"))) {
            for (QoS qos : QoS.values()) {
                List<TestMessage> sent = new ArrayList<>();
                for (int i = 0; i < MESSAGES; i++) {
                    sent.add(new TestMessage("round/trip", "message " + i, qos));
                    publisher.publish(sent.get(i));
                }
                assertThat(receive(subscriber, MESSAGES)).isEqualTo(sent);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    default void deliversWithTheLowerQoS(QoS subscribed) throws Exception {
        try (TestStore store = new TestStore();
                Broker broker = store.builder().start();
                TestClient subscriber = connect(client(broker, "subscriber").subscribing(subscribed, "lower"));
                TestClient publisher = connect(client(broker, "publisher"))) {
            for (QoS published : QoS.values()) {
                TestMessage message = new TestMessage("lower", "published with " + published, published);
                publisher.publish(message);
                QoS lower = published.level() < subscribed.level() ? published : subscribed;
                assertThat(subscriber.receive()).isEqualTo(message.at(lower));
            }
        }
    }

    @Test
    default void deliversARetainedMessageToALaterSubscriberUntilItIsCleared() throws Exception {
        TestMessage kept = new TestMessage("retained", "kept", QoS.AT_LEAST_ONCE);
        TestMessage live = new TestMessage("retained", "live", QoS.AT_LEAST_ONCE);
        try (TestStore store = new TestStore();
                Broker broker = store.builder().start();
                TestClient publisher = connect(client(broker, "publisher"));
                TestClient early = connect(client(broker, "early").subscribing(QoS.EXACTLY_ONCE, "retained"))) {
            publisher.publish(kept.retained());
            assertThat(early.receive()).isEqualTo(kept);
            try (TestClient later = connect(client(broker, "later").subscribing(QoS.EXACTLY_ONCE, "#"))) {
                assertThat(later.receive()).isEqualTo(kept.retained());
            }
            publisher.publish(new TestMessage("retained", "", QoS.AT_LEAST_ONCE, true));
            assertThat(early.receive().payload()).isEmpty();
            try (TestClient last = connect(client(broker, "last").subscribing(QoS.EXACTLY_ONCE, "retained"))) {
                publisher.publish(live);
                assertThat(last.receive()).isEqualTo(live);
            }
        }
    }

    @Test
    default void publishesTheWillOfAClientThatIsCutOff() throws Exception {
        TestMessage will = new TestMessage("will/of/ill", "gone", QoS.EXACTLY_ONCE);
        try (TestStore store = new TestStore();
                Broker broker = store.builder().start();
                Relay relay = new Relay(broker.port("tcp"));
                TestClient heir = connect(client(broker, "heir").subscribing(QoS.EXACTLY_ONCE, "will/#"));
                TestClient ill = connect(Setup.of(relay.port(), "ill").will(will))) {
            relay.cut();
            assertThat(heir.receive()).isEqualTo(will);
        }
    }

    @Test
    default void publishesNoWillOfAClientThatDisconnects() throws Exception {
        TestMessage will = new TestMessage("will/of/well", "not gone", QoS.AT_LEAST_ONCE);
        TestMessage last = new TestMessage("will/none", "the first to arrive", QoS.AT_LEAST_ONCE);
        try (TestStore store = new TestStore();
                Broker broker = store.builder().start();
                TestClient heir = connect(client(broker, "heir").subscribing(QoS.AT_LEAST_ONCE, "will/#"))) {
            visit(client(broker, "well").will(will));
            try (TestClient publisher = connect(client(broker, "well"))) { // the same id: on the loop of the first
                publisher.publish(last);
            }
            assertThat(heir.receive()).isEqualTo(last);
        }
    }

    @Test
    default void resumesASessionWithWhatCameMeanwhile() throws Exception {
        TestMessage one = new TestMessage("session/one", "QoS 1", QoS.AT_LEAST_ONCE);
        TestMessage two = new TestMessage("session/two", "QoS 2", QoS.EXACTLY_ONCE);
        try (TestStore store = new TestStore();
                Broker broker = store.builder().start();
                TestClient publisher = connect(client(broker, "publisher"))) {
            Setup setup = client(broker, "sleeper").keepingSession();
            try (TestClient awake = connect(setup.subscribing(QoS.EXACTLY_ONCE, "session/+"))) {
                awake.sessionPresent().ifPresent(present -> assertThat(present).isFalse());
            }
            publisher.publish(one);
            publisher.publish(two);
            try (TestClient back = connect(setup)) {
                back.sessionPresent().ifPresent(present -> assertThat(present).isTrue());
                assertThat(receive(back, 2)).containsExactly(one, two);
                publisher.publish(two);
                assertThat(back.receive()).isEqualTo(two);
            }
        }
    }

    @Test
    default void carriesAMegabyte() throws Exception {
        try (TestStore store = new TestStore();
                Broker broker = store.builder().start();
                TestClient subscriber = connect(client(broker, "subscriber").subscribing(QoS.EXACTLY_ONCE, "large"));
                TestClient publisher = connect(client(broker, "publisher"))) {
            for (QoS qos : QoS.values()) {
                TestMessage large = new TestMessage("large", "0123456789".repeat(LARGE_CHARS / 10), qos);
                TestMessage small = new TestMessage("large", "and a small one behind it", qos);
                publisher.publish(large);
                if (qos == QoS.AT_MOST_ONCE) { // what comes while its output is full would be dropped
                    assertThat(subscriber.receive()).isEqualTo(large);
                    publisher.publish(small);
                    assertThat(subscriber.receive()).isEqualTo(small);
                } else {
                    publisher.publish(small);
                    assertThat(receive(subscriber, 2)).containsExactly(large, small);
                }
            }
        }
    }

    @Test
    default void carriesTopicsBeyondASCII() throws Exception {
        String topic = "Straße/Σίσυφος/日本 語/" + (sendsFourByteCharacters() ? "🦆" : "鴨");
        TestMessage message = new TestMessage(topic, "größer als ∞ 🦆", QoS.AT_LEAST_ONCE);
        try (TestStore store = new TestStore();
                Broker broker = store.builder().start();
                TestClient subscriber =
                        connect(client(broker, "подписчик").subscribing(QoS.AT_LEAST_ONCE, "Straße/+/日本 語/#"));
                TestClient publisher = connect(client(broker, "出版者"))) {
            publisher.publish(message);
            assertThat(subscriber.receive()).isEqualTo(message);
        }
    }

    private static Setup client(Broker broker, String clientId) {
        return Setup.of(broker.port("tcp"), clientId);
    }

    private static List<TestMessage> receive(TestClient client, int count) throws InterruptedException {
        List<TestMessage> received = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            received.add(client.receive());
        }
        return received;
    }
}
