package dev.dunlin.benchmarks;

import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.PacketType;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
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
 * What do the packets cost that aren't a PUBLISH, coming and going?
 *
 * <pre>java -jar mqtt-benchmarks/target/benchmarks.jar ControlPacketBenchmark -prof gc</pre>
 *
 * Varies: the packet and its version (see {@link ControlPacket}). {@code decode}: a hundred of them in one buffer, through our
 * decoder as the broker or a client uses it; {@code encode}: a hundred appended to one buffer, the records of the larger ones
 * made anew. PUBLISH: {@link DecodeBenchmark} and {@link EncodeBenchmark}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Samples.PACKETS)
public class ControlPacketBenchmark {
    private static final int PACKET_BYTES_MAX = 1 << 20;
    private static final int SEGMENT_BYTES = 64 << 10;

    /** What is sent. */
    @Param
    ControlPacket packet;

    private final ByteBuf segment = PooledByteBufAllocator.DEFAULT.directBuffer(SEGMENT_BYTES);
    private final ByteBuf out = PooledByteBufAllocator.DEFAULT.directBuffer(SEGMENT_BYTES);
    private MqttDecoder decoder;
    private long decoded;

    /** Makes the decoder, and tells it the version. */
    @Setup
    public void connect() throws MalformedPacket {
        decoder = new MqttDecoder(packet.sender(), this::consume, PACKET_BYTES_MAX);
        if (packet.sender() == MqttDecoder.Peer.SERVER) {
            decoder.version(packet.version);
        } else {
            decoder.decode(Samples.connect(packet.version));
        }
        write(segment);
    }

    private void write(ByteBuf to) {
        for (int i = 1; i <= Samples.PACKETS; i++) {
            packet.write(to, i);
        }
    }

    private boolean consume(PacketType type, MqttDecoder in) {
        decoded += in.packetBytes();
        return true;
    }

    /** Gives everything back. */
    @TearDown
    public void close() {
        decoder.close();
        segment.release();
        out.release();
    }

    @Benchmark
    public long decode() throws MalformedPacket {
        decoder.decode(segment.readerIndex(0).retain());
        return decoded;
    }

    @Benchmark
    public ByteBuf encode() {
        write(out.clear());
        return out;
    }
}
