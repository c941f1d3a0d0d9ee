package dev.dunlin.broker.crash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketVectors;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What goes into the store comes out of it byte for byte, after the broker was closed and started again, from a queue and as
 * a retained message: the topics, properties and payloads of all PUBLISH vectors of the codec, and payloads of all sizes. The
 * largest has 64 MiB; the protocol's 256 MiB with {@code -Ddunlin.long=true}.
 */
@EachEngine
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FidelityTest {
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;
    private static final int LARGEST_BYTES = Boolean.getBoolean("dunlin.long") ? 268_435_455 - 64 : 64 * MIB;
    private static final int PUBLISH_RETAIN = 0x31;

    @TempDir
    Path temp;

    @SuppressWarnings("ArrayRecordComponent") // never compared as a whole
    private record Sample(String topic, int qos, Properties properties, byte[] payload) {}

    @ParameterizedTest
    @EnumSource
    void keepsAllPublishVectors(MqttVersion version) throws Exception {
        List<dev.dunlin.codec.ReceivedPublish> vectors = PacketVectors.valid(version, MqttDecoder.Peer.CLIENT).stream()
                .filter(each -> each.packet() instanceof dev.dunlin.codec.ReceivedPublish)
                .map(each -> (dev.dunlin.codec.ReceivedPublish) each.packet())
                .filter(each -> !each.properties().has(Property.TOPIC_ALIAS)) // none is offered
                .toList();
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < vectors.size(); i++) {
            for (int qos = 1; qos <= 2; qos++) {
                byte[] payload = vectors.get(i).payload().getBytes(StandardCharsets.ISO_8859_1);
                String topic = qos + "/" + i + "/" + vectors.get(i).topic(); // of its own, so that all are retained
                samples.add(new Sample(topic, qos, vectors.get(i).properties(), payload));
            }
        }
        assertThat(samples).hasSizeGreaterThan(20);

        assertKept(version, samples);
    }

    @Test
    void keepsPayloadsOfAllSizes() throws Exception {
        int[] sizes = {0, 1, 127, 128, 1_000, 1_100, KIB, 4 * KIB, 16_384, 64 * KIB, 64 * KIB + 1, MIB, 5 * MIB};
        List<Sample> samples = new ArrayList<>();
        IntStream.of(sizes).forEach(bytes -> samples.add(sample(bytes, 1 + bytes % 2)));

        assertKept(MqttVersion.V5, samples);
    }

    @Test
    void keepsTheLargestPayload() throws Exception {
        assertKept(MqttVersion.V5, List.of(sample(LARGEST_BYTES, 2)));
    }

    private static Sample sample(int bytes, int qos) {
        byte[] payload = new byte[bytes];
        new Random(bytes).nextBytes(payload);
        return new Sample("size/" + bytes, qos, Properties.EMPTY, payload);
    }

    private void assertKept(MqttVersion version, List<Sample> samples) throws Exception {
        try (Broker broker = start();
                WireClient offline = WireClient.connect(broker.port("tcp"), version);
                WireClient publisher =
                        WireClient.connect(broker.port("tcp"), version).login("publisher")) {
            offline.send(Packets.connect("offline").sessionExpiry(3_600)).expect(Packets.connack());
            offline.subscribed("#", 2).leave();
            for (int i = 0; i < samples.size(); i++) {
                publish(samples.get(i), i + 1, publisher);
            }
            publisher.leave();
        }
        try (Broker broker = start();
                WireClient offline = WireClient.connect(broker.port("tcp"), version);
                WireClient reader =
                        WireClient.connect(broker.port("tcp"), version).login("reader")) {
            offline.send(Packets.connect("offline").sessionExpiry(3_600))
                    .expect(Packets.connack().sessionPresent());
            assertCome(samples, false, offline);
            reader.subscribed("#", 2);
            assertCome(samples.stream().filter(each -> each.payload.length > 0).toList(), true, reader);
        }
    }

    private Broker start() throws Exception {
        Limits limits = Limits.STANDALONE.withQueueBytesMax(1L << 40).withQueueBytesTotalMax(1L << 40);
        return Broker.builder()
                .tcp(0)
                .loops(2)
                .limits(limits)
                .storage(EngineUnderTest.here().at(temp.resolve("store")))
                .start();
    }

    private static void publish(Sample sample, int id, WireClient publisher) {
        publisher.send((out, version) -> encode(out, version, sample, id));
        if (sample.qos == 1) {
            publisher.expect(Packets.puback(id));
        } else {
            publisher.expect(Packets.pubrec(id));
            publisher.send(Packets.pubrel(id)).expect(Packets.pubcomp(id));
        }
    }

    /** A retained PUBLISH with its properties exactly as they are. */
    private static void encode(ByteBuf out, MqttVersion version, Sample sample, int id) {
        byte[] topic = sample.topic.getBytes(StandardCharsets.UTF_8);
        ByteBuf head = Unpooled.buffer();
        head.writeShort(topic.length).writeBytes(topic).writeShort(id);
        if (version == MqttVersion.V5) {
            varint(head, sample.properties.encodedBytes());
            sample.properties.writeTo(head);
        }
        out.writeByte(PUBLISH_RETAIN | sample.qos << 1);
        varint(out, head.readableBytes() + sample.payload.length);
        out.writeBytes(head).writeBytes(sample.payload);
    }

    private static void varint(ByteBuf out, int value) {
        int rest = value;
        for (; rest > 0x7F; rest >>>= 7) {
            out.writeByte((rest & 0x7F) | 0x80);
        }
        out.writeByte(rest);
    }

    /** In any order: a QoS 2 message waits for its state to be stored, and a later one of QoS 1 doesn't. */
    private static void assertCome(List<Sample> samples, boolean retained, WireClient client) {
        Map<String, Sample> left = new HashMap<>();
        samples.forEach(each -> left.put(each.topic, each));
        while (!left.isEmpty()) {
            if (!(client.receive() instanceof ReceivedPublish came)) {
                continue; // PUBREL
            }
            Sample sample = left.remove(came.topic());
            assertThat(sample).as(came.toString()).isNotNull();
            assertSame(came, sample);
            assertThat(came.retain()).isEqualTo(retained);
            client.send(sample.qos == 1 ? Packets.puback(came.packetId()) : Packets.pubrec(came.packetId()));
        }
    }

    /** The expiry interval has become what is left of it [5.0:MQTT-3.3.2-6]. */
    private static void assertSame(ReceivedPublish came, Sample sample) {
        assertThat(came.topic()).isEqualTo(sample.topic);
        assertThat(came.qos().level()).isEqualTo(sample.qos);
        assertThat(came.payload()).isEqualTo(sample.payload);
        long expiry = sample.properties.integer(Property.MESSAGE_EXPIRY_INTERVAL, -1);
        if (expiry < 0) {
            assertThat(came.properties()).isEqualTo(sample.properties);
        } else {
            assertThat(came.expirySeconds()).isBetween(expiry - 30, expiry);
            assertThat(withoutExpiry(came.properties())).isEqualTo(withoutExpiry(sample.properties));
        }
    }

    private static String withoutExpiry(Properties properties) {
        return properties
                .toString()
                .replaceAll("MESSAGE_EXPIRY_INTERVAL=\\d+(, )?", "")
                .replace(", }", "}");
    }
}
