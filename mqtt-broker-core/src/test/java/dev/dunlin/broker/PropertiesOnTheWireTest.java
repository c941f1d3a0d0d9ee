package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.raw;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_1;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_2;
import static dev.dunlin.codec.ReasonCode.MALFORMED_PACKET;
import static dev.dunlin.codec.ReasonCode.PROTOCOL_ERROR;
import static dev.dunlin.codec.ReasonCode.SUCCESS;
import static dev.dunlin.codec.ReasonCode.TOPIC_ALIAS_INVALID;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.testkit.Statement;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The properties of MQTT 5.0: where they must stand, and how those of a message reach its subscribers. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class PropertiesOnTheWireTest {
    @AutoClose
    private final TestBroker broker = TestBroker.start();

    private final Violations violations = new Violations(broker);
    private final WireClient publisher = broker.client("publisher");

    /** A message with this property arrives with this property and no other, at every QoS, live and retained. */
    private void passesOn(String property) {
        WireClient c = broker.client("c");
        c.send(subscribe(1, "t", 2));
        c.expect(suback(1, GRANTED_QOS_2));
        publisher.send(raw("30 {['t'] {" + property + "} 'p'}"));
        c.expectRaw("30 {['t'] {" + property + "} 'p'}");
        publisher.send(raw("32 {['t'] 0001 {" + property + "} 'p'}"));
        c.expectRaw("32 {['t'] 0001 {" + property + "} 'p'}");
        publisher.send(raw("35 {['t'] 0002 {" + property + "} 'p'}"));
        c.expectRaw("34 {['t'] 0002 {" + property + "} 'p'}");
        c.leave();
        c = broker.client("c");
        c.send(subscribe(1, "t", 0));
        c.expectRaw("90 {0001 00 00} 31 {['t'] {" + property + "} 'p'}");
    }

    // ---- where they must stand

    @Test
    @Statement("5.0:MQTT-2.2.2-1")
    void sendsAnEmptyBlockAsALengthOfZero() {
        WireClient c = broker.client("c");
        c.send(subscribe(1, "t", 0));
        c.expectRaw("90 {0001 00 00}");
        c.send(raw("30 {['t'] 00}"));
        c.expectRaw("30 {['t'] 00}");
        c.send(raw("A2 {0002 00 ['t']}"));
        c.expectRaw("B0 {0002 00 00}");
    }

    @Test
    @Statement("5.0:MQTT-2.2.2-1")
    void disconnectsOnAPacketWithoutTheLengthOfItsProperties() {
        violations.disconnect(
                MqttVersion.V5, MALFORMED_PACKET, "30 {['t']}", "32 {['t'] 0001}", "82 {0001}", "A2 {0001}");
        violations.refuse(MqttVersion.V5, MALFORMED_PACKET, "10 {N 02 0000}", "10 {N 06 0000 00 ['c'] }");
    }

    @Test
    @Statement("5.0:MQTT-4.13.1-1")
    void disconnectsOnPropertiesThatAreUnknownMisplacedRepeatedOrOutOfRange() {
        violations.disconnect(
                MqttVersion.V5,
                MALFORMED_PACKET,
                "30 {['t'] {7F 00} 'p'}",
                "30 {['t'] {11 00000001} 'p'}", // of CONNECT
                "30 {['t'] 05 {02 0001}}", // longer than its block
                "82 {0001 {01 00} ['t'] 00}",
                "E0 {00 {0B 01}}");
        violations.disconnect(
                MqttVersion.V5,
                PROTOCOL_ERROR,
                "30 {['t'] {01 02} 'p'}",
                "30 {['t'] {01 00 01 00} 'p'}",
                "30 {['t'] {03 [] 03 []} 'p'}",
                "30 {['t'] {02 00000001 02 00000001} 'p'}",
                "82 {0001 {0B 00} ['t'] 00}",
                "82 {0001 {0B 01 0B 02} ['t'] 00}");
        violations.refuse(
                MqttVersion.V5,
                PROTOCOL_ERROR,
                "10 {N 02 0000 {21 0000} ['c']}",
                "10 {N 02 0000 {27 00000000} ['c']}",
                "10 {N 02 0000 {17 02} ['c']}",
                "10 {N 02 0000 {19 02} ['c']}",
                "10 {N 02 0000 {11 00000001 11 00000001} ['c']}",
                "10 {N 02 0000 {16 [01]} ['c']}");
    }

    @Test
    @Statement("5.0:MQTT-3.3.4-6")
    void disconnectsOnASubscriptionIdentifierInAPublish() {
        violations.disconnect(MqttVersion.V5, PROTOCOL_ERROR, "30 {['t'] {0B 01} 'p'}", "32 {['t'] 0001 {0B 7F} 'p'}");
    }

    @Test
    @Statement("5.0:MQTT-3.3.2-8")
    void disconnectsOnTopicAlias0() {
        violations.disconnect(MqttVersion.V5, TOPIC_ALIAS_INVALID, "30 {['t'] {23 0000} 'p'}", "30 {[] {23 0000} 'p'}");
    }

    @Test
    @Statement("5.0:MQTT-3.14.2-1")
    void takesTheReasonsOfDisconnectAndNoOthers() {
        for (int reason :
                new int[] {0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99}) {
            WireClient c = broker.client("c");
            c.sendRaw(0xE0, 1, reason);
            c.expectClosed();
        }
        violations.disconnect(
                MqttVersion.V5, PROTOCOL_ERROR, "E0 {01}", "E0 {10}", "E0 {84}", "E0 {91}", "E0 {7F}", "E0 {FF}");
    }

    // ---- passed on

    @Test
    @Statement("5.0:MQTT-3.3.2-4")
    void passesOnThePayloadFormatIndicator() {
        passesOn("01 01");
    }

    @Test
    @Statement("5.0:MQTT-3.3.2-4")
    void passesOnAPayloadFormatIndicatorOf0() {
        passesOn("01 00");
    }

    @Test
    @Statement("5.0:MQTT-3.3.2-15")
    void passesOnTheResponseTopic() {
        passesOn("08 ['reply/to/' EFBBBF C3A9]");
    }

    @Test
    @Statement("5.0:MQTT-3.3.2-16")
    void passesOnTheCorrelationData() {
        passesOn("09 [00 FF 80 'x']");
    }

    @Test
    @Statement("5.0:MQTT-3.3.2-20")
    void passesOnTheContentType() {
        passesOn("03 ['text/plain; charset=' C3A9]");
    }

    @Test
    @Statement({"5.0:MQTT-3.3.2-17", "5.0:MQTT-3.3.2-18"})
    void passesOnAllUserPropertiesInTheirOrder() {
        passesOn("26 ['b'] ['1'] 26 ['a'] ['2'] 26 ['b'] ['1'] 26 [] [] 26 ['b'] ['0']");
    }

    @Test
    @Statement({"5.0:MQTT-3.3.2-17", "5.0:MQTT-3.3.2-18"})
    void keepsUserPropertiesBesideOthersInTheirOrder() {
        passesOn("26 ['z'] ['1'] 01 01 26 ['a'] ['2'] 03 ['c'] 26 ['z'] ['1'] 09 [01] 08 ['r']");
    }

    @Test
    @Statement("5.0:MQTT-3.1.3-10")
    void keepsTheUserPropertiesOfAWillInTheirOrder() {
        WireClient witness = broker.client("witness").subscribed("will", 0);
        WireClient c = broker.open(MqttVersion.V5)
                .send(raw("10 {N 06 0000 00 ['c'] {26 ['b'] ['1'] 26 ['a'] ['2'] 26 ['b'] ['1']} ['will'] ['gone']}"));
        c.expect(connack());
        c.drop();
        witness.expectRaw("30 {['will'] {26 ['b'] ['1'] 26 ['a'] ['2'] 26 ['b'] ['1']} 'gone'}");
    }

    // ---- subscription identifiers

    @Test
    @Statement({"5.0:MQTT-3.3.4-3", "5.0:MQTT-3.3.4-4"})
    void sendsOneCopyWithTheIdentifiersOfAllSubscriptionsThatMatch() {
        WireClient c = broker.client("c");
        c.send(
                subscribe(1, "a/b", 0).identifier(1),
                subscribe(2, "a/+", 1).identifier(268_435_455),
                subscribe(3, "+/b", 1),
                subscribe(4, "other", 1).identifier(4));
        c.expect(suback(1, SUCCESS));
        c.expect(suback(2, GRANTED_QOS_1));
        c.expect(suback(3, GRANTED_QOS_1));
        c.expect(suback(4, GRANTED_QOS_1));
        publisher.published("a/b", "p", 1);
        ReceivedPublish came = c.take("a/b", "p", 1);
        assertThat(came.properties().subscriptionIdentifiers()).containsExactlyInAnyOrder(1, 268_435_455);
        publisher.published("x/b", "p", 1);
        assertThat(c.take("x/b", "p", 1).properties().isEmpty()).isTrue();
        c.expectNothing();
    }

    @Test
    @Statement({"5.0:MQTT-3.3.4-5", "5.0:MQTT-3.3.4-3"})
    void sendsEachCopyOfARetainedMessageWithTheIdentifierOfItsSubscription() {
        publisher.published(publish("a/b", "p").retain(), 1);
        WireClient c = broker.client("c");
        c.send(subscribe(1, "a/b", 0).identifier(7), subscribe(2, "a/#", 0).identifier(8), subscribe(3, "#", 0));
        Set<Integer> identifiers = new HashSet<>();
        int without = 0;
        for (int packets = 0; packets < 6; packets++) {
            if (c.receive() instanceof ReceivedPublish came) {
                assertThat(came.retain()).isTrue();
                int[] own = came.properties().subscriptionIdentifiers();
                assertThat(own.length).isLessThanOrEqualTo(1);
                without += 1 - own.length;
                for (int id : own) {
                    assertThat(identifiers.add(id))
                            .as("%s for the first time", id)
                            .isTrue();
                }
            }
        }
        assertThat(identifiers).containsExactlyInAnyOrder(7, 8);
        assertThat(without).isEqualTo(1);
        c.expectNothing();
    }

    @Test
    @Statement({"5.0:MQTT-3.3.4-4", "5.0:MQTT-4.4.0-1"})
    void keepsTheIdentifierOfAMessageThatIsSentAgain() {
        WireClient c = broker.send(MqttVersion.V5, connect("c").sessionExpiry(100));
        c.expect(connack());
        c.send(subscribe(1, "t", 1).identifier(300));
        c.expect(suback(1, GRANTED_QOS_1));
        publisher.published("t", "p", 1);
        int id = c.expect(publish("t", "p").qos(1).with(Property.SUBSCRIPTION_IDENTIFIER, 300))
                .packetId();
        c.drop();
        c = broker.send(MqttVersion.V5, connect("c").sessionExpiry(100));
        c.expect(connack().sessionPresent());
        c.take(publish("t", "p").qos(1, id).dup().with(Property.SUBSCRIPTION_IDENTIFIER, 300));
    }
}
