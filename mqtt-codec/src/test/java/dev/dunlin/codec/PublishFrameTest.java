package dev.dunlin.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.codec.MqttDecoder.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PublishFrameTest {
    private static final String TOPIC = "plant/7/temperature";
    private static final int[][] IDS = {{}, {1}, {128, 1, 268_435_455}};

    /**
     * One cell of the matrix.
     *
     * @param from version of the publisher
     * @param to version of the subscriber
     */
    record Case(
            MqttVersion from, MqttVersion to, boolean published, boolean packetId, int ids, long expiry, int payload) {}

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (MqttVersion from : MqttVersion.values()) {
            for (MqttVersion to : MqttVersion.values()) {
                for (int bits = 0; bits < 4; bits++) {
                    for (int ids = 0; ids < IDS.length; ids++) {
                        for (long expiry : new long[] {-1, 0, 0xFFFF_FFFFL}) {
                            for (int payload :
                                    new int[] {0, 1, PublishFrame.INLINE_BYTES, PublishFrame.INLINE_BYTES + 1, 70_000
                                    }) {
                                cases.add(new Case(from, to, (bits & 1) != 0, (bits & 2) != 0, ids, expiry, payload));
                            }
                        }
                    }
                }
            }
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void variantSaysTheSameInAnotherForm(Case c) throws MalformedPacket {
        boolean from5 = c.from == MqttVersion.V5;
        boolean to5 = c.to == MqttVersion.V5;
        Properties forwarded = from5 ? forwardable() : Properties.EMPTY;
        long expiry = from5 ? c.expiry : -1;
        String payload = "x".repeat(c.payload);
        withFrame(c.from, c.published, forwarded, expiry, payload, frame -> {
            PublishFrame variant = frame.variant(c.to, c.packetId, IDS[c.ids]);

            assertThat(variant.version() == MqttVersion.V5).isEqualTo(to5);
            assertThat(variant.hasPacketId()).isEqualTo(c.packetId);
            assertThat(variant.isLarge()).isEqualTo(c.payload > PublishFrame.INLINE_BYTES);
            assertThat(variant.payloadBytes()).isEqualTo(c.payload);
            assertThat(variant.payload().toString(StandardCharsets.UTF_8)).isEqualTo(payload);
            assertThat(variant.forwardedProperties()).isEqualTo(to5 ? forwarded : Properties.EMPTY);
            assertThat(variant.expirySeconds()).isEqualTo(to5 ? expiry : -1);
            assertThat(variant.variant(c.to, c.packetId, IDS[c.ids])).isSameAs(variant);

            long left = Math.max(0, expiry - 1);
            ReceivedPublish read = readBack(variant, c.to, left);
            Properties.Builder expected = Properties.builder();
            if (to5 && expiry >= 0) {
                expected.add(Property.MESSAGE_EXPIRY_INTERVAL, left);
            }
            for (int id : to5 ? IDS[c.ids] : new int[0]) {
                expected.add(Property.SUBSCRIPTION_IDENTIFIER, id);
            }
            if (to5 && from5) {
                addForwardable(expected);
            }
            QoS qos = c.packetId ? QoS.AT_LEAST_ONCE : QoS.AT_MOST_ONCE;
            assertThat(read)
                    .isEqualTo(ReceivedPublish.of(TOPIC, qos, c.packetId ? 4711 : 0, payload)
                            .with(c.packetId, true)
                            .with(expected.build()));
        });
    }

    @Test
    void dropsWhatIsNotForwarded() throws MalformedPacket {
        byte[] bytes = Bytes.of(
                "32 {[] 0001 {03 ['text']  23 0009  26 ['k'] ['1']  02 0000003C  0B 07  26 ['k'] ['2']  0B 08} 'hello'}");
        MqttDecoder decoder = new MqttDecoder(
                Peer.SERVER,
                (type, in) -> {
                    PublishFrame frame = PublishFrame.of(in.publish(), TOPIC, MqttVersion.V5);
                    assertThat(frame.expirySeconds()).isEqualTo(60);
                    assertThat(frame.hasPacketId()).isTrue();
                    assertThat(frame.forwardedProperties().toString())
                            .isEqualTo("{CONTENT_TYPE=text, USER_PROPERTY=k:1, USER_PROPERTY=k:2}");
                    assertThat(readBack(frame, MqttVersion.V5, 60).properties().toString())
                            .isEqualTo(
                                    "{MESSAGE_EXPIRY_INTERVAL=60, CONTENT_TYPE=text, USER_PROPERTY=k:1, USER_PROPERTY=k:2}");
                    return true;
                },
                1000);
        decoder.version(MqttVersion.V5);
        decoder.decode(Unpooled.wrappedBuffer(bytes));
    }

    @Test
    void largePayloadIsSharedAndReleasedOnce() {
        ByteBuf payload = PooledByteBufAllocator.DEFAULT.directBuffer(5000).writeZero(5000);
        PublishFrame frame = PublishFrame.of(TOPIC, Properties.EMPTY, -1, payload, MqttVersion.V5, true);
        PublishFrame variant = frame.variant(MqttVersion.V3_1_1, false, new int[0]);
        assertThat(payload.refCnt()).isEqualTo(2);
        assertThat(variant.largePayload()).isSameAs(frame.largePayload());
        assertThat(frame.largePayload().memoryAddress()).isEqualTo(payload.memoryAddress());

        variant.release();
        assertThat(payload.refCnt()).isEqualTo(2);
        frame.release();
        assertThat(payload.refCnt()).isEqualTo(1);
        payload.release();
    }

    @Test
    void aFewKibDontPinTheReceiveBufferTheyCameIn() {
        ByteBuf received = Unpooled.directBuffer(64 << 10).writeZero(4 << 10);
        try {
            PublishFrame frame = PublishFrame.of("a", Properties.EMPTY, -1, received, MqttVersion.V5, false);
            assertThat(received.refCnt()).isEqualTo(1);
            assertThat(frame.largePayload()).isEqualTo(received);
            frame.release();
        } finally {
            received.release();
        }
    }

    @Test
    void payloadCannotBeWritten() {
        PublishFrame frame = frameOf("x".getBytes(StandardCharsets.UTF_8), MqttVersion.V5);
        assertThat(frame.payload().isReadOnly()).isTrue();
        assertThat(frameOf(new byte[2000], MqttVersion.V5).payload().isReadOnly())
                .isTrue();
    }

    @Test
    void refusesWhatMqttCannotCarry() {
        byte[] none = new byte[0];
        for (String topic : List.of("", "a/+", "#", "a\0b", "\uD800", "x".repeat(65_536))) {
            assertThatThrownBy(() -> PublishFrame.of(topic, Properties.EMPTY, -1, none, MqttVersion.V5, false))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        for (long expiry : new long[] {-2, 0x1_0000_0000L}) {
            assertThatThrownBy(() -> PublishFrame.of("a", Properties.EMPTY, expiry, none, MqttVersion.V5, false))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(Long.toString(expiry));
        }
    }

    @Test
    void appendsInPlaceWithoutTouchingTheFrame() {
        PublishFrame frame = frameOf("hello".getBytes(StandardCharsets.UTF_8), MqttVersion.V3_1_1)
                .variant(MqttVersion.V3_1_1, true, new int[0]);
        ByteBuf out = Unpooled.buffer().writeByte(0xAA);
        MqttEncoder.publish(out, frame, true, QoS.EXACTLY_ONCE, true, 0xFFFF, 0);
        MqttEncoder.publish(out, frame, false, QoS.AT_LEAST_ONCE, false, 1, 0);
        String rest = "1c0013" + ByteBufUtil.hexDump(TOPIC.getBytes(StandardCharsets.UTF_8));
        String hello = ByteBufUtil.hexDump("hello".getBytes(StandardCharsets.UTF_8));
        assertThat(ByteBufUtil.hexDump(out))
                .isEqualTo("aa" + "3d" + rest + "ffff" + hello + "32" + rest + "0001" + hello);
    }

    private static PublishFrame frameOf(byte[] payload, MqttVersion version) {
        return PublishFrame.of(TOPIC, Properties.EMPTY, -1, payload, version, false);
    }

    private interface Check {
        void check(PublishFrame frame) throws MalformedPacket;
    }

    /** Makes the canonical frame from a message of our own, or from a received one if {@code published}. */
    private static void withFrame(
            MqttVersion version, boolean published, Properties forwarded, long expiry, String payload, Check check)
            throws MalformedPacket {
        PublishFrame own =
                PublishFrame.of(TOPIC, forwarded, expiry, payload.getBytes(StandardCharsets.UTF_8), version, true);
        try {
            if (!published) {
                check.check(own);
                return;
            }
            byte[] bytes = bytes(own, 1, Math.max(0, expiry));
            try (Feed feed = new Feed(version, (type, in) -> {
                PublishFrame frame = PublishFrame.of(in.publish(), in.publish().topic(), version);
                try {
                    check.check(frame);
                } finally {
                    frame.release();
                }
                return true;
            })) {
                feed.all(bytes);
            }
        } finally {
            own.release();
        }
    }

    private static ReceivedPublish readBack(PublishFrame frame, MqttVersion version, long expiry)
            throws MalformedPacket {
        byte[] bytes = bytes(frame, 4711, expiry);
        assertThat(frame.packetBytes()).isEqualTo(bytes.length);
        assertThat(frame.headBytes()).isEqualTo(bytes.length - (frame.isLarge() ? frame.payloadBytes() : 0));
        try (Feed feed = new Feed(Peer.SERVER, version)) {
            feed.all(bytes);
            return (ReceivedPublish) feed.log.packets.get(0);
        }
    }

    private static byte[] bytes(PublishFrame frame, int packetId, long expiry) {
        ByteBuf out = Unpooled.buffer();
        boolean acknowledged = frame.hasPacketId();
        MqttEncoder.publish(
                out, frame, acknowledged, acknowledged ? QoS.AT_LEAST_ONCE : QoS.AT_MOST_ONCE, true, packetId, expiry);
        if (frame.largePayload() != null) {
            out.writeBytes(frame.largePayload().duplicate());
        }
        return ByteBufUtil.getBytes(out);
    }

    private static Properties forwardable() {
        return addForwardable(Properties.builder()).build();
    }

    private static Properties.Builder addForwardable(Properties.Builder builder) {
        return builder.add(Property.PAYLOAD_FORMAT_INDICATOR, 1)
                .userProperty("k", "1")
                .add(Property.CONTENT_TYPE, "text/plain")
                .add(Property.RESPONSE_TOPIC, "answer")
                .userProperty("k", "2")
                .add(Property.CORRELATION_DATA, new byte[] {1, 2, 3});
    }
}
