package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.bytes;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.pingreq;
import static dev.dunlin.broker.testkit.Packets.pingresp;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static dev.dunlin.broker.testkit.Packets.raw;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_1;
import static dev.dunlin.codec.ReasonCode.MALFORMED_PACKET;
import static dev.dunlin.codec.ReasonCode.PROTOCOL_ERROR;

import dev.dunlin.broker.testkit.EachStandard;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.testkit.Statement;
import java.util.Arrays;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The first bytes of every packet: type, flags, remaining length; bytes for bytes what the broker sends, and what it refuses. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class FixedHeaderTest {
    @AutoClose
    private final TestBroker broker = TestBroker.start();

    private final Violations violations = new Violations(broker);

    // ---- flags

    @EachVersion
    @Statement({"3.1.1:MQTT-2.2.2-1", "5.0:MQTT-2.1.3-1"})
    void sendsEveryPacketWithTheFlagsOfItsType(MqttVersion version) {
        WireClient c = broker.client(version, "c");
        c.send(subscribe(1, "t", 2));
        c.expectRaw("90 {0001 P 02}");
        c.send(unsubscribe(2, "t"));
        c.expectRaw(version == MqttVersion.V5 ? "B0 {0002 P 00}" : "B0 {0002}");
        c.send(pingreq());
        c.expectRaw("D0 00");
        c.subscribed("t", 2);

        WireClient publisher = broker.client(version, "publisher");
        publisher.send(publish("t", "p").qos(1, 3));
        publisher.expectRaw("40 {0003}");
        int id = c.take("t", "p", 1).packetId();
        publisher.send(publish("t", "p").qos(2, 4));
        publisher.expectRaw("50 {0004}");
        publisher.send(pubrel(4));
        publisher.expectRaw("70 {0004}");
        c.expect(publish("t", "p").qos(2, id + 1));
        c.send(pubrec(id + 1));
        c.expectRaw(0x62, 2, 0, id + 1);
    }

    @EachStandard
    @Statement({"3.1.1:MQTT-2.2.2-2", "3.1.1:MQTT-2.2.2-1", "5.0:MQTT-2.1.3-1"})
    void disconnectsOnReservedFlagsThatAreSet(MqttVersion version) {
        violations.disconnect(
                version,
                MALFORMED_PACKET,
                "41 {0001}",
                "44 {0001}",
                "52 {0001}",
                "58 {0001}",
                "71 {0001}",
                "72 {0001}",
                "C1 00",
                "C2 00",
                "C8 00",
                "E2 00",
                "E8 00");
        violations.close("11 {N 02 0000 P ['c']}", "12 {N 02 0000 P ['c']}", "18 {N 02 0000 P ['c']}");
    }

    @EachStandard
    @Statement({"3.1.1:MQTT-3.6.1-1", "5.0:MQTT-3.6.1-1"})
    void disconnectsOnPubrelWithOtherFlagsThan2(MqttVersion version) {
        violations.disconnect(version, MALFORMED_PACKET, "60 {0001}", "63 {0001}", "6A {0001}", "66 {0001}");
    }

    @EachStandard
    @Statement({"3.1.1:MQTT-3.8.1-1", "5.0:MQTT-3.8.1-1"})
    void disconnectsOnSubscribeWithOtherFlagsThan2(MqttVersion version) {
        violations.disconnect(
                version,
                MALFORMED_PACKET,
                "80 {0001 P ['t'] 00}",
                "83 {0001 P ['t'] 00}",
                "8A {0001 P ['t'] 00}",
                "86 {0001 P ['t'] 00}");
    }

    @EachStandard
    @Statement({"3.1.1:MQTT-3.10.1-1", "5.0:MQTT-3.10.1-1"})
    void disconnectsOnUnsubscribeWithOtherFlagsThan2(MqttVersion version) {
        violations.disconnect(version, MALFORMED_PACKET, "A0 {0001 P ['t']}", "A3 {0001 P ['t']}", "AA {0001 P ['t']}");
    }

    @EachStandard
    @Statement({"3.1.1:MQTT-3.14.1-1", "5.0:MQTT-3.14.1-1"})
    void disconnectsOnDisconnectWithFlags(MqttVersion version) {
        violations.disconnect(version, MALFORMED_PACKET, "E1 00", "E2 00", "EF 00");
    }

    @Test
    @Statement("5.0:MQTT-3.15.1-1")
    void disconnectsOnAuthWithFlags() {
        violations.disconnect(MqttVersion.V5, MALFORMED_PACKET, "F1 {19 {15 ['m']}}", "F8 {19 {15 ['m']}}");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.3.1-4", "5.0:MQTT-3.3.1-4"})
    void disconnectsOnPublishWithBothQosBits(MqttVersion version) {
        violations.disconnect(
                version, MALFORMED_PACKET, "36 {['t'] 0001 P 'p'}", "37 {['t'] 0001 P 'p'}", "3E {['t'] 0001 P 'p'}");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.3.1-2", "5.0:MQTT-3.3.1-2"})
    void disconnectsOnQos0WithDup(MqttVersion version) {
        violations.disconnect(version, MALFORMED_PACKET, "38 {['t'] P 'p'}", "39 {['t'] P 'p'}");
    }

    // ---- type

    @EachVersion
    @Statement({"3.1.1:MQTT-4.8.0-1", "5.0:MQTT-4.13.1-1"})
    void disconnectsOnAReservedType(MqttVersion version) {
        violations.disconnect(version, MALFORMED_PACKET, "00 00", "0F {0001}");
        if (version != MqttVersion.V5) {
            violations.disconnect(version, MALFORMED_PACKET, "F0 00", "F0 {18 00}");
        }
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-4.8.0-1", "5.0:MQTT-4.13.1-1"})
    void disconnectsOnPacketsThatOnlyServersSend(MqttVersion version) {
        violations.disconnect(version, PROTOCOL_ERROR, "20 {00 00 P}", "90 {0001 P 00}", "B0 {0001 P}", "D0 00");
    }

    // ---- remaining length

    @Test
    @Statement("5.0:MQTT-1.5.5-1")
    void disconnectsOnALengthThatIsNotInItsShortestForm() {
        violations.disconnect(
                MqttVersion.V5,
                MALFORMED_PACKET,
                "C0 8000", // the remaining length
                "E0 808000",
                "30 888000 ['t'] 00 'pad'",
                "30 {['t'] 8000 'pad'}", // the length of the properties
                "82 {0001 {0B 8100} ['t'] 00}"); // the subscription identifier
    }

    @EachVersion
    @Statement("5.0:MQTT-1.5.5-1")
    void sendsLengthsInTheirShortestForm(MqttVersion version) {
        int head = version == MqttVersion.V5 ? 4 : 3; // topic, properties
        WireClient c = broker.client(version, "c").subscribed("t", 0);
        for (int length : new int[] {127, 128, 16_383, 16_384}) {
            String packet = "30 {['t'] P '" + "x".repeat(length - head) + "'}";
            c.send(raw(packet));
            c.expectRaw(packet);
        }
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-4.8.0-1", "5.0:MQTT-4.13.1-1"})
    void disconnectsOnALengthOfFiveBytes(MqttVersion version) {
        violations.disconnect(version, MALFORMED_PACKET, "30 80808080 00", "82 FFFFFFFF 7F");
        violations.close("10 FFFFFFFF 7F");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-4.8.0-1", "5.0:MQTT-4.13.1-1"})
    void disconnectsOnPacketsThatAreTooShortOrTooLong(MqttVersion version) {
        violations.disconnect(
                version,
                MALFORMED_PACKET,
                "30 00",
                "30 {00}",
                "30 {0002 't'}",
                "32 {['t'] 00}",
                "40 00",
                "40 {00}",
                "50 {01}",
                "62 {01}",
                "70 {01}",
                "82 {00}",
                "82 {0001 P 0002 't'}",
                "A2 {00}",
                "A2 {0001 P 0002 't'}",
                "C0 {00}");
    }

    // ---- on a stream of bytes

    @EachVersion
    @Statement({"3.1.1:MQTT-7.1.1-1", "5.0:MQTT-4.2.0-1"})
    void readsPacketsHoweverTheirBytesAreCut(MqttVersion version) {
        WireClient c = broker.open(version);
        byte[] script = bytes(
                version,
                connect("c").cleanStart(),
                subscribe(5, "t", 1),
                publish("t", "first").qos(1, 6),
                publish("t", "second").qos(1, 7),
                pingreq());
        c.sendRaw(Arrays.copyOf(script, 5));
        c.sendRaw(Arrays.copyOfRange(script, 5, script.length - 20));
        for (int i = script.length - 20; i < script.length; i++) {
            c.sendRaw(new byte[] {script[i]});
        }

        c.expect(connack());
        c.expect(suback(5, GRANTED_QOS_1));
        int id = c.expectPublish("t", "first", 1).packetId();
        c.expect(puback(6));
        c.expect(publish("t", "second").qos(1, id + 1));
        c.expect(puback(7));
        c.expect(pingresp());
    }
}
