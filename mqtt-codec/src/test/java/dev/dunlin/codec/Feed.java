package dev.dunlin.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.MqttDecoder.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.jspecify.annotations.Nullable;

/** A decoder under test, fed with bytes in pieces, whose memory is counted exactly: {@link #close} fails on any leak. */
final class Feed implements AutoCloseable {
    final UnpooledByteBufAllocator alloc = new UnpooledByteBufAllocator(false, true);
    /** What was decoded, if the handler is no other. */
    final PacketLog log;

    final MqttDecoder decoder;

    /** A decoder that logs; the version is null to learn it from CONNECT. */
    Feed(Peer peer, @Nullable MqttVersion version) {
        this(peer, version, new PacketLog());
    }

    /** A client's decoder with a handler of the test's own. */
    Feed(MqttVersion version, PacketHandler handler) {
        this(Peer.CLIENT, version, handler);
    }

    Feed(Peer peer, @Nullable MqttVersion version, PacketHandler handler) {
        log = handler instanceof PacketLog own ? own : new PacketLog();
        decoder = new MqttDecoder(peer, handler, MqttDecoder.PACKET_BYTES_MAX);
        if (version != null) {
            decoder.version(version);
        }
    }

    /** The decoder that a vector needs. */
    static Feed of(PacketVectors.Vector vector) {
        return new Feed(vector.peer(), vector.packet() instanceof Connect ? null : vector.version());
    }

    /** Feeds the bytes as one buffer. */
    void all(byte[] bytes) throws MalformedPacket {
        range(bytes, 0, bytes.length);
    }

    /** Feeds the bytes as two buffers. */
    void cut(byte[] bytes, int at) throws MalformedPacket {
        range(bytes, 0, at);
        range(bytes, at, bytes.length);
    }

    /** Feeds the bytes in buffers of a size. */
    void pieces(byte[] bytes, int pieceBytes) throws MalformedPacket {
        for (int at = 0; at < bytes.length; at += pieceBytes) {
            range(bytes, at, Math.min(at + pieceBytes, bytes.length));
        }
    }

    /** Feeds a part of the bytes as one buffer of just that size. */
    void range(byte[] bytes, int from, int to) throws MalformedPacket {
        ByteBuf in = alloc.buffer(to - from, to - from).writeBytes(bytes, from, to - from);
        decoder.decode(in);
    }

    /** What is allocated at the moment, the input included. */
    long usedBytes() {
        return alloc.metric().usedHeapMemory() + alloc.metric().usedDirectMemory();
    }

    @Override
    public void close() {
        decoder.close();
        assertThat(usedBytes()).as("bytes not released").isZero();
        assertThat(decoder.cumulatedBytes()).isZero();
    }
}
