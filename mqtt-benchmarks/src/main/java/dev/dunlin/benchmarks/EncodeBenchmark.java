package dev.dunlin.benchmarks;

import dev.dunlin.codec.MqttCodec;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.mqtt.MqttFixedHeader;
import io.netty.handler.codec.mqtt.MqttMessageBuilders;
import io.netty.handler.codec.mqtt.MqttMessageType;
import io.netty.handler.codec.mqtt.MqttProperties;
import io.netty.handler.codec.mqtt.MqttPublishMessage;
import io.netty.handler.codec.mqtt.MqttPublishVariableHeader;
import io.netty.handler.codec.mqtt.MqttQoS;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What does one more subscriber of a message cost the encoder, and what beside Netty's own MQTT codec?
 *
 * <pre>java -jar mqtt-benchmarks/target/benchmarks.jar EncodeBenchmark</pre>
 *
 * Varies: the kind of subscriber (see {@link PacketKind}), and who encodes: our frame appended to a batch as the broker
 * does it, our channel handler, and Netty's {@code MqttEncoder}, the last two each in a pipeline. One call serves a hundred
 * subscribers of one message. Netty's messages are made per subscriber, as their packet ids differ; payload and properties
 * are shared.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Samples.PACKETS)
public class EncodeBenchmark {
    private static final int BATCH_BYTES = 64 << 10;

    /** Who receives. */
    @Param({"QOS_0", "QOS_1", "QOS_2", "V5_QOS_0", "V5_QOS_1", "V5_PROPERTIES"})
    PacketKind kind;

    private PublishFrame frame;
    private ByteBuf batch;
    private ByteBuf payload;
    private MqttProperties properties;
    private MqttFixedHeader header;
    private EmbeddedChannel ours;
    private EmbeddedChannel nettys;
    private final Sink sink = new Sink();

    /** Makes the message and the encoders, and tells these the version. */
    @Setup
    public void connect() {
        frame = Samples.frame(kind, 0);
        batch = PooledByteBufAllocator.DEFAULT.directBuffer(BATCH_BYTES);
        payload = PooledByteBufAllocator.DEFAULT.directBuffer().writeZero(Samples.PAYLOAD_BYTES);
        properties = nettyProperties();
        header = new MqttFixedHeader(
                MqttMessageType.PUBLISH, false, MqttQoS.valueOf(kind.qos.level()), false, 0); // counts itself
        ours = channel(new MqttCodec(MqttDecoder.Peer.SERVER, BATCH_BYTES));
        ours.write(Samples.connectPacket(kind.version, "benchmark"));
        nettys = channel(io.netty.handler.codec.mqtt.MqttEncoder.INSTANCE);
        nettys.write(MqttMessageBuilders.connect()
                .protocolVersion(
                        kind.version == MqttVersion.V5
                                ? io.netty.handler.codec.mqtt.MqttVersion.MQTT_5
                                : io.netty.handler.codec.mqtt.MqttVersion.MQTT_3_1_1)
                .clientId("benchmark")
                .build());
    }

    private EmbeddedChannel channel(ChannelHandler codec) {
        EmbeddedChannel channel = new EmbeddedChannel(sink, codec);
        channel.config().setAllocator(PooledByteBufAllocator.DEFAULT);
        return channel;
    }

    private MqttProperties nettyProperties() {
        MqttProperties all = new MqttProperties();
        if (kind.hasProperties()) {
            all.add(new MqttProperties.IntegerProperty(MqttProperties.PAYLOAD_FORMAT_INDICATOR, 1));
            all.add(new MqttProperties.IntegerProperty(
                    MqttProperties.PUBLICATION_EXPIRY_INTERVAL, (int) Samples.EXPIRY_SECONDS));
            all.add(new MqttProperties.StringProperty(MqttProperties.CONTENT_TYPE, Samples.CONTENT_TYPE));
            all.add(new MqttProperties.UserProperty(Samples.USER_NAME, Samples.USER_VALUE));
        }
        return all;
    }

    /** Gives everything back. */
    @TearDown
    public void close() {
        batch.release();
        payload.release();
        frame.release();
        ours.close();
        nettys.close();
    }

    @Benchmark
    public ByteBuf dunlin() {
        batch.clear();
        for (int id = 1; id <= Samples.PACKETS; id++) {
            MqttEncoder.publish(batch, frame, false, kind.qos, false, id, Samples.EXPIRY_SECONDS);
        }
        return batch;
    }

    @Benchmark
    public long dunlinInPipeline() {
        for (int id = 1; id <= Samples.PACKETS; id++) {
            int packetId = kind.qos == QoS.AT_MOST_ONCE ? 0 : id;
            ours.write(new Packet.OutgoingPublish(frame, false, kind.qos, false, packetId));
        }
        return bytesWritten();
    }

    @Benchmark
    public long nettyInPipeline() {
        String topic = kind.topic(0);
        for (int id = 1; id <= Samples.PACKETS; id++) {
            MqttPublishVariableHeader variable = new MqttPublishVariableHeader(topic, id, properties);
            nettys.write(new MqttPublishMessage(header, variable, payload.retainedDuplicate()));
        }
        return bytesWritten();
    }

    /** Through the pipelines, so far. */
    long bytesWritten() {
        return sink.bytes();
    }
}
