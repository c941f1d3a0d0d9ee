package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;

import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.testkit.Statement;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Timeout;

/** Messages of one publisher to one topic arrive in their order: live, queued, and sent again. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class OrderTest {
    private static final int MESSAGES = 50;

    @AutoClose
    private final TestBroker broker = TestBroker.start();

    /** In one segment, and acknowledged to the end. */
    private void publishAll(MqttVersion version, String publisherId, int qos) {
        WireClient publisher = broker.client(version, publisherId);
        Sendable[] messages = new Sendable[MESSAGES];
        for (int i = 0; i < MESSAGES; i++) {
            messages[i] =
                    qos == 0 ? publish("t", "p" + i) : publish("t", "p" + i).qos(qos, i + 1);
        }
        publisher.send(messages);
        for (int i = 0; i < MESSAGES; i++) {
            switch (qos) {
                case 1 -> publisher.expect(puback(i + 1));
                case 2 -> publisher.expect(pubrec(i + 1));
                default -> {}
            }
        }
        for (int i = 0; qos == 2 && i < MESSAGES; i++) {
            publisher.send(pubrel(i + 1));
            publisher.expect(pubcomp(i + 1));
        }
        publisher.leave();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-4.6.0-5", "3.1.1:MQTT-4.6.0-6", "5.0:MQTT-4.6.0-5"})
    void holdsForEachQosOnTheWayToASubscriberThatIsThere(MqttVersion version) {
        for (int home = 0; home <= 1; home++) { // on the subscriber's loop, and on the other one
            for (int qos = 0; qos <= 2; qos++) {
                WireClient c = broker.client(version, broker.idOn(0, "c")).subscribed("t", 2);
                publishAll(version, broker.idOn(home, "publisher"), qos);
                int first = 0;
                for (int i = 0; i < MESSAGES; i++) {
                    int id = c.expectPublish("t", "p" + i, qos).packetId();
                    first = i == 0 ? id : first;
                    if (qos > 0 && id != first + i) {
                        throw new AssertionError("id " + id + " for message " + i + ", the first had " + first);
                    }
                }
                c.expectNothing();
                c.leave();
            }
        }
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-4.6.0-6", "5.0:MQTT-4.6.0-6", "5.0:MQTT-4.4.0-1"})
    void holdsForWhatIsQueuedAndForWhatIsSentAgain(MqttVersion version) {
        for (int qos = 1; qos <= 2; qos++) {
            WireClient c = broker.send(version, connect("c" + qos).sessionExpiry(100));
            c.expect(connack());
            c.subscribed("t", 2).leave();
            publishAll(version, "publisher", qos);
            int[] ids = new int[MESSAGES];
            for (int round = 0; round < 2; round++) {
                c = broker.send(version, connect("c" + qos).sessionExpiry(100));
                c.expect(connack().sessionPresent());
                for (int i = 0; i < MESSAGES; i++) {
                    if (round == 0) {
                        ids[i] = c.expectPublish("t", "p" + i, qos).packetId();
                    } else {
                        c.expect(publish("t", "p" + i).qos(qos, ids[i]).dup());
                    }
                }
                c.expectNothing();
                c.drop();
            }
        }
    }
}
