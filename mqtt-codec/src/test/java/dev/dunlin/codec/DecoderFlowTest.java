package dev.dunlin.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.codec.MqttDecoder.Peer;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Pausing, resuming, closing, failing: what the handler may do, and that nothing is lost or leaked by it. */
class DecoderFlowTest {
    private static final byte[] THREE = Bytes.of("30 {['a'] '1'} 30 {['a'] '2'} 30 {['a'] '3'}");
    private static final int ONE_BYTES = THREE.length / 3;

    private final List<String> seen = new ArrayList<>();

    private boolean see(MqttDecoder in) {
        seen.add(ReceivedPublish.of(in.publish()).payload());
        return true;
    }

    @Test
    void stopsWhenTheHandlerSaysSoAndGoesOnWhenResumed() throws MalformedPacket {
        try (Feed feed = new Feed(MqttVersion.V3_1_1, (type, in) -> {
            see(in);
            return false;
        })) {
            feed.all(THREE);
            assertThat(seen).containsExactly("1");
            assertThat(feed.decoder.cumulatedBytes()).isEqualTo(2 * ONE_BYTES);
            feed.range(THREE, 0, 3);
            feed.decoder.resume();
            feed.range(THREE, 3, ONE_BYTES);
            assertThat(seen).containsExactly("1", "2");
            feed.decoder.resume();
            feed.decoder.resume();
            assertThat(seen).containsExactly("1", "2", "3", "1");
            assertThat(feed.decoder.cumulatedBytes()).isZero();
            feed.decoder.resume();
            feed.decoder.resume();
            feed.all(THREE);
            assertThat(seen).hasSize(5);
        }
    }

    @Test
    void pausedDecoderKeepsTheOrderAtEveryCut() throws MalformedPacket {
        for (int cut = 0; cut <= THREE.length; cut++) {
            seen.clear();
            try (Feed feed = new Feed(MqttVersion.V3_1_1, (type, in) -> {
                see(in);
                return false;
            })) {
                feed.cut(THREE, cut);
                for (int i = 0; i < 3; i++) {
                    feed.decoder.resume();
                }
                assertThat(seen).containsExactly("1", "2", "3");
                assertThat(feed.usedBytes()).isZero();
            }
        }
    }

    @Test
    void resumeInsideTheHandlerCancelsItsPause() throws MalformedPacket {
        try (Feed feed = new Feed(MqttVersion.V3_1_1, (type, in) -> {
            see(in);
            in.resume();
            return false;
        })) {
            feed.all(THREE);
            assertThat(seen).containsExactly("1", "2", "3");
        }
    }

    @Test
    void resumeInsideTheHandlerDoesNotCancelTheNextPause() throws MalformedPacket {
        try (Feed feed = new Feed(MqttVersion.V3_1_1, (type, in) -> {
            see(in);
            if (seen.size() == 1) {
                in.resume();
                return true;
            }
            return false;
        })) {
            feed.all(THREE);
            assertThat(seen).containsExactly("1", "2");
        }
    }

    @Test
    void decodeInsideTheHandlerWaitsItsTurn() throws MalformedPacket {
        Feed[] feeds = new Feed[1];
        try (Feed feed = new Feed(MqttVersion.V3_1_1, (type, in) -> {
            see(in);
            if (seen.size() == 1) {
                feeds[0].range(THREE, 0, ONE_BYTES);
            }
            return true;
        })) {
            feeds[0] = feed;
            feed.all(THREE);
            assertThat(seen).containsExactly("1", "2", "3", "1");
        }
    }

    @Test
    void closeInsideTheHandlerLeavesItItsPacketAndDropsTheRest() throws MalformedPacket {
        try (Feed feed = new Feed(MqttVersion.V3_1_1, (type, in) -> {
            in.close();
            in.close();
            return see(in);
        })) {
            feed.all(THREE);
            assertThat(seen).containsExactly("1");
            assertThat(feed.usedBytes()).isZero();
            feed.all(THREE);
            feed.decoder.resume();
            assertThat(seen).hasSize(1);
            assertThat(feed.usedBytes()).isZero();
        }
    }

    @Test
    void closeReleasesAPartialPacketAndWhatWaits() throws MalformedPacket {
        for (int cut = 1; cut < THREE.length; cut++) {
            try (Feed feed = new Feed(MqttVersion.V3_1_1, (type, in) -> false)) {
                feed.range(THREE, 0, cut);
                feed.range(THREE, cut, THREE.length);
                feed.decoder.close();
                assertThat(feed.usedBytes()).isZero();
            }
        }
    }

    @Test
    void anExceptionOfTheHandlerClosesTheDecoder() throws MalformedPacket {
        IllegalStateException bug = new IllegalStateException("a bug");
        try (Feed feed = new Feed(MqttVersion.V3_1_1, (type, in) -> {
            see(in);
            throw bug;
        })) {
            assertThatThrownBy(() -> feed.all(THREE)).isSameAs(bug);
            assertThat(feed.usedBytes()).isZero();
            feed.all(THREE);
            assertThat(seen).hasSize(1);
            assertThat(feed.usedBytes()).isZero();
        }
    }

