package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.codec.ReasonCode.QUOTA_EXCEEDED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.TestBroker.ManualTime;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How much retained messages may occupy: with 10,000 bytes three of 3,000 fit, and what each costs on top. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class RetainedBytesTest {
    private static final Limits TEN_THOUSAND = Limits.EMBEDDED.withRetainedBytesMax(10_000);
    private static final String THREE_THOUSAND = "x".repeat(3_000);

    private final ManualTime time = new ManualTime();
    private TestBroker broker;

    private void start() {
        broker = TestBroker.start(builder -> builder.time(time).limits(TEN_THOUSAND));
    }

    @AfterEach
    void close() {
        broker.close();
    }

    @EachVersion
    @Reaches("retainedBytesMax")
    void refusesToRetainMoreBytes(MqttVersion version) {
        start();
        WireClient witness = broker.client("witness").subscribed("#", 0);
        WireClient c = broker.client(version, "c");
        for (String topic : new String[] {"a", "b", "c"}) {
            c.published(publish(topic, THREE_THOUSAND).retain(), 1);
            witness.expectPublish(topic, THREE_THOUSAND, 0);
        }
        c.send(publish("d", THREE_THOUSAND).qos(1, 1).retain());
        c.expect(puback(1).reason(QUOTA_EXCEEDED));
        c.send(
                publish("d", THREE_THOUSAND).qos(2, 2).retain(),
                publish("d", THREE_THOUSAND).retain());
        c.expect(pubrec(2).reason(QUOTA_EXCEEDED));
        c.send(publish("c", "y".repeat(4_000)).qos(1, 3).retain()); // one larger than that before
        c.expect(puback(3).reason(QUOTA_EXCEEDED));
        witness.expectNothing();
        assertThat(broker.dropped(DropReason.REFUSED)).isEqualTo(4);
        c.published(publish("d", THREE_THOUSAND), 1); // not to be retained
        witness.expectPublish("d", THREE_THOUSAND, 0);

        c.published(publish("c", "y".repeat(2_999)).retain(), 1); // a smaller one
        c.published(publish("c", "").retain(), 1);
        c.published(publish("d", THREE_THOUSAND).retain(), 1);
        for (int i = 0; i < 20; i++) {
            c.published(publish("d", "").retain(), 1);
            c.published(publish("d", THREE_THOUSAND).retain(), 1);
        }
        c.send(publish("c", THREE_THOUSAND).qos(1, 4).retain());
        c.expect(puback(4).reason(QUOTA_EXCEEDED));
    }

    @Test
    @Reaches("retainedBytesMax")
    void countsTopicsAndPropertiesToo() {
        start();
        WireClient c = broker.client("c");
        c.published(publish("t".repeat(2_000), "p").retain(), 1); // it is in the index and in the packet
        c.published(publish("a", "p").retain().with(Property.CONTENT_TYPE, THREE_THOUSAND), 1);
        c.send(publish("b", THREE_THOUSAND).qos(1, 1).retain());
        c.expect(puback(1).reason(QUOTA_EXCEEDED));
        c.published(publish("b", "x".repeat(2_000)).retain(), 1);
    }

    @Test
    @Reaches("retainedBytesMax")
    void anExpiredOneCountsNoMoreOnceItIsFoundToBe() {
        start();
        WireClient c = broker.client("c");
        c.published(publish("a", "x".repeat(8_000)).retain().expiry(10), 1);
        c.send(publish("b", THREE_THOUSAND).qos(1, 1).retain());
        c.expect(puback(1).reason(QUOTA_EXCEEDED));
        time.advance(Duration.ofSeconds(10));
        broker.client("finds it").subscribed("a", 0).expectNothing();
        c.published(publish("b", THREE_THOUSAND).retain(), 1);
    }

    @Test
    @Reaches("retainedBytesMax")
    void aSmallerOneIsAlwaysTakenAlsoIfThereIsTooMuchAlready() {
        start();
        WireClient c = broker.client("c");
        c.published(publish("a", "x".repeat(9_000)).retain(), 1);
        c.published(publish("a", "y".repeat(8_900)).retain(), 1);
        c.published(publish("b", "x".repeat(500)).retain(), 1);
        c.published(publish("a", "z".repeat(8_900)).retain(), 1); // of the same size
        c.send(publish("a", "z".repeat(9_400)).qos(1, 1).retain());
        c.expect(puback(1).reason(QUOTA_EXCEEDED));
    }
}
