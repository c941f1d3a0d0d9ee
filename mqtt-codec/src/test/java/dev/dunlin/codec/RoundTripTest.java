package dev.dunlin.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.PacketVectors.Vector;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** decode(encode(p)) = p and encode(decode(bytes)) = bytes. */
class RoundTripTest {
    private static final int PACKETS = 4_000;

    static List<Vector> canonical() {
        return PacketVectors.valid().stream().filter(Vector::canonical).toList();
    }

    static List<Vector> odd() {
        return PacketVectors.valid().stream()
                .filter(v -> !v.canonical() && !v.toString().contains("alias alone"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("canonical")
    void writesTheBytesOfTheVector(Vector vector) {
        assertThat(Encoding.encode(vector.version(), vector.packet())).isEqualTo(vector.bytes());
    }

    @ParameterizedTest
    @MethodSource("odd")
    void writesAnOddFormInItsUsualForm(Vector vector) throws MalformedPacket {
        try (Feed feed = Feed.of(vector)) {
            feed.all(Encoding.encode(vector.version(), vector.packet()));
            assertThat(withoutOwnProperties(feed.log.packets.get(0))).isEqualTo(withoutOwnProperties(vector.packet()));
        }
    }

    /** An alias isn't forwarded and the expiry moves to the front. */
    private static Object withoutOwnProperties(Object packet) {
        return packet instanceof ReceivedPublish p
                ? List.of(p.topic(), p.qos(), p.packetId(), p.expirySeconds(), p.payload())
                : packet;
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void readsWhatItWroteFromRandomPackets(MqttVersion version) throws MalformedPacket {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("RoundTripTest " + version + " -Dseed=" + seed);
        RandomPackets packets = new RandomPackets(new SplittableRandom(seed), version);
        for (int i = 0; i < PACKETS; i++) {
            MqttDecoder.Peer peer = MqttDecoder.Peer.values()[i & 1];
            Object packet = packets.next(peer);
            byte[] bytes = Encoding.encode(version, packet);
            try (Feed feed = new Feed(peer, version)) {
                feed.pieces(bytes, packets.pieceBytes(bytes.length));
                assertThat(feed.log.packets)
                        .as("seed " + seed + ", packet " + i)
                        .containsExactly(packet);
            }
        }
    }

    @Test
    void sizesAreThoseOfWhatIsWritten() {
        for (Vector vector : PacketVectors.valid()) {
            MqttVersion version = vector.version();
            if (vector.packet() instanceof ReceivedPublish) {
                continue;
            }
            int bytes = Encoding.encode(version, vector.packet()).length;
            if (vector.packet() instanceof Connack p) {
                assertThat(MqttEncoder.connackBytes(version, p)).isEqualTo(bytes);
            } else if (vector.packet() instanceof Suback p) {
                assertThat(MqttEncoder.subackBytes(version, p)).isEqualTo(bytes);
            } else if (vector.packet() instanceof Unsuback p) {
                assertThat(MqttEncoder.unsubackBytes(version, p)).isEqualTo(bytes);
            } else if (vector.packet() instanceof Packet.Ack p) {
                assertThat(MqttEncoder.ackBytes(version, p.reason(), p.properties()))
                        .isEqualTo(bytes);
            } else if (vector.packet() instanceof Packet.Disconnect p) {
                assertThat(MqttEncoder.disconnectBytes(version, p.reason(), p.properties()))
                        .isEqualTo(bytes);
            }
        }
    }
}
