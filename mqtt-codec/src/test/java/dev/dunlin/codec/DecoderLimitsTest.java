package dev.dunlin.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.codec.MqttDecoder.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Limits are checked before anything is awaited or allocated, and a large frame is never copied or paid for in advance. */
class DecoderLimitsTest {
    private static final int RECEIVE_BYTES = 64 * 1024;
    private static final int MIB = 1024 * 1024;

    private final UnpooledByteBufAllocator alloc = new UnpooledByteBufAllocator(true, true);

    @Test
    void refusesAHugePacketOnItsHeader() {
        MqttDecoder decoder = decoder(256 * 1024);
        MalformedPacket thrown = catchThrowableOfType(
                MalformedPacket.class, () -> decoder.decode(received(Bytes.of("30 FFFFFF7F"), RECEIVE_BYTES)));
        assertThat(thrown.reasonCode()).isEqualTo(ReasonCode.PACKET_TOO_LARGE);
        assertThat(usedBytes()).isZero();
    }

    @Test
    void allocatesNothingForAHugePacketThatIsOnlyAnnounced() throws MalformedPacket {
        MqttDecoder decoder = decoder(MqttDecoder.PACKET_BYTES_MAX);
        decoder.decode(received(Bytes.of("30 FFFFFF7F"), RECEIVE_BYTES));
        assertThat(usedBytes()).isZero();
        decoder.close();
    }

    @Test
    void keepsLittleForASmallPacketThatIsOnlyAnnounced() throws MalformedPacket {
        MqttDecoder decoder = decoder(MqttDecoder.PACKET_BYTES_MAX);
        decoder.decode(received(Bytes.of("30 FFFF03 00"), RECEIVE_BYTES));
        assertThat(usedBytes()).isLessThanOrEqualTo(4096);
        decoder.close();
        assertThat(usedBytes()).isZero();
    }

    @Test
    void countsTheFixedHeader() throws MalformedPacket {
        byte[] packet = Bytes.of("30 {['a'] '" + "x".repeat(200) + "'}");
        MqttDecoder fits = decoder(packet.length);
        assertThatCode(() -> fits.decode(received(packet, 1024))).doesNotThrowAnyException();
        fits.close();
        MqttDecoder tooSmall = decoder(packet.length - 1);
        MalformedPacket thrown =
                catchThrowableOfType(MalformedPacket.class, () -> tooSmall.decode(received(packet, 1024)));
        assertThat(thrown.reasonCode()).isEqualTo(ReasonCode.PACKET_TOO_LARGE);
        assertThat(usedBytes()).isZero();
    }

    @Test
    void anotherLimitCountsFromTheNextPacket() throws MalformedPacket {
        byte[] packet = Bytes.of("30 {['a'] 'hello'}");
        MqttDecoder decoder = new MqttDecoder(
                Peer.CLIENT,
                (type, in) -> {
                    in.maxPacketBytes(5);
                    return true;
                },
                100);
        decoder.version(MqttVersion.V3_1_1);
        decoder.decode(received(packet, 64));
        MalformedPacket thrown =
                catchThrowableOfType(MalformedPacket.class, () -> decoder.decode(received(packet, 64)));
        assertThat(thrown.reasonCode()).isEqualTo(ReasonCode.PACKET_TOO_LARGE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "30 {['t'] {PP}}", // PUBLISH
                "40 {0001 00 {PP}}", // PUBACK
                "82 {0001 {PP} ['t'] 00}", // SUBSCRIBE
                "A2 {0001 {PP} ['t']}", // UNSUBSCRIBE
                "E0 {00 {PP}}", // DISCONNECT
                "F0 {18 {15 ['m'] PP}}", // AUTH
                "10 {['MQTT'] 05 02 0000 {PP} ['c']}",
                "10 {['MQTT'] 05 06 0000 {PP} ['c'] {PP} ['w'] []}", // two blocks, each for itself
            })
    void countsTheUserPropertiesOfAPacket(String notation) throws MalformedPacket {
        String pair = "26 ['name'] ['value']";
        byte[] packet = Bytes.of(notation.replace("P", pair));
        boolean connect = notation.startsWith("10");
        MqttDecoder two = new MqttDecoder(Peer.CLIENT, new PacketLog(), 1_000);
        two.userPropertiesMax(2);
        if (!connect) {
            two.version(MqttVersion.V5);
        }
        two.decode(received(packet, 1_024));
        two.decode(received(packet, 1_024)); // the next packet counts anew
        two.close();
        MqttDecoder one = new MqttDecoder(Peer.CLIENT, new PacketLog(), 1_000);
        one.userPropertiesMax(1);
        if (!connect) {
            one.version(MqttVersion.V5);
        }
        MalformedPacket thrown = catchThrowableOfType(MalformedPacket.class, () -> one.decode(received(packet, 1_024)));
        assertThat(thrown.reasonCode()).isEqualTo(ReasonCode.QUOTA_EXCEEDED);
        assertThat(usedBytes()).isZero();
    }

