package dev.dunlin.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.codec.MqttDecoder.Peer;
import dev.dunlin.codec.PacketVectors.Malformed;
import dev.dunlin.codec.PacketVectors.Vector;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every vector through the decoder: whole, cut at every byte, byte by byte, and all of a connection in a row. */
class DecoderVectorsTest {
    static List<Vector> valid() {
        return PacketVectors.valid();
    }

    static List<Malformed> malformed() {
        return PacketVectors.malformed();
    }

    static Stream<Arguments> connections() {
        return Arrays.stream(MqttVersion.values())
                .flatMap(version -> Arrays.stream(Peer.values()).map(peer -> Arguments.of(version, peer)));
    }

    @ParameterizedTest
    @MethodSource("valid")
    void readsAWholePacket(Vector vector) throws MalformedPacket {
        try (Feed feed = Feed.of(vector)) {
            feed.all(vector.bytes());
            assertThat(feed.log.packets).containsExactly(vector.packet());
            assertThat(feed.usedBytes()).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("valid")
    void readsAPacketCutAnywhere(Vector vector) throws MalformedPacket {
        for (int cut = 0; cut <= vector.bytes().length; cut++) {
            try (Feed feed = Feed.of(vector)) {
                feed.cut(vector.bytes(), cut);
                assertThat(feed.log.packets).as("cut at " + cut).containsExactly(vector.packet());
                assertThat(feed.usedBytes()).isZero();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("valid")
    void readsAPacketByteByByte(Vector vector) throws MalformedPacket {
        try (Feed feed = Feed.of(vector)) {
            feed.pieces(vector.bytes(), 1);
            assertThat(feed.log.packets).containsExactly(vector.packet());
        }
    }

    @ParameterizedTest
    @MethodSource("connections")
    void readsAllPacketsOfAConnectionInARow(MqttVersion version, Peer peer) throws MalformedPacket {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        List<Object> expected = new ArrayList<>();
        for (Vector vector : PacketVectors.valid(version, peer)) {
            bytes.writeBytes(vector.bytes());
            expected.add(vector.packet());
        }
        for (int piece : new int[] {1, 2, 3, 7, 64, 1000, 65_536, Integer.MAX_VALUE / 2}) {
            try (Feed feed = new Feed(peer, version)) {
                feed.pieces(bytes.toByteArray(), piece);
                assertThat(feed.log.packets).as("pieces of " + piece).isEqualTo(expected);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("malformed")
    void refusesAMalformedPacketHoweverItIsCut(Malformed vector) {
        for (int cut = 0; cut <= vector.bytes().length; cut++) {
            int at = cut;
            refuses(vector, feed -> feed.cut(vector.bytes(), at));
        }
        refuses(vector, feed -> feed.pieces(vector.bytes(), 1));
    }

    @ParameterizedTest
    @MethodSource("malformed")
    void deliversWhatCameBeforeAMalformedPacket(Malformed vector) {
        if (vector.version() == null) {
            return; // it is the first of its connection
        }
        Vector before = PacketVectors.named(vector.version(), vector.peer() == Peer.CLIENT ? "PINGREQ" : "PINGRESP");
        byte[] bytes = Arrays.copyOf(before.bytes(), before.bytes().length + vector.bytes().length);
        System.arraycopy(vector.bytes(), 0, bytes, before.bytes().length, vector.bytes().length);
        try (Feed feed = new Feed(vector.peer(), vector.version())) {
            MalformedPacket thrown = catchThrowableOfType(MalformedPacket.class, () -> feed.all(bytes));
            assertThat(thrown.reasonCode()).isEqualTo(vector.reason());
            assertThat(feed.log.packets).containsExactly(before.packet());
        }
    }

    /** One error with the right reason, no packet, nothing kept, and the same error ever after. */
    private static void refuses(Malformed vector, Feeding feeding) {
        try (Feed feed = new Feed(vector.peer(), vector.version())) {
            MalformedPacket thrown = catchThrowableOfType(MalformedPacket.class, () -> feeding.feed(feed));
            assertThat(thrown).as("no error").isNotNull();
            assertThat(thrown.reasonCode()).as(thrown.getMessage()).isEqualTo(vector.reason());
            assertThat(feed.log.packets).isEmpty();
            assertThat(feed.usedBytes()).isZero();
            MalformedPacket again = catchThrowableOfType(MalformedPacket.class, () -> feed.all(new byte[] {1, 2, 3}));
            assertThat(again).isSameAs(thrown);
        }
    }

    private interface Feeding {
        void feed(Feed feed) throws MalformedPacket;
    }

    @Test
    void hasAVectorForEveryPacketAndProperty() {
        String packets =
                PacketVectors.valid().stream().map(v -> v.packet().toString()).reduce("", String::concat);
        assertThat(Property.values()).allMatch(property -> packets.contains(property + "="));
        for (MqttVersion version : MqttVersion.values()) {
            for (PacketType type : PacketType.values()) {
                boolean legal = type != PacketType.AUTH || version == MqttVersion.V5;
                assertThat(PacketVectors.valid().stream()
                                .anyMatch(v ->
                                        v.version() == version && v.bytes()[0] >> 4 == (byte) (type.code() << 4) >> 4))
                        .isEqualTo(legal);
            }
        }
    }
}
