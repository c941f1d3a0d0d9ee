package dev.dunlin.broker.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.MqttDecoder.Peer;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketVectors;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Replays what {@link InboundFuzz} has found, and every packet vector, on a whole broker. */
class InboundFuzzTest {
    private static final int CORPUS_LINES_MAX = 400;

    /** Every packet that a client may send, and every malformed one, by a client that is connected with that version. */
    static Stream<Arguments> vectors() {
        Stream<byte[]> valid = PacketVectors.valid().stream()
                .filter(v -> v.peer() == Peer.CLIENT && v.bytes().length < 1000)
                .map(v -> InboundScript.of(sender(v.version()), v.bytes()));
        Stream<byte[]> malformed = PacketVectors.malformed().stream()
                .filter(v -> v.peer() == Peer.CLIENT)
                .map(v -> InboundScript.of(sender(v.version()), v.bytes()));
        return Stream.concat(valid, malformed).map(Arguments::of);
    }

    private static int sender(@Nullable MqttVersion version) {
        return version == MqttVersion.V5 ? 1 : version == MqttVersion.V3_1_1 ? 2 : 0;
    }

    /** The corpus of the search, one input to a line. */
    static Stream<Arguments> corpus() throws IOException {
        return lines().stream().map(HexFormat.of()::parseHex).map(Arguments::of);
    }

    static Stream<Arguments> inputs() throws IOException {
        return Stream.concat(vectors(), corpus());
    }

    private static List<String> lines() throws IOException {
        try (InputStream in = InboundFuzzTest.class.getResourceAsStream("inbound-corpus.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
                    .lines()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("inputs")
    void survivesWhatIsKnown(byte[] input) {
        InboundScript.run(input);
    }

    @Test
    void theCorpusStaysSmall() throws IOException {
        assertThat(lines()).hasSizeBetween(1, CORPUS_LINES_MAX).doesNotHaveDuplicates();
    }
}
