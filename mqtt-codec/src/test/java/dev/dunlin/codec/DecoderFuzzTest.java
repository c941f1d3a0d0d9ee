package dev.dunlin.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.MqttDecoder.Peer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever arrives, cut however, from whichever peer: the decoder hands over packets that can be read and encoded again, or
 * throws a {@link MalformedPacket}, the same however the input is cut, and keeps no memory.
 *
 * <p>The build replays every vector and every input that once failed; {@link DecoderFuzz} searches for new ones.
 */
class DecoderFuzzTest {
    private static final int VERSIONS = MqttVersion.values().length;
    private static final int PAUSING = 0x10;
    private static final int SERVER = 0x20;

    /** Inputs that failed once. */
    private static final List<String> FINDINGS = List.of(
            // A second CONNECT, for another version, changed that of the connection.
            "02 09  82 07 0001 00 0001 13 0E  10 0C 0004 'MQTT' 04 00 003C 61 82");

    static Stream<Arguments> inputs() {
        Stream<byte[]> valid = PacketVectors.valid().stream()
                .filter(v -> v.bytes().length < 1000)
                .map(v -> input(v.packet() instanceof Connect ? null : v.version(), v.peer(), v.bytes()));
        Stream<byte[]> malformed = PacketVectors.malformed().stream().map(v -> input(v.version(), v.peer(), v.bytes()));
        Stream<byte[]> findings = FINDINGS.stream().map(Bytes::of);
        return Stream.of(valid, malformed, findings).flatMap(s -> s).map(Arguments::of);
    }

    private static byte[] input(@Nullable MqttVersion version, Peer peer, byte[] bytes) {
        byte[] input = new byte[bytes.length + 2];
        int pausing = bytes.length % 2 == 0 ? PAUSING : 0;
        input[0] = (byte)
                ((version == null ? VERSIONS : version.ordinal()) | (peer == Peer.SERVER ? SERVER : 0) | pausing);
        input[1] = (byte) bytes.length;
        System.arraycopy(bytes, 0, input, 2, bytes.length);
        return input;
    }

    @ParameterizedTest
    @MethodSource("inputs")
    void survivesWhatIsKnown(byte[] input) {
        run(input);
    }

    /** One input: one byte of circumstances, one that seeds the cuts, then what is received. */
    static void run(byte[] input) {
        if (input.length < 2) {
            return;
        }
        byte[] received = Arrays.copyOfRange(input, 2, input.length);
        Outcome whole = new Outcome(input[0]);
        whole.receive(received, () -> Integer.MAX_VALUE);
        Outcome cut = new Outcome(input[0]);
        SplittableRandom random = new SplittableRandom(input[1]);
        cut.receive(received, () -> 1 + random.nextInt(random.nextInt(1, 64)));
        assertThat(cut.packets).isEqualTo(whole.packets);
        assertThat(cut.error).isEqualTo(whole.error);
        whole.encodeAgain();
    }

    private interface PieceBytes {
        int next();
    }

    /** What comes of an input. */
    private static final class Outcome implements PacketHandler {
        private final List<Object> packets = new ArrayList<>();
        private final boolean pausing;
        private final Peer peer;
        private final @Nullable MqttVersion given;
        private @Nullable MqttVersion version;
        private @Nullable String error;

        Outcome(byte circumstances) {
            int index = (circumstances & 0xF) % (VERSIONS + 1);
            pausing = (circumstances & PAUSING) != 0;
            peer = (circumstances & SERVER) != 0 ? Peer.SERVER : Peer.CLIENT;
            boolean unknown = index == VERSIONS && peer == Peer.CLIENT; // a server's version is always known
            given = unknown ? null : MqttVersion.values()[index % VERSIONS];
        }

        @Override
        public boolean packet(PacketType type, MqttDecoder in) {
            assertThat(in.packetBytes()).isGreaterThanOrEqualTo(2);
            Object packet = PacketLog.value(type, in);
            assertThat(packet.toString()).isNotEmpty();
            packets.add(packet);
            return !pausing;
        }

        void receive(byte[] bytes, PieceBytes pieces) {
            try (Feed feed = new Feed(peer, given, this)) {
                try {
                    for (int at = 0, next; at < bytes.length; at = next) {
                        next = (int) Math.min(bytes.length, (long) at + pieces.next());
                        feed.range(bytes, at, next);
                    }
                    resume(feed.decoder);
                } catch (MalformedPacket e) {
                    error = e.reasonCode() + ": " + e.getMessage();
                }
                version = feed.decoder.version();
            }
        }

        private void resume(MqttDecoder decoder) throws MalformedPacket {
            for (int before = -1; before != packets.size(); ) {
                before = packets.size();
                decoder.resume();
            }
        }

        /** What was read can be written, and is then read as the same. */
        void encodeAgain() {
            for (Object packet : packets) {
                boolean alias = packet instanceof ReceivedPublish p && p.topic().isEmpty();
                if (alias) {
                    continue; // the name isn't known here
                }
                MqttVersion of = packet instanceof Connect connect ? connect.version() : version;
                try (Feed feed = new Feed(peer, of)) {
                    feed.all(Encoding.encode(of, packet));
                    Object again = feed.log.packets.get(0);
                    assertThat(Encoding.encode(of, again)).isEqualTo(Encoding.encode(of, packet));
                    if (!(packet instanceof ReceivedPublish)) {
                        assertThat(again).isEqualTo(packet);
                    }
                } catch (MalformedPacket e) {
                    throw new AssertionError(packet + " can't be read again", e);
                }
            }
        }
    }
}
