package dev.dunlin.broker.interop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.HeldClock;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.codec.QoS;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What came with MQTT 5.0, as far as libraries show it to their users. */
interface Mqtt5Scenarios extends Scenarios {
    MessageProperties RICH = new MessageProperties(
            "text/plain; charset=utf-8",
            "answers/to/größe",
            "question 42",
            List.of(Map.entry("first", "1"), Map.entry("first", "and again"), Map.entry("größe", "∞")),
            0,
            0);

    private ScenarioBroker broker() {
        return new ScenarioBroker(client().transport());
    }

    @Scenario(Feature.PROPERTIES)
    default void carriesPropertiesUnchanged() throws Exception {
        try (ScenarioBroker broker = broker();
                TestClient subscriber =
                        client().connect(broker.client("subscriber").subscribing(QoS.EXACTLY_ONCE, "rich"));
                TestClient publisher = client().connect(broker.client("publisher"))) {
            for (QoS qos : QoS.values()) {
                TestMessage message = new TestMessage("rich", "in properties", qos).with(RICH);
                publisher.publish(message);
                assertThat(subscriber.receive()).isEqualTo(message);
            }
            TestMessage kept = new TestMessage("rich", "kept", QoS.AT_LEAST_ONCE).with(RICH);
            publisher.publish(kept.retained());
            assertThat(subscriber.receive()).isEqualTo(kept);
            try (TestClient later = client().connect(broker.client("later").subscribing(QoS.EXACTLY_ONCE, "rich"))) {
                assertThat(later.receive()).isEqualTo(kept.retained());
            }
        }
    }

    // ---- what ends after a time

    @Scenario(value = Feature.WILL_DELAY, takesTime = true)
    default void publishesAWillWhenItsDelayHasPassed() throws Exception {
        TestMessage will = new TestMessage("will/late", "gone", QoS.EXACTLY_ONCE).with(RICH);
        TestMessage soon = new TestMessage("will/soon", "before it", QoS.AT_LEAST_ONCE);
        try (ScenarioBroker broker = broker();
                Relay relay = broker.relay();
                TestClient heir = client().connect(broker.client("heir").subscribing(QoS.EXACTLY_ONCE, "will/+"));
                TestClient ill = client().connect(broker.client("ill")
                        .through(relay)
                        .keepingSession()
                        .will(will, 1))) {
            long cutNs = System.nanoTime();
            relay.cut();
            heir.publish(soon);
            assertThat(heir.receive()).isEqualTo(soon);
            assertThat(heir.receive()).isEqualTo(will);
            assertThat(Duration.ofNanos(System.nanoTime() - cutNs))
                    .isBetween(Duration.ofMillis(950), Duration.ofSeconds(6));
        }
    }

    @Scenario(value = Feature.SESSION_EXPIRY, takesTime = true)
    default void forgetsASessionWhenItsIntervalHasPassed() throws Exception {
        TestMessage kept = new TestMessage("kept", "for the one that is kept", QoS.AT_LEAST_ONCE);
        TestMessage lost = new TestMessage("lost", "for the one that is not", QoS.AT_LEAST_ONCE);
        try (ScenarioBroker broker = broker();
                TestClient publisher = client().connect(broker.client("publisher"))) {
            Setup shortly = broker.client("shortly").keepingSession(1).subscribing(QoS.AT_LEAST_ONCE, "lost");
            Setup longer = broker.client("longer").keepingSession(100).subscribing(QoS.AT_LEAST_ONCE, "kept");
            client().visit(longer);
            client().visit(shortly);
            publisher.publish(kept);
            publisher.publish(lost);
            broker.awaitNobodyAt("lost");
            try (TestClient back = client().connect(longer);
                    TestClient fresh = client().connect(shortly.subscribing(QoS.AT_LEAST_ONCE, "kept"))) {
                back.sessionPresent().ifPresent(present -> assertThat(present).isTrue());
                fresh.sessionPresent().ifPresent(present -> assertThat(present).isFalse());
                assertThat(back.receive()).isEqualTo(kept);
                publisher.publish(kept);
                assertThat(fresh.receive()).isEqualTo(kept);
            }
        }
    }

    @Scenario(Feature.MESSAGE_EXPIRY)
    default void deliversNoMessageThatHasExpired() throws Exception {
        HeldClock clock = new HeldClock();
        TestMessage brief = new TestMessage("expiring/brief", "gone by then", QoS.AT_LEAST_ONCE).expiry(10);
        TestMessage lasting = new TestMessage("expiring/lasting", "still good", QoS.EXACTLY_ONCE).expiry(100);
        try (ScenarioBroker broker = new ScenarioBroker(client().transport(), clock::setIn);
                TestClient publisher = client().connect(broker.client("publisher"))) {
            Setup sleeper = broker.client("sleeper").keepingSession();
            client().visit(sleeper.subscribing(QoS.EXACTLY_ONCE, "expiring/+"));
            publisher.publish(brief);
            publisher.publish(lasting);
            clock.advance(Duration.ofSeconds(20));
            try (TestClient back = client().connect(sleeper)) {
                assertThat(back.receive()).isEqualTo(lasting.expiry(80));
                publisher.publish(brief);
                assertThat(back.receive()).isEqualTo(brief);
            }
        }
    }

    // ---- options of a subscription

