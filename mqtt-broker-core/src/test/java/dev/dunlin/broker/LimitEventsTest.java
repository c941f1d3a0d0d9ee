package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.raw;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.BrokerEvent.ConnectRefused;
import dev.dunlin.broker.spi.BrokerEvent.LimitReached;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Observers are told by name which bound has made a difference, and to whom. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class LimitEventsTest {
    private static final Map<String, Reach> REACHES = new LinkedHashMap<>();

    private final SeenEvents seen = new SeenEvents();
    private TestBroker broker;

    /** How a bound is reached. */
    private record Reach(UnaryOperator<Limits> limits, Act act) {}

    /** Reaches it; returns whom the event is about. */
    private interface Act {
        String reach(TestBroker broker);
    }

    static {
        reach("connectTimeoutMs", limits -> limits.withConnectTimeoutMs(50), broker -> {
            broker.open(MqttVersion.V5).expectClosed();
            return "";
        });
        reach("sessionsMax", limits -> limits.withSessionsMax(1), broker -> {
            broker.client("first");
            broker.send(MqttVersion.V5, connect("c")).expectRefusal(ReasonCode.QUOTA_EXCEEDED);
            return "c";
        });
        reach("connectionsMax", limits -> limits.withConnectionsMax(1), broker -> {
            broker.client("first");
            broker.open(MqttVersion.V5).expectClosed();
            return "";
        });
        reach("connectPacketBytesMax", limits -> limits.withConnectPacketBytesMax(128), broker -> {
            broker.open(MqttVersion.V5).send(raw(0x10, 0x80, 0x02)).expectClosed();
            return "";
        });
        reach("packetBytesMax", limits -> limits.withPacketBytesMax(1024), broker -> {
            broker.client("c").send(raw(0x30, 0x80, 0x10)).expectDisconnect(ReasonCode.PACKET_TOO_LARGE);
            return "c";
        });
        reach("receiveMaximum", limits -> limits.withReceiveMaximum(1), broker -> {
            broker.client("c")
                    .send(publish("t", "p").qos(2, 1), publish("t", "p").qos(2, 2))
                    .receive();
            return "c";
        });
        reach("topicAliasMax", limits -> limits.withTopicAliasMax(1), broker -> {
            WireClient c = broker.client("c");
            c.send(publish("t", "p").with(Property.TOPIC_ALIAS, 2));
            c.expectDisconnect(ReasonCode.TOPIC_ALIAS_INVALID);
            return "c";
        });
        reach("userPropertiesMax", limits -> limits.withUserPropertiesMax(1), broker -> {
            WireClient c = broker.client("c");
            c.send(publish("t", "p").userProperty("a", "b").userProperty("a", "b"));
            c.expectDisconnect(ReasonCode.QUOTA_EXCEEDED);
            return "c";
        });
        refused("payloadBytesMax", limits -> limits.withPayloadBytesMax(1), "t", "two");
        refused("topicLevelsMax", limits -> limits.withTopicLevelsMax(2), "a/b/c", "p");
        refused("topicBytesMax", limits -> limits.withTopicBytesMax(3), "long", "p");
        refused("retainedMessagesMax", limits -> limits.withRetainedMessagesMax(0), "t", "p");
        refused("retainedBytesMax", limits -> limits.withRetainedBytesMax(10), "t", "p");
        reach("subscriptionsPerSessionMax", limits -> limits.withSubscriptionsPerSessionMax(1), broker -> {
            broker.client("c").send(subscribe(1, "a", 0).and("b", 0)).receive();
            return "c";
        });
        reach("publishesPerSecondMax", limits -> limits.withPublishesPerSecondMax(1), broker -> {
            broker.client("c").send(publish("t", "p"), publish("t", "p"), publish("t", "p"));
            return "c";
        });
        reach("publishBytesPerSecondMax", limits -> limits.withPublishBytesPerSecondMax(10), broker -> {
            broker.client("c").send(publish("t", "more than ten bytes"));
            return "c";
        });
        reach("localPublishesMax", limits -> limits.withLocalPublishesMax(1), broker -> {
            CompletableFuture<Void> held = new CompletableFuture<>();
            for (int i = 0; i < broker.broker().core().loopCount(); i++) {
                broker.loop(i).execute(held::join);
            }
            broker.local().publish(Message.of("t", "p"));
            broker.local().publish(Message.of("t", "p"));
            held.complete(null);
            return "(local client)";
        });
        reach("stuckConsumerMs", limits -> limits.withOutputBytesMax(64 << 10).withStuckConsumerMs(50), broker -> {
            broker.client("c").subscribed("t", 0);
            WireClient publisher = broker.client("publisher");
            while (broker.hasSession("c")) {
                publisher.published(publish("t", new byte[256 << 10]), 0);
            }
            return "c";
        });
    }

    private static void reach(String name, UnaryOperator<Limits> limits, Act act) {
        REACHES.put(name, new Reach(limits, act));
    }

    /** A retained publish that is refused for it. */
    private static void refused(String name, UnaryOperator<Limits> limits, String topic, String payload) {
        reach(name, limits, broker -> {
            broker.client("c").send(publish(topic, payload).retain());
            return "c";
        });
    }

    static Stream<String> names() {
        return REACHES.keySet().stream();
    }

    @AfterEach
    void close() {
        if (broker != null) {
            broker.close();
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void tells(String name) {
        Reach reach = REACHES.get(name);
        broker = TestBroker.start(builder -> builder.observe(seen).limits(reach.limits.apply(Limits.EMBEDDED)));
        String clientId = reach.act.reach(broker);
        LimitReached reached =
                seen.await(LimitReached.class, each -> each.limit().equals(name));
        assertThat(reached.clientId()).isEqualTo(clientId);
        assertThat(reached.reason()).endsWith("(" + name + ")");
        assertThat(seen.all(LimitReached.class)).extracting(LimitReached::limit).containsOnly(name);
    }

    @Test
    void namesBoundsThatThereAre() {
        assertThat(Arrays.stream(Limits.class.getRecordComponents()).map(RecordComponent::getName))
                .containsAll(REACHES.keySet());
    }

    @Test
    void tellsHowManyAnAddressHasToLeaveOutside() {
        broker = TestBroker.start(builder -> builder.observe(seen)
                .uncounted(address -> false)
                .limits(Limits.EMBEDDED.withConnectionsPerAddressMax(1)));
        broker.client("first");
        broker.open(MqttVersion.V5).expectClosed();
        LimitReached reached = seen.await(LimitReached.class, "");
        assertThat(reached.limit()).isEqualTo("connectionsPerAddressMax");
        assertThat(reached.text()).isEqualTo("1 connections refused from 127.0.0.1");
    }

    @Test
    void whoIsRefusedForABoundIsToldOfAsWell() {
        broker = TestBroker.start(builder -> builder.observe(seen).limits(Limits.EMBEDDED.withSessionsMax(1)));
        broker.send(MqttVersion.V5, connect("first").sessionExpiry(1)).expect(connack());
        broker.send(MqttVersion.V5, connect("c")).expectRefusal(ReasonCode.QUOTA_EXCEEDED);
        assertThat(seen.await(ConnectRefused.class, "c").code()).isEqualTo(ReasonCode.QUOTA_EXCEEDED);
    }
}