    @Test
    void aViolationFoundByTheHandlerIsFinal() {
        MalformedPacket second = new MalformedPacket(ReasonCode.PROTOCOL_ERROR, "a second CONNECT");
        try (Feed feed = new Feed(MqttVersion.V3_1_1, (type, in) -> {
            see(in);
            throw second;
        })) {
            assertThat(catchThrowableOfType(MalformedPacket.class, () -> feed.all(THREE)))
                    .isSameAs(second);
            assertThat(catchThrowableOfType(MalformedPacket.class, () -> feed.all(THREE)))
                    .isSameAs(second);
            assertThat(catchThrowableOfType(MalformedPacket.class, feed.decoder::resume))
                    .isSameAs(second);
            assertThat(seen).hasSize(1);
        }
        assertThat(second.getStackTrace()).isEmpty();
    }

    @Test
    void equalTopicsInARowAreTheSameString() throws MalformedPacket {
        List<String> topics = new ArrayList<>();
        try (Feed feed = new Feed(
                MqttVersion.V3_1_1, (type, in) -> topics.add(in.publish().topic()))) {
            feed.all(Bytes.of(
                    "30 {['long/topic/1']} 30 {['long/topic/1']} 30 {['long/topic/2']} 30 {['long/topic/1']}"));
        }
        assertThat(topics).containsExactly("long/topic/1", "long/topic/1", "long/topic/2", "long/topic/1");
        assertThat(topics.get(1)).isSameAs(topics.get(0));
    }

    @Test
    void aRetainedPayloadOutlivesTheCall() throws MalformedPacket {
        ByteBuf[] kept = new ByteBuf[1];
        try (Feed feed = new Feed(MqttVersion.V3_1_1, (type, in) -> {
            if (kept[0] == null) {
                kept[0] = in.publish().payload().retain();
            }
            return true;
        })) {
            feed.cut(THREE, 3);
            assertThat(kept[0].getByte(0)).isEqualTo((byte) '1');
            kept[0].release();
        }
    }

    @Test
    void learnsTheVersionFromConnect() throws MalformedPacket {
        for (MqttVersion version : MqttVersion.values()) {
            try (Feed feed = new Feed(Peer.CLIENT, null)) {
                assertThat(feed.decoder.version()).isNull();
                feed.all(PacketVectors.named(version, "CONNECT").bytes());
                assertThat(feed.decoder.version()).isEqualTo(version);
            }
        }
    }

    @Test
    void aSecondConnectDoesNotChangeTheVersion() throws MalformedPacket {
        try (Feed feed = new Feed(Peer.CLIENT, null)) {
            feed.all(PacketVectors.named(MqttVersion.V5, "CONNECT").bytes());
            feed.all(PacketVectors.named(MqttVersion.V3_1_1, "CONNECT").bytes());
            assertThat(((Connect) feed.log.packets.get(1)).version()).isEqualTo(MqttVersion.V3_1_1);
            assertThat(feed.decoder.version()).isEqualTo(MqttVersion.V5);
        }
    }

    @Test
    void tellsTheVersionOfAConnectThatFailsBehindIt() {
        try (Feed feed = new Feed(Peer.CLIENT, null)) {
            assertThatThrownBy(() -> feed.all(Bytes.of("10 {['MQTT'] 04 00 003C []}")))
                    .isInstanceOf(MalformedPacket.class);
            assertThat(feed.decoder.version()).isEqualTo(MqttVersion.V3_1_1);
        }
    }

    @Test
    void accessorsRefuseTheWrongPacket() {
        try (Feed feed = new Feed(MqttVersion.V3_1_1, (type, in) -> in.connect() != null)) {
            assertThatThrownBy(() -> feed.all(Bytes.of("C000"))).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aServersDecoderWantsItsVersionFirst() {
        try (Feed feed = new Feed(Peer.SERVER, null)) {
            assertThatThrownBy(() -> feed.all(Bytes.of("D000")))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("version");
        }
    }

    @Test
    void packetBytesAreThoseOfTheWholePacket() throws MalformedPacket {
        List<Integer> sizes = new ArrayList<>();
        try (Feed feed = new Feed(
                MqttVersion.V3_1_1,
                (type, in) ->
                        sizes.add(type == PacketType.PUBLISH ? in.publish().packetBytes() : in.packetBytes()))) {
            feed.all(THREE);
            feed.all(Bytes.of("40 02 0001 30 {['a'] '" + "x".repeat(200) + "'}"));
        }
        assertThat(sizes).containsExactly(ONE_BYTES, ONE_BYTES, ONE_BYTES, 4, 206);
    }
}