    @Test
    void aBoundOfUserPropertiesIsNotNegative() {
        assertThatThrownBy(() -> decoder(100).userPropertiesMax(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {MIB, 20 * MIB})
    void chainsTheReceivedBuffersOfALargePacket(int payloadBytes) throws MalformedPacket {
        byte[] packet = publish(payloadBytes);
        int full = packet.length / RECEIVE_BYTES;
        List<Long> receivedAt = new ArrayList<>();
        List<Long> chainedAt = new ArrayList<>();
        MqttDecoder decoder = largeDecoder((type, in) -> {
            assertThat(in.publish().payloadBytes()).isEqualTo(payloadBytes);
            CompositeByteBuf whole = (CompositeByteBuf) in.publish().payload().unwrap();
            assertThat(whole.numComponents()).isBetween(full, full + 1);
            for (int i = 0; i < full; i++) {
                chainedAt.add(whole.internalComponent(i).unwrap().memoryAddress());
            }
            return true;
        });
        for (int at = 0; at < packet.length; at += RECEIVE_BYTES) {
            ByteBuf in = alloc.directBuffer(RECEIVE_BYTES, RECEIVE_BYTES);
            in.writeBytes(packet, at, Math.min(RECEIVE_BYTES, packet.length - at));
            receivedAt.add(in.memoryAddress());
            decoder.decode(in);
        }
        assertThat(chainedAt).isEqualTo(receivedAt.subList(0, full));
        assertThat(usedBytes()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 1000, 16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1})
    void pinsAtMostFourTimesWhatAnyDripBrings(int pieceBytes) throws MalformedPacket {
        byte[] packet = publish(MIB);
        boolean[] whole = {false};
        MqttDecoder decoder = largeDecoder((type, in) -> {
            ByteBuf payload = in.publish().payload();
            whole[0] = payload.forEachByte(b -> b == 'x') < 0 && payload.readableBytes() == MIB;
            return true;
        });
        ByteBuf refill = alloc.directBuffer(RECEIVE_BYTES, RECEIVE_BYTES);
        for (int at = 0; at < packet.length; at += pieceBytes) {
            if (refill.refCnt() > 1) { // it was kept
                refill.release();
                refill = alloc.directBuffer(RECEIVE_BYTES, RECEIVE_BYTES);
            }
            refill.clear().writeBytes(packet, at, Math.min(pieceBytes, packet.length - at));
            decoder.decode(refill.retain());
            if ((at / pieceBytes) % 64 == 0 && at + pieceBytes < packet.length) {
                assertThat(usedBytes()).isLessThanOrEqualTo(4L * (at + pieceBytes) + 4096 + 2 * RECEIVE_BYTES);
                assertThat(decoder.cumulatedBytes()).isBetween(at - 5, at + pieceBytes);
            }
        }
        assertThat(whole[0]).isTrue();
        refill.release();
        assertThat(usedBytes()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 100, 4096})
    void aDripOfTinyBuffersMakesNoLongChain(int pieceBytes) throws MalformedPacket {
        byte[] packet = publish(MIB);
        int[] parts = {0};
        MqttDecoder decoder = largeDecoder((type, in) -> {
            parts[0] = ((CompositeByteBuf) in.publish().payload().unwrap()).numComponents();
            return true;
        });
        for (int at = 0; at < packet.length; at += pieceBytes) {
            int bytes = Math.min(pieceBytes, packet.length - at);
            decoder.decode(alloc.heapBuffer(bytes, bytes).writeBytes(packet, at, bytes));
        }
        assertThat(parts[0]).isBetween(1, MIB / 4096 + 2);
        assertThat(usedBytes()).isZero();
    }

    /** From a list of more than 1,024 buffers Netty makes a copy, of the whole, for each connection that it is written to. */
    @ParameterizedTest
    @ValueSource(ints = {RECEIVE_BYTES, RECEIVE_BYTES / 4, 8 * 1024})
    void theLargestPacketsHaveFewPartsAndPinLittle(int pieceBytes) throws MalformedPacket {
        byte[] packet = publish(80 * MIB);
        for (int at = MIB; at < packet.length; at += 4096) {
            packet[at] = (byte) (at >> 12);
        }
        boolean[] whole = {false};
        MqttDecoder decoder = largeDecoder((type, in) -> {
            ByteBuf payload = in.publish().payload();
            assertThat(payload.nioBufferCount()).isLessThanOrEqualTo(1024);
            ByteBuf sent = Unpooled.wrappedBuffer(packet, packet.length - 80 * MIB, 80 * MIB);
            whole[0] = ByteBufUtil.equals(payload, sent);
            return true;
        });
        for (int at = 0; at < packet.length; at += pieceBytes) {
            int bytes = Math.min(pieceBytes, packet.length - at);
            decoder.decode(alloc.directBuffer(RECEIVE_BYTES, RECEIVE_BYTES).writeBytes(packet, at, bytes));
            assertThat(usedBytes()).isLessThanOrEqualTo(at + 32L * MIB + 2 * MIB);
        }
        assertThat(whole[0]).isTrue();
        assertThat(usedBytes()).isZero();
    }

    @Test
    void crumbsBetweenLargePiecesPinLittle() throws MalformedPacket {
        byte[] packet = publish(MIB);
        MqttDecoder decoder = largeDecoder((type, in) -> true);
        int at = 0;
        for (int i = 0; at < packet.length; i++) {
            int bytes = Math.min(i % 2 == 0 ? RECEIVE_BYTES / 4 : 1, packet.length - at);
            decoder.decode(alloc.directBuffer(RECEIVE_BYTES, RECEIVE_BYTES).writeBytes(packet, at, bytes));
            at += bytes;
            assertThat(usedBytes()).isLessThanOrEqualTo(4L * at + RECEIVE_BYTES);
        }
        assertThat(usedBytes()).isZero();
    }

    @Test
    void pinsLittleWhilePaused() throws MalformedPacket {
        byte[] ping = Bytes.of("C000");
        MqttDecoder decoder = new MqttDecoder(Peer.CLIENT, (type, in) -> false, 100);
        decoder.version(MqttVersion.V3_1_1);
        for (int i = 0; i < 50; i++) {
            decoder.decode(received(Bytes.of("C000 C000"), RECEIVE_BYTES));
        }
        assertThat(decoder.cumulatedBytes()).isEqualTo(200 - ping.length);
        assertThat(usedBytes()).isLessThan(1000);
        decoder.close();
        assertThat(usedBytes()).isZero();
    }

    private static byte[] publish(int payloadBytes) {
        return Bytes.of("30 {['large'] '" + "x".repeat(payloadBytes) + "'}");
    }

    private static MqttDecoder largeDecoder(PacketHandler handler) {
        MqttDecoder decoder = new MqttDecoder(Peer.CLIENT, handler, MqttDecoder.PACKET_BYTES_MAX);
        decoder.version(MqttVersion.V3_1_1);
        return decoder;
    }

    private static MqttDecoder decoder(int maxPacketBytes) {
        MqttDecoder decoder = new MqttDecoder(Peer.CLIENT, new PacketLog(), maxPacketBytes);
        decoder.version(MqttVersion.V3_1_1);
        return decoder;
    }

    /** A receive buffer that is larger than what it holds. */
    private ByteBuf received(byte[] bytes, int capacity) {
        return alloc.directBuffer(capacity, capacity).writeBytes(bytes);
    }

    private long usedBytes() {
        return alloc.metric().usedDirectMemory() + alloc.metric().usedHeapMemory();
    }
}
