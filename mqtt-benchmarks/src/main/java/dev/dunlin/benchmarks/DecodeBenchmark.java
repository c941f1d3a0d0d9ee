package dev.dunlin.benchmarks;

import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.MqttCodec;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Publish;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageIdVariableHeader;
import io.netty.handler.codec.mqtt.MqttPublishMessage;
import io.netty.util.ReferenceCountUtil;
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
 * What does it cost to decode a packet, and what beside Netty's own MQTT codec?
 *
 * <pre>java -jar mqtt-benchmarks/target/benchmarks.jar DecodeBenchmark</pre>
 *
 * Varies: the kind of packet (see {@link PacketKind}), and who decodes: our decoder as the broker uses it, our channel
 * handler, and Netty's {@code MqttDecoder}, the last two each in a pipeline. A hundred packets come in one buffer. Of each
 * the consumer reads what a broker needs: topic, size of the payload, packet id. Netty makes objects of all properties; we
 * check them, and make them when they are asked for, which here they aren't.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Samples.PACKETS)
public class DecodeBenchmark {
    private static final int PACKET_BYTES_MAX = 1 << 20;

    /** What is decoded. */
    @Param
    PacketKind kind;

    private ByteBuf segment;
    private MqttDecoder decoder;
    private EmbeddedChannel ours;
    private EmbeddedChannel nettys;
    private long sum;

    /** Makes the decoders, and tells them the version. */
    @Setup
    public void connect() throws MalformedPacket {
        segment = Samples.segment(kind);
        decoder = new MqttDecoder(MqttDecoder.Peer.CLIENT, this::consume, PACKET_BYTES_MAX);
        decoder.decode(Samples.connect(kind.version));
        ours = channel(new MqttCodec(MqttDecoder.Peer.CLIENT, PACKET_BYTES_MAX));
        nettys = channel(new io.netty.handler.codec.mqtt.MqttDecoder(PACKET_BYTES_MAX));
    }

    private EmbeddedChannel channel(ChannelHandler codec) {
        EmbeddedChannel channel = new EmbeddedChannel(codec, new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object packet) {
                consume(packet);
            }
        });
        channel.pipeline().fireChannelRead(Samples.connect(kind.version));
        return channel;
    }

    /** Gives everything back. */
    @TearDown
    public void close() {
        decoder.close();
        ours.close();
        nettys.close();
        segment.release();
    }

    @Benchmark
    public long dunlin() throws MalformedPacket {
        decoder.decode(received());
        return sum;
    }

    @Benchmark
    public long dunlinInPipeline() {
        ours.pipeline().fireChannelRead(received());
        return sum;
    }

    @Benchmark
    public long nettyInPipeline() {
        nettys.pipeline().fireChannelRead(received());
        return sum;
    }

    /** The segment, as a read brings it: no duplicate, whose accesses would take a step more. */
    private ByteBuf received() {
        return segment.readerIndex(0).retain();
    }

    private boolean consume(PacketType type, MqttDecoder packet) {
        if (type == PacketType.PUBLISH) {
            consume(packet.publish());
        } else if (type == PacketType.PUBACK) {
            sum += packet.packetId();
        }
        return true;
    }

    private void consume(Object packet) {
        if (packet instanceof Publish publish) {
            sum += publish.topic().length() + publish.payloadBytes() + publish.packetId();
        } else if (packet instanceof Packet.Ack ack) {
            sum += ack.packetId();
        } else if (packet instanceof MqttPublishMessage publish) {
            sum += publish.variableHeader().topicName().length()
                    + publish.payload().readableBytes()
                    + Math.max(0, publish.variableHeader().packetId()); // -1 is none
        } else if (packet instanceof MqttMessage message
                && message.variableHeader() instanceof MqttMessageIdVariableHeader id) {
            sum += id.messageId();
        }
        ReferenceCountUtil.release(packet);
    }
}
