package dev.dunlin.broker.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.codec.QoS;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.TestInstance;

/**
 * What every client must be able to do with the broker: written once, run for each library, protocol version and transport.
 * Here is what all versions have, {@link Mqtt5Scenarios} has the rest.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
interface Scenarios {
    int MESSAGES = 20;

    /** 5 MB, or 100 with {@code -Ddunlin.long=true}. */
    int LARGE_CHARS = Boolean.getBoolean("dunlin.long") ? 100_000_000 : 5_000_000;

    /** What these scenarios are run with. */
    Variant client();

    private ScenarioBroker broker() {
        return new ScenarioBroker(client().transport());
    }

    // ---- quality of service

    @Scenario
    default void deliversInOrderOnceEach() throws Exception {
        try (ScenarioBroker broker = broker();
                TestClient subscriber =
                        client().connect(broker.client("subscriber").subscribing(QoS.EXACTLY_ONCE, "round/+"));
                TestClient publisher = client().connect(broker.client("publisher"))) {
            for (QoS qos : QoS.values()) {
                List<TestMessage> sent = messages("round/trip", qos);
                for (TestMessage message : sent) {
                    publisher.publish(message);
                }
                assertThat(subscriber.inbox().take(MESSAGES)).isEqualTo(sent);
            }
        }
    }

    @Scenario
    default void deliversWithTheLowerQoS() throws Exception {
        try (ScenarioBroker broker = broker();
                TestClient publisher = client().connect(broker.client("publisher"))) {
            for (QoS subscribed : QoS.values()) {
                Setup setup = broker.client("at " + subscribed).subscribing(subscribed, "lower");
                try (TestClient subscriber = client().connect(setup)) {
                    for (QoS published : QoS.values()) {
                        TestMessage message = new TestMessage("lower", "published with " + published, published);
                        publisher.publish(message);
                        QoS lower = published.level() < subscribed.level() ? published : subscribed;
                        assertThat(subscriber.receive()).isEqualTo(message.at(lower));
                    }
                }
            }
        }
    }

    // ---- payloads and topics

    @Scenario
    default void carriesALargePayload() throws Exception {
        Limits roomy = Limits.EMBEDDED.withPacketBytesMax(LARGE_CHARS + (16 << 20));
        try (ScenarioBroker broker = new ScenarioBroker(client().transport(), builder -> builder.limits(roomy));
                TestClient subscriber =
                        client().connect(broker.client("subscriber").subscribing(QoS.EXACTLY_ONCE, "large"));
                TestClient publisher = client().connect(broker.client("publisher"))) {
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
                    assertThat(subscriber.inbox().take(2)).containsExactly(large, small);
                }
            }
        }
    }

    @Scenario
    default void carriesTopicsBeyondASCII() throws Exception {
        carries("Straße/Σίσυφος/日本 語/鴨");
    }

    @Scenario(Feature.FOUR_BYTE_CHARACTERS)
    default void carriesTopicsBeyondTheBasicPlane() throws Exception {
        carries("Straße/Σίσυφος/日本 語/🦆");
    }

    private void carries(String topic) throws Exception {
        TestMessage message = new TestMessage(topic, "größer als ∞ 🦆", QoS.AT_LEAST_ONCE);
        try (ScenarioBroker broker = broker();
                TestClient subscriber =
                        client().connect(broker.client("подписчик").subscribing(QoS.AT_LEAST_ONCE, "Straße/+/日本 語/#"));
                TestClient publisher = client().connect(broker.client("出版者"))) {
            publisher.publish(message);
            assertThat(subscriber.receive()).isEqualTo(message);
        }
    }

    // ---- retained messages

    @Scenario
    default void deliversARetainedMessageToALaterSubscriberUntilItIsCleared() throws Exception {
        TestMessage kept = new TestMessage("retained", "kept", QoS.AT_LEAST_ONCE);
        TestMessage live = new TestMessage("retained", "live", QoS.AT_LEAST_ONCE);
        try (ScenarioBroker broker = broker();
                TestClient publisher = client().connect(broker.client("publisher"));
                TestClient early = client().connect(broker.client("early").subscribing(QoS.EXACTLY_ONCE, "retained"))) {
            publisher.publish(kept.retained());
            assertThat(early.receive()).isEqualTo(kept);
            try (TestClient later = client().connect(broker.client("later").subscribing(QoS.EXACTLY_ONCE, "#"))) {
                assertThat(later.receive()).isEqualTo(kept.retained());
            }
            publisher.publish(new TestMessage("retained", "", QoS.AT_LEAST_ONCE).retained());
            assertThat(early.receive().payload()).isEmpty();
            try (TestClient last = client().connect(broker.client("last").subscribing(QoS.EXACTLY_ONCE, "retained"))) {
                publisher.publish(live);
                assertThat(last.receive()).isEqualTo(live);
            }
        }
    }

    // ---- wills

    @Scenario
    default void publishesTheWillOfAClientThatIsCutOff() throws Exception {
        List<TestMessage> published = new ArrayList<>();
        try (ScenarioBroker broker = broker();
                TestClient heir = client().connect(broker.client("heir").subscribing(QoS.EXACTLY_ONCE, "will/#"))) {
            for (QoS qos : QoS.values()) {
                TestMessage will = new TestMessage("will/of/" + qos, "gone", qos);
                Setup setup = broker.client("ill at " + qos);
                try (Relay relay = broker.relay();
                        TestClient ill = client().connect(setup.through(relay).will(will.retained()))) {
                    relay.cut();
                    assertThat(heir.receive()).isEqualTo(will);
                    published.add(will.retained());
                }
            }
            try (TestClient late = client().connect(broker.client("late").subscribing(QoS.EXACTLY_ONCE, "will/#"))) {
                assertThat(late.inbox().take(published.size())).containsExactlyInAnyOrderElementsOf(published);
            }
        }
    }

    @Scenario
    default void publishesNoWillOfAClientThatDisconnects() throws Exception {
        TestMessage will = new TestMessage("will/of/well", "not gone", QoS.AT_LEAST_ONCE);
        TestMessage last = new TestMessage("will/none", "the first to arrive", QoS.AT_LEAST_ONCE);
        try (ScenarioBroker broker = broker();
                TestClient heir = client().connect(broker.client("heir").subscribing(QoS.AT_LEAST_ONCE, "will/#"))) {
            client().visit(broker.client("well").will(will));
            try (TestClient publisher =
                    client().connect(broker.client("well"))) { // the same id: on the loop of the first
                publisher.publish(last);
            }
            assertThat(heir.receive()).isEqualTo(last);
        }
    }

    // ---- sessions

    @Scenario
    default void resumesASessionWithWhatCameMeanwhile() throws Exception {
        TestMessage one = new TestMessage("session/one", "QoS 1", QoS.AT_LEAST_ONCE);
        TestMessage two = new TestMessage("session/two", "QoS 2", QoS.EXACTLY_ONCE);
        try (ScenarioBroker broker = broker();
                TestClient publisher = client().connect(broker.client("publisher"))) {
            Setup setup = broker.client("sleeper").keepingSession();
            try (TestClient awake = client().connect(setup.subscribing(QoS.EXACTLY_ONCE, "session/+"))) {
                awake.sessionPresent().ifPresent(present -> assertThat(present).isFalse());
            }
            publisher.publish(one);
            publisher.publish(two);
            try (TestClient back = client().connect(setup)) {
                back.sessionPresent().ifPresent(present -> assertThat(present).isTrue());
                assertThat(back.inbox().take(2)).containsExactly(one, two);
                publisher.publish(two);
                assertThat(back.receive()).isEqualTo(two);
            }
        }
    }

    @Scenario
    default void startsCleanWhenAskedTo() throws Exception {
        TestMessage forgotten = new TestMessage("before", "nobody's", QoS.AT_LEAST_ONCE);
        TestMessage first = new TestMessage("after", "the first to arrive", QoS.AT_LEAST_ONCE);
        try (ScenarioBroker broker = broker();
                TestClient publisher = client().connect(broker.client("publisher"))) {
            client().visit(broker.client("c").keepingSession().subscribing(QoS.AT_LEAST_ONCE, "before"));
            publisher.publish(forgotten);
            try (TestClient clean = client().connect(broker.client("c").subscribing(QoS.AT_LEAST_ONCE, "after"))) {
                clean.sessionPresent().ifPresent(present -> assertThat(present).isFalse());
                publisher.publish(forgotten);
                publisher.publish(first);
                assertThat(clean.receive()).isEqualTo(first);
            }
        }
    }

    // ---- connecting

    @Scenario
    default void letsInWhoHasTheRightPassword() throws Exception {
        Authenticator users = Authenticator.users(Map.of("Зоя", "größer als ∞"));
        TestMessage message = new TestMessage("private", "for members", QoS.AT_LEAST_ONCE);
        try (ScenarioBroker broker = new ScenarioBroker(client().transport(), builder -> builder.authenticator(users));
                TestClient member = client().connect(broker.client("member")
                        .login("Зоя", "größer als ∞")
                        .subscribing(QoS.AT_LEAST_ONCE, "private"))) {
            for (Setup stranger : List.of(
                    broker.client("forger").login("Зоя", "kleiner"),
                    broker.client("unknown").login("Zoe", "größer als ∞"),
                    broker.client("nobody"))) {
                Setup curious = stranger.subscribing(QoS.AT_LEAST_ONCE, "private");
                assertThatThrownBy(() -> client().connect(curious)).isNotNull();
            }
            member.publish(message);
            assertThat(member.receive()).isEqualTo(message);
        }
    }

    @Scenario(value = Feature.SHORT_KEEP_ALIVE, takesTime = true)
    default void answersPings() throws Exception {
        TestMessage message = new TestMessage("idle", "still here", QoS.AT_LEAST_ONCE);
        try (ScenarioBroker broker = broker();
                Relay relay = broker.relay();
                TestClient idle = client().connect(broker.client("idle")
                        .through(relay)
                        .keepAlive(1)
                        .subscribing(QoS.AT_LEAST_ONCE, "idle"))) {
            await().atMost(Duration.ofSeconds(Inbox.PATIENCE_SECONDS))
                    .until(() -> relay.fromBroker().count((byte) 0xD0, (byte) 0) > 0); // PINGRESP
            idle.publish(message);
            assertThat(idle.receive()).isEqualTo(message);
        }
    }

    @Scenario(Feature.NO_CLIENT_ID)
    default void namesClientsThatHaveNoName() throws Exception {
        TestMessage message = new TestMessage("unnamed", "for both", QoS.AT_LEAST_ONCE);
        try (ScenarioBroker broker = broker()) {
            Setup unnamed = broker.client("").subscribing(QoS.AT_LEAST_ONCE, "unnamed");
            try (TestClient one = client().connect(unnamed);
                    TestClient two = client().connect(unnamed);
                    TestClient publisher = client().connect(broker.client("publisher"))) {
                one.assignedClientId()
                        .ifPresent(id -> assertThat(id)
                                .isNotEmpty()
                                .isNotEqualTo(two.assignedClientId().orElseThrow()));
                publisher.publish(message);
                assertThat(one.receive()).isEqualTo(message);
                assertThat(two.receive()).isEqualTo(message);
            }
        }
    }

    // ---- shared subscriptions

    @Scenario(Feature.SHARED_SUBSCRIPTION)
    default void sharesMessagesAmongTheMembersOfAGroup() throws Exception {
        TestMessage last = new TestMessage("last", "for each", QoS.AT_LEAST_ONCE);
        try (ScenarioBroker broker = broker();
                TestClient one = client().connect(member(broker, "one"));
                TestClient two = client().connect(member(broker, "two"));
                TestClient publisher = client().connect(broker.client("publisher"))) {
            List<TestMessage> sent = messages("jobs/new", QoS.AT_LEAST_ONCE);
            for (TestMessage message : sent) {
                publisher.publish(message);
            }
            await().atMost(Duration.ofSeconds(Inbox.PATIENCE_SECONDS))
                    .until(() -> one.inbox().size() + two.inbox().size() >= MESSAGES);
            publisher.publish(last);
            List<TestMessage> done = new ArrayList<>();
            for (TestClient member : List.of(one, two)) {
                TestMessage first = member.receive();
                assertThat(first).as("%s has its share", member).isNotEqualTo(last);
                for (TestMessage next = first; !next.equals(last); next = member.receive()) {
                    done.add(next);
                }
            }
            assertThat(done).containsExactlyInAnyOrderElementsOf(sent);
        }
    }

    private static Setup member(ScenarioBroker broker, String clientId) {
        return broker.client(clientId).subscribing(QoS.AT_LEAST_ONCE, "$share/workers/jobs/+", "last");
    }

    /** Numbered messages to a topic. */
    static List<TestMessage> messages(String topic, QoS qos) {
        List<TestMessage> messages = new ArrayList<>();
        for (int i = 0; i < MESSAGES; i++) {
            messages.add(new TestMessage(topic, "message " + i, qos));
        }
        return messages;
    }
}
