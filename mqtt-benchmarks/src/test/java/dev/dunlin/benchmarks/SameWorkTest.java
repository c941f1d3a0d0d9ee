package dev.dunlin.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.MalformedPacket;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is compared does the same: reads the same of the same packets, writes as many bytes. */
class SameWorkTest {

    @ParameterizedTest
    @EnumSource
    void decodersReadTheSame(PacketKind kind) throws MalformedPacket {
        DecodeBenchmark benchmark = new DecodeBenchmark();
        benchmark.kind = kind;
        benchmark.connect();

        long first = benchmark.dunlin();
        long second = benchmark.dunlinInPipeline();
        long third = benchmark.nettyInPipeline();
        benchmark.close();

        assertThat(first).isGreaterThan(Samples.PACKETS);
        assertThat(second - first).isEqualTo(first);
        assertThat(third - second).isEqualTo(first);
    }

    @ParameterizedTest
    @EnumSource(names = {"QOS_0", "QOS_1", "QOS_2", "V5_QOS_0", "V5_QOS_1", "V5_PROPERTIES"})
    void encodersWriteAsMuch(PacketKind kind) {
        EncodeBenchmark benchmark = new EncodeBenchmark();
        benchmark.kind = kind;
        benchmark.connect();

        long bytes = benchmark.dunlin().readableBytes();
        long begin = benchmark.bytesWritten();
        long middle = benchmark.dunlinInPipeline();
        long end = benchmark.nettyInPipeline();
        benchmark.close();

        assertThat(bytes).isGreaterThan(Samples.PACKETS * Samples.PAYLOAD_BYTES);
        assertThat(middle - begin).isEqualTo(bytes);
        assertThat(end - middle).isEqualTo(bytes);
    }

    @ParameterizedTest
    @EnumSource
    void decoderReadsAllThatTheEncoderWrites(ControlPacket packet) throws MalformedPacket {
        ControlPacketBenchmark benchmark = new ControlPacketBenchmark();
        benchmark.packet = packet;
        benchmark.connect();

        long before = benchmark.decode();
        long decoded = benchmark.decode() - before;
        long encoded = benchmark.encode().readableBytes();
        benchmark.close();

        assertThat(decoded).isGreaterThanOrEqualTo(2 * Samples.PACKETS).isEqualTo(encoded);
    }
}
