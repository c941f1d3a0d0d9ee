package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.spi.Features;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the broker says of itself under $SYS, seen by clients. On virtual time: SysTopicsTimeTest. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SysTopicsTest {
    private static final String[] NAMES = {
        "bytes/received",
        "bytes/sent",
        "clients/active",
        "clients/connected",
        "clients/disconnected",
        "clients/expired",
        "clients/inactive",
        "clients/maximum",
        "clients/total",
        "heap/current",
        "heap/maximum",
        "messages/received",
        "messages/sent",
        "messages/stored",
        "publish/bytes/received",
        "publish/bytes/sent",
        "publish/messages/dropped",
        "publish/messages/received",
        "publish/messages/sent",
        "retained messages/count",
        "shared_subscriptions/count",
        "store/messages/bytes",
        "store/messages/count",
        "subscriptions/count",
    };

    /** It takes no retained message, and says what it has to say once: then time is up for the test. */
    @AutoClose
    private final TestBroker broker = TestBroker.start(builder -> builder.sysInterval(Duration.ofHours(1))
            .limits(Limits.EMBEDDED.withRetainedMessagesMax(0))
            .listen(TestTransport.chosen().listener().name("mounted").features(Features.ALL.withMountPoint("$SYS/"))));

    private static String text(ReceivedPublish publish) {
        return new String(publish.payload(), StandardCharsets.UTF_8);
    }

    @Test
    void aNewSubscriberGetsAllPresentValues() {
        broker.settle();
        WireClient c = broker.client("c");
        c.send(subscribe(1, "$SYS/#", 2));
        c.receive();
        Map<String, String> values = new TreeMap<>();
        for (int i = 0; i < NAMES.length + 2; i++) {
            ReceivedPublish came = (ReceivedPublish) c.receive();
            assertThat(came.retain()).isTrue();
            assertThat(came.qos()).isEqualTo(QoS.AT_MOST_ONCE);
            if (!came.topic().contains("/load/")) {
                values.put(came.topic(), text(came));
            } else {
                i--;
            }
        }
        for (String name : NAMES) {
            assertThat(values.get("$SYS/broker/" + name)).as(name).matches("\\d+");
        }
        assertThat(values.get("$SYS/broker/version")).matches("dunlin version \\d.*");
        assertThat(values.get("$SYS/broker/uptime")).matches("\\d+ seconds");
        assertThat(broker.broker().stats().retained().messages()).isZero();
    }

    @Test
    void wildcardsAloneSeeNothingOfIt() {
        broker.settle();
        WireClient c = broker.client("c").subscribed("#", 1).subscribed("+/broker/#", 1);
        c.expectNothing();
    }

    @Test
    void nobodyElseMayPublishThere() {
        WireClient c = broker.client("c");
        c.send(publish("$SYS/broker/uptime", "for ever").qos(1, 1).retain());
        c.expect(puback(1).reason(ReasonCode.NOT_AUTHORIZED));
        c.subscribed("$SYS/broker/version", 1);
        assertThat(text((ReceivedPublish) c.receive())).startsWith("dunlin version ");
    }

    @Test
    void theLocalClientGetsThemToo() {
        CompletableFuture<String> came = new CompletableFuture<>();
        broker.local().subscribe("$SYS/broker/version", QoS.AT_LEAST_ONCE, message -> {
            came.complete(message.topic());
            return CompletableFuture.completedFuture(null);
        });
        assertThat(came.join()).isEqualTo("$SYS/broker/version");
    }

    @Test
    void aMountPointMayLeadThere() {
        broker.settle();
        WireClient c = WireClient.connect(broker.broker().port("mounted"), MqttVersion.V5)
                .login("c")
                .subscribed("broker/version", 1);
        assertThat(((ReceivedPublish) c.receive()).topic()).isEqualTo("broker/version");
        c.send(publish("broker/version", "mine").qos(1, 1)).expect(puback(1).reason(ReasonCode.NOT_AUTHORIZED));
    }

    @Test
    void nothingWaitsForASessionThatIsAway() {
        try (TestBroker often = TestBroker.start(builder -> builder.sysInterval(Duration.ofMillis(20)))) {
            WireClient c = often.open(MqttVersion.V5).send(connect("c").sessionExpiry(100));
            c.expect(connack());
            c.send(subscribe(1, "$SYS/broker/bytes/sent", 2));
            c.drop();
            TestBroker.eventually(
                    "something was dropped", () -> often.dropped(dev.dunlin.broker.spi.DropReason.OFFLINE_QOS_0) > 0);
            assertThat(often.broker().stats().queued().messages()).isZero();
        }
    }

    @Test
    void isSilentByDefault() {
        try (TestBroker silent = TestBroker.start()) {
            silent.client("c").subscribed("$SYS/#", 1).expectNothing();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT-1S", "PT0.0009S", "PT24H0.001S"})
    void takesNoOddInterval(String interval) {
        assertThatThrownBy(() -> Broker.builder().sysInterval(Duration.parse(interval)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