    @Scenario(Feature.SUBSCRIPTION_IDENTIFIER)
    default void namesTheSubscriptionThatMatched() throws Exception {
        TestMessage message = new TestMessage("known/by", "its number", QoS.AT_LEAST_ONCE);
        try (ScenarioBroker broker = broker();
                TestClient subscriber = client().connect(broker.client("subscriber")
                        .subscribing(TestSubscription.of("known/+", QoS.AT_LEAST_ONCE)
                                .identifiedBy(123_456)));
                TestClient publisher = client().connect(broker.client("publisher"))) {
            publisher.publish(message);
            assertThat(subscriber.receive()).isEqualTo(message.with(MessageProperties.NONE.subscription(123_456)));
        }
    }

    @Scenario(Feature.NO_LOCAL)
    default void keepsFromAClientWhatItPublished() throws Exception {
        TestMessage own = new TestMessage("chat", "mine", QoS.AT_LEAST_ONCE);
        TestMessage others = new TestMessage("chat", "yours", QoS.AT_LEAST_ONCE);
        try (ScenarioBroker broker = broker();
                TestClient one = client().connect(broker.client("one")
                        .subscribing(
                                TestSubscription.of("chat", QoS.AT_LEAST_ONCE).withoutItsOwn()));
                TestClient two = client().connect(broker.client("two").subscribing(QoS.AT_LEAST_ONCE, "chat"))) {
            one.publish(own);
            two.publish(others);
            assertThat(one.receive()).isEqualTo(others);
            assertThat(two.inbox().take(2)).containsExactlyInAnyOrder(own, others); // of two publishers
        }
    }

    @Scenario(Feature.RETAIN_AS_PUBLISHED)
    default void leavesTheRetainFlagToWhoAsksForIt() throws Exception {
        TestMessage plain = new TestMessage("flag", "plain", QoS.AT_LEAST_ONCE);
        TestMessage kept = new TestMessage("flag", "kept", QoS.AT_LEAST_ONCE).retained();
        try (ScenarioBroker broker = broker();
                TestClient subscriber = client().connect(broker.client("subscriber")
                        .subscribing(
                                TestSubscription.of("flag", QoS.AT_LEAST_ONCE).retainedAsPublished()));
                TestClient publisher = client().connect(broker.client("publisher"))) {
            publisher.publish(kept);
            publisher.publish(plain);
            assertThat(subscriber.inbox().take(2)).containsExactly(kept, plain);
        }
    }

    @Scenario(Feature.RETAIN_HANDLING)
    default void sendsNoRetainedMessageToWhoWantsNone() throws Exception {
        TestMessage kept = new TestMessage("stale", "kept", QoS.AT_LEAST_ONCE).retained();
        TestMessage live = new TestMessage("stale", "live", QoS.AT_LEAST_ONCE);
        try (ScenarioBroker broker = broker();
                TestClient publisher = client().connect(broker.client("publisher"))) {
            publisher.publish(kept);
            try (TestClient subscriber = client().connect(broker.client("subscriber")
                    .subscribing(TestSubscription.of("stale", QoS.AT_LEAST_ONCE).withoutRetained()))) {
                publisher.publish(live);
                assertThat(subscriber.receive()).isEqualTo(live);
            }
        }
    }

    // ---- topic aliases

    @Scenario(Feature.ALIAS_SENT)
    default void understandsTopicAliases() throws Exception {
        String topic = "alias/in/place/of/a/long/topic";
        try (ScenarioBroker broker = broker();
                Relay relay = broker.relay();
                TestClient subscriber =
                        client().connect(broker.client("subscriber").subscribing(QoS.EXACTLY_ONCE, "alias/#"));
                TestClient publisher = client().connect(
                                broker.client("publisher").through(relay).usingAliases())) {
            int sent = 0;
            for (QoS qos : QoS.values()) {
                List<TestMessage> messages = Scenarios.messages(topic, qos);
                publisher.publishAll(messages);
                assertThat(subscriber.inbox().take(MESSAGES)).isEqualTo(messages);
                sent += MESSAGES;
            }
            // Over other transports the bytes of a packet are masked or encrypted.
            if (client().transport() == TestTransport.TCP) {
                assertThat(relay.fromClient().count(topic)).as("whole topics").isLessThan(sent);
            }
        }
    }

    @Scenario(Feature.ALIAS_RECEIVED)
    default void usesTopicAliases() throws Exception {
        String topic = "alias/in/place/of/a/long/topic";
        try (ScenarioBroker broker = broker();
                Relay relay = broker.relay();
                TestClient subscriber = client().connect(broker.client("subscriber")
                        .through(relay)
                        .usingAliases()
                        .subscribing(QoS.EXACTLY_ONCE, "alias/#"));
                TestClient publisher = client().connect(broker.client("publisher"))) {
            int sent = 0;
            for (QoS qos : QoS.values()) {
                List<TestMessage> messages = Scenarios.messages(topic, qos);
                publisher.publishAll(messages);
                assertThat(subscriber.inbox().take(MESSAGES)).isEqualTo(messages);
                sent += MESSAGES;
            }
            // Over other transports the bytes of a packet are masked or encrypted.
            if (client().transport() == TestTransport.TCP) {
                assertThat(relay.fromBroker().count(topic)).as("whole topics").isLessThan(sent);
            }
        }
    }
}
