package dev.dunlin.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.MqttDecoder.Peer;
import dev.dunlin.codec.testkit.Statement;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A PUBLISH with a topic alias says the same as one without. */
class PublishWithAliasTest {
    private static final String SHORT_TOPIC = "a/b/c";
    private static final String LONG_TOPIC = "x".repeat(300);

    record Case(boolean withTopic, String topic, QoS qos, int propertyBytes, long expiry, int payload) {}

    /** Around every width of a length: 127 bytes of properties with or without the alias, 127 and 16,383 of the packet. */
    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (QoS qos : QoS.values()) {
            for (String topic : List.of(SHORT_TOPIC, LONG_TOPIC)) {
                for (int propertyBytes : new int[] {0, 20, 120, 124, 125, 127, 128}) {
                    for (int payload : new int[] {0, 100, 110, 120, PublishFrame.INLINE_BYTES + 1, 16_380}) {
                        cases.add(new Case(true, topic, qos, propertyBytes, -1, payload));
                        cases.add(new Case(false, topic, qos, propertyBytes, 0xFFFF_FFFFL, payload));
                    }
                }
            }
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("cases")
    @Statement({"5.0:MQTT-3.3.2-4", "5.0:MQTT-3.3.2-18"})
    void differsInTopicAndAliasOnly(Case c) throws MalformedPacket {
        Properties.Builder forwarded = Properties.builder();
        if (c.propertyBytes > 0) {
            forwarded.userProperty("k", "v".repeat(Math.max(0, c.propertyBytes - 6)));
        }
        byte[] payload = "p".repeat(c.payload).getBytes(StandardCharsets.UTF_8);
        boolean withId = c.qos != QoS.AT_MOST_ONCE;
        PublishFrame frame = PublishFrame.of(c.topic, forwarded.build(), c.expiry, payload, MqttVersion.V5, withId);
        PublishFrame plain = frame.variant(MqttVersion.V5, withId, new int[] {7, 300});

        ByteBuf out = Unpooled.buffer().writeZero(3); // not at the beginning of a buffer
        MqttEncoder.publishWithAlias(out, plain, 513, c.withTopic, withId, c.qos, true, 4711, Math.max(0, c.expiry));
        assertThat(out.writerIndex() - 3).isEqualTo(plain.headBytesWithAlias(c.withTopic));
        ByteBuf large = plain.largePayload();
        if (large != null) {
            out.writeBytes(large.duplicate());
        }
        assertThat(out.writerIndex() - 3).isEqualTo(plain.packetBytesWithAlias(c.withTopic));

        Properties.Builder wanted = Properties.builder().add(Property.TOPIC_ALIAS, 513);
        if (c.expiry >= 0) {
            wanted.add(Property.MESSAGE_EXPIRY_INTERVAL, c.expiry);
        }
        wanted.add(Property.SUBSCRIPTION_IDENTIFIER, 7).add(Property.SUBSCRIPTION_IDENTIFIER, 300);
        if (c.propertyBytes > 0) {
            wanted.userProperty("k", "v".repeat(Math.max(0, c.propertyBytes - 6)));
        }
        assertThat(decode(out.skipBytes(3)))
                .isEqualTo(
                        ReceivedPublish.of(c.withTopic ? c.topic : "", c.qos, withId ? 4711 : 0, "p".repeat(c.payload))
                                .with(withId, true)
                                .with(wanted.build()));
        frame.release();
    }

    private static ReceivedPublish decode(ByteBuf packet) throws MalformedPacket {
        List<ReceivedPublish> read = new ArrayList<>();
        MqttDecoder decoder = new MqttDecoder(
                Peer.SERVER, (type, in) -> read.add(ReceivedPublish.of(in.publish())), MqttDecoder.PACKET_BYTES_MAX);
        decoder.version(MqttVersion.V5);
        decoder.decode(packet);
        assertThat(decoder.cumulatedBytes()).isZero();
        decoder.close();
        assertThat(read).hasSize(1);
        return read.get(0);
    }
}
