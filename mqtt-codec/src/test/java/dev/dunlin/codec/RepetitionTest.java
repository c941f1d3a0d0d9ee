package dev.dunlin.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.MqttDecoder.Peer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What repeats isn't checked again, and what doesn't repeat is: a decoder with a past finds what one without finds. */
class RepetitionTest {
    private static final int PACKETS = 3_000;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "32 { ['a/long/topic'] 0001 { 01 01 02 0000003C 03 ['text/plain'] 26 ['trace'] ['4bf92f3577b3'] } 'xyz' }",
                "32 { ['a'] 0001 { 23 0007 } 'xyz' }",
                "32 { ['topic'] 0001 { 01 00 } }",
                "30 { ['topic'] {} 'xyz' }",
                "30 { [] { 02 00000001 23 0001 } 'x' }"
            })
    void findsInAChangedPacketWhatADecoderWithoutPastFinds(String notation) {
        byte[] packet = Bytes.of(notation);
        List<byte[]> past = List.of(packet, packet);
        assertThat(outcome(past, new byte[0])).hasSize(2);
        for (int at = 0; at < packet.length; at++) {
            for (int value = 0; value < 256; value++) {
                byte[] changed = packet.clone();
                changed[at] = (byte) value;
                List<Object> withPast = outcome(past, changed);
                assertThat(withPast.subList(2, withPast.size()))
                        .as("byte %d is %d", at, value)
                        .isEqualTo(outcome(List.of(), changed));
            }
        }
    }

    @Test
    void readsPropertiesThatSometimesRepeat() throws MalformedPacket {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("RepetitionTest -Dseed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        Properties last = Properties.EMPTY;
        int repeated = 0;
        int streak = 0; // of packets without a repetition: some of them long
        try (Feed feed = new Feed(Peer.CLIENT, MqttVersion.V5)) {
            for (int i = 0; i < PACKETS; i++) {
                boolean again = streak == 0 && random.nextBoolean();
                streak = again || streak > 0 ? Math.max(0, streak - 1) : random.nextInt(100);
                Properties properties = again ? last : properties(random, i);
                repeated += again ? 1 : 0;
                ReceivedPublish sent = ReceivedPublish.of("topic/" + random.nextInt(2), QoS.AT_LEAST_ONCE, 1 + i, "x")
                        .with(properties);

                feed.all(Encoding.encode(MqttVersion.V5, sent));

                assertThat(feed.log.packets.get(i)).isEqualTo(sent);
                last = properties;
            }
        }
        assertThat(repeated).isPositive();
    }

    /** None, some that fit what is kept, or many; without the alias and the like, which a frame doesn't pass on. */
    private static Properties properties(SplittableRandom random, int number) {
        Properties.Builder properties = Properties.builder();
        if (random.nextBoolean()) {
            properties.add(Property.MESSAGE_EXPIRY_INTERVAL, random.nextInt(5));
        }
        if (random.nextBoolean()) {
            properties.add(Property.PAYLOAD_FORMAT_INDICATOR, random.nextInt(2));
        }
        for (int n = random.nextInt(3) == 0 ? random.nextInt(30) : random.nextInt(3); n > 0; n--) {
            properties.userProperty("name", "value " + number);
        }
        return properties.build();
    }

    /** The packets that are found, and the violation that ends them, if there is one. */
    private static List<Object> outcome(List<byte[]> past, byte[] packet) {
        List<Object> found = new ArrayList<>();
        try (Feed feed = new Feed(Peer.CLIENT, MqttVersion.V5)) {
            try {
                for (byte[] before : past) {
                    feed.all(before);
                }
                feed.all(packet);
                found.addAll(feed.log.packets);
            } catch (MalformedPacket e) {
                found.addAll(feed.log.packets);
                found.add(e.reasonCode() + ": " + e.getMessage());
            }
        }
        return found;
    }
}
