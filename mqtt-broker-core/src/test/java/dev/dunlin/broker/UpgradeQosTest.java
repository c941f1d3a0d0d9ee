package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.testkit.EachStandard;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.QoS;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Timeout;

/** A broker that sends with the QoS that was granted, whatever was published. The publisher's exchange is its own. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class UpgradeQosTest {
    private static final int QOS = 3;

    @AutoClose
    private final TestBroker broker = TestBroker.start(builder -> builder.upgradeQoS(true));

    private WireClient staying(MqttVersion version, String clientId) {
        WireClient c = broker.send(version, connect(clientId).sessionExpiry(100));
        c.receive();
        return c;
    }

    @EachStandard
    void sendsWithTheGrantedQosWhateverWasPublished(MqttVersion version) {
        WireClient publisher = broker.client(version, "publisher");
        for (int granted = 0; granted < QOS; granted++) {
            WireClient c = broker.client(version, "c" + granted)
                    .subscribed("live", granted)
                    .subscribed("$share/g" + granted + "/shared", granted);
            for (int published = 0; published < QOS; published++) {
                publisher.published("live", "of " + published, published);
                c.take("live", "of " + published, granted);
                publisher.published("shared", "of " + published, published);
                c.take("shared", "of " + published, granted);
            }
            c.leave();
        }
    }

    @EachStandard
    void sendsRetainedMessagesWithTheGrantedQos(MqttVersion version) {
        WireClient publisher = broker.client(version, "publisher");
        for (int published = 0; published < QOS; published++) {
            publisher.published(publish("kept/" + published, "p").retain(), published);
        }
        for (int granted = 0; granted < QOS; granted++) {
            WireClient c = broker.client(version, "c" + granted).subscribed("kept/+", granted);
            for (int published = 0; published < QOS; published++) {
                c.expect(publish("kept/" + published, "p").qos(granted).retain());
            }
            c.expectNothing();
        }
    }

    /** Published with QoS 0 it would be dropped: now it waits like any other, and is sent again if it isn't acknowledged. */
    @EachStandard
    void queuesForASessionThatIsAwayWhateverWasPublished(MqttVersion version) {
        WireClient publisher = broker.client(version, "publisher");
        for (int granted = 1; granted < QOS; granted++) {
            WireClient c = staying(version, "c" + granted).subscribed("t" + granted, granted);
            c.leave();
            for (int published = 0; published < QOS; published++) {
                publisher.published("t" + granted, "of " + published, published);
            }
            c = staying(version, "c" + granted);
            c.expect(publish("t" + granted, "of 0").qos(granted));
            c.expect(publish("t" + granted, "of 1").qos(granted));
            c.expect(publish("t" + granted, "of 2").qos(granted));
            c.drop();
            c = staying(version, "c" + granted);
            for (int published = 0; published < QOS; published++) {
                c.expect(publish("t" + granted, "of " + published).qos(granted).dup());
            }
        }
    }

    @EachVersion
    void publishesAWillWithTheGrantedQos(MqttVersion version) {
        WireClient witness = broker.client(version, "witness").subscribed("w", 2);
        WireClient c = broker.send(version, connect("c").cleanStart().will(publish("w", "gone")));
        c.expect(connack());
        c.drop();
        witness.take("w", "gone", 2);
    }

    @EachVersion
    void raisesWhatTheLocalClientPublishesAndReceives(MqttVersion version) {
        WireClient witness = broker.client(version, "witness").subscribed("t", 1);
        CompletableFuture<QoS> came = new CompletableFuture<>();
        broker.local().subscribe("t", QoS.EXACTLY_ONCE, message -> {
            came.complete(message.qos());
            return CompletableFuture.completedFuture(null);
        });
        broker.local().publish(Message.of("t", "m")).toCompletableFuture().join();
        witness.take("t", "m", 1);
        assertThat(came.join()).isEqualTo(QoS.EXACTLY_ONCE);
    }
}
