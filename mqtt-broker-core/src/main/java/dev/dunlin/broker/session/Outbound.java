package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The way out of a connection: its batch buffer. Whoever has a packet for the client asks for {@link #room}, appends to
 * it, and is done: the loop flushes every connection that was written to once, at the end of its turn.
 *
 * <p>The buffer starts at about the size of the last flush and goes with the flush, so that an idle connection holds
 * none. Loop only: the loop that the channel is registered with.
 */
public final class Outbound { // hot
    private static final int BATCH_BYTES_MIN = 256;
    private static final int BATCH_BYTES_MAX = 64 << 10;

    /** What a buffer that waits to be written takes beside its bytes, as the transport counts it. */
    private static final int PENDING_BYTES = 96;

    private final ChannelHandlerContext ctx;
    private final Link link;
    private SessionLoop loop;
    private MqttVersion version = MqttVersion.V3_1_1; // until CONNECT says which: nothing is sent before
    private VersionRules rules = VersionRules.of(version);
    private long packetBytesMax = Long.MAX_VALUE;
    private boolean problemInformation = true;
    private @Nullable OutboundAliases aliases;
    private @Nullable Restriction restriction;
    private @Nullable ByteBuf batch;

    /** Looks at what is written; null while nobody does. */
    private @Nullable OutboundTrace trace;

    private int batchPackets;
    private int batchBytes = BATCH_BYTES_MIN;
    /** What batches occupy, so without large payloads: handed to the transport since it last took much. */
    private long untakenBytes;

    private long heldBytes;
    private boolean dirty;
    private boolean closed;

    /** The way out of the handler that owns {@code ctx} and is {@code link}. */
    public Outbound(ChannelHandlerContext ctx, Link link, SessionLoop loop) {
        this.ctx = ctx;
        this.link = link;
        this.loop = loop;
    }

    /**
     * What the client said in CONNECT.
     *
     * @param packetBytesMax its Maximum Packet Size in bytes [5.0:MQTT-3.1.2-24]
     * @param problemInformation whether reason strings may go into any packet [5.0:MQTT-3.1.2-29]
     */
    public void negotiated(MqttVersion version, long packetBytesMax, boolean problemInformation) {
        this.version = version;
        rules = VersionRules.of(version);
        this.packetBytesMax = packetBytesMax;
        this.problemInformation = problemInformation;
    }

    /**
     * How many topic aliases may be set on this connection, 0 to 65,535: the lesser of what the client takes and what we
     * give [5.0:MQTT-3.1.2-26], [5.0:MQTT-3.1.2-27]. None, unless this is called.
     */
    public void topicAliasMax(int max) {
        aliases = max == 0 ? null : new OutboundAliases(max);
    }

    /** The topic aliases of this connection; null if it has none. */
    @Nullable
    OutboundAliases aliases() {
        return aliases;
    }

    /** In what its client's messages differ from what MQTT allows. Nothing, unless this is called. */
    public void restricted(@Nullable Restriction own) {
        restriction = own;
    }

    /** See {@link #restricted}; null for nothing. */
    @Nullable
    Restriction restriction() {
        return restriction;
    }

    /** No higher than it takes: its client may have subscribed on another one. */
    QoS lower(QoS qos) {
        return restriction == null ? qos : restriction.lower(qos);
    }

    /** Why its client can't be sent a message; null if it can [5.0:MQTT-3.1.2-24], [5.0:MQTT-3.1.2-25]. */
    @Nullable
    DropReason refusal(KeptMessage message, Target target, QoS qos) {
        if (restriction != null && restriction.hides(message.topic())) { // it has subscribed on another listener
            return DropReason.NOT_AUTHORIZED;
        }
        return isTooLarge(message, target, qos) ? DropReason.PACKET_TOO_LARGE : null;
    }

    /** The encoding of a message that isn't hidden, for this client. */
    PublishFrame frame(KeptMessage message, Target target, QoS qos) {
        return restriction == null
                ? message.frame(version, qos != QoS.AT_MOST_ONCE, target.subscriptionIds())
                : restriction.frame(message, version, qos != QoS.AT_MOST_ONCE, target.subscriptionIds());
    }

    private boolean isTooLarge(KeptMessage message, Target target, QoS qos) {
        PublishFrame frame = frame(message, target, qos);
        return frame.packetBytes() > packetBytesMax && !fitsWithAlias(message, frame);
    }

    private boolean fitsWithAlias(KeptMessage message, PublishFrame frame) {
        return aliases != null && aliases.packetBytes(message.topic(), frame) <= packetBytesMax;
    }

    /** The channel has moved to another loop; nothing may be pending. */
    public void moved(SessionLoop home) {
        assert batch == null && !dirty : "moved with output pending";
        loop = home;
    }

    public MqttVersion version() {
        return version;
    }

    public VersionRules rules() {
        return rules;
    }

    /** The client's Maximum Packet Size, in bytes. */
    public long packetBytesMax() {
        return packetBytesMax;
    }

    /** Whether a reason string may be sent in a packet other than PUBLISH, CONNACK and DISCONNECT. */
    boolean mayExplain() {
        return rules.hasReasons() && problemInformation;
    }

    /** Whether the transport takes more: less than {@code Limits.outputBytesMax} is waiting in it. */
    boolean isWritable() {
        return ctx.channel().isWritable();
    }

    public boolean isClosed() {
        return closed;
    }

    /** The batch buffer with room for a packet, at least {@code bytes} more; append to it at once. Stays this object's. */
    public ByteBuf room(int bytes) {
        batchPackets++;
        ByteBuf b = batch;
        if (b != null) {
            int needed = b.writerIndex() + bytes;
            if (needed <= b.capacity()) {
                return b;
            }
            if (needed <= BATCH_BYTES_MAX) {
                return b.ensureWritable(bytes);
            }
            flushBatch();
        }
        return newBatch(bytes);
    }

    private ByteBuf newBatch(int bytes) {
        assert loop.inLoop() && !closed;
        ByteBuf b = ctx.alloc().directBuffer(Math.max(batchBytes, bytes));
        batch = b;
        markDirty();
        if (loop.traffic().traces() != null || trace != null) { // of no batch that was begun before
            trace = OutboundTrace.next(trace, loop.traffic().traces(), link, this);
        }
        return b;
    }

    /** Appends a large payload behind what is in the batch, without copying. Borrows it. */
    void append(ByteBuf payload) {
        try {
            writeBatch();
            if (trace != null) {
                trace.written(payload);
            }
        } finally { // its head has gone: whatever a trace has thrown
            loop.traffic().sent(0, payload.readableBytes());
            ctx.write(payload.retainedDuplicate(), ctx.voidPromise());
            markDirty();
        }
    }

    private void markDirty() {
        if (!dirty) {
            dirty = true;
            loop.markDirty(this);
        }
    }

    /** Hands everything to the transport. By the loop at the end of its turn, or before a close. */
    public void flush() {
        dirty = false;
        if (!closed) {
            flushBatch();
        }
    }

    private void flushBatch() {
        writeBatch();
        ctx.flush();
        loop.countFlush();
        if (isWritable()) {
            taken();
        } else {
            hold(pendingBytes());
            pauseIfIgnored();
        }
    }

    /**
     * Messages stop when the channel is no longer writable, but replies don't: who asks and asks and never reads the
     * answers is read no further until it does. Who is still taking a large message is read: its keep-alive goes on
     * [5.0:MQTT-3.1.2-22], [3.1.1:MQTT-3.1.2-24].
     */
    private void pauseIfIgnored() {
        if (untakenBytes > ctx.channel().config().getWriteBufferHighWaterMark()) { // Limits.outputBytesMax
            link.pause(PauseReason.OUTPUT);
        }
    }

    private void writeBatch() {
        ByteBuf b = batch;
        if (b == null) {
            return;
        }
        batch = null;
        untakenBytes += b.capacity() + PENDING_BYTES;
        adaptTo(b.writerIndex());
        loop.traffic().sent(batchPackets, b.writerIndex());
        batchPackets = 0;
        try {
            if (trace != null) {
                trace.written(b);
            }
        } finally { // it is no longer anybody's: whatever a trace has thrown
            ctx.write(b, ctx.voidPromise());
        }
    }

    /** The next buffer is as large as this flush, rounded up; it shrinks by a quarter at a time. */
    private void adaptTo(int bytes) {
        int wanted = bytes <= BATCH_BYTES_MIN ? BATCH_BYTES_MIN : Integer.highestOneBit(bytes - 1) << 1;
        batchBytes =
                wanted >= batchBytes ? Math.min(wanted, BATCH_BYTES_MAX) : batchBytes - ((batchBytes - wanted) >> 2);
    }

    /** The transport has taken much of what it had. */
    public void taken() {
        untakenBytes = 0;
        hold(0);
    }

    /** Of all that the socket hasn't taken, for the memory budget; what is below the mark of a writable channel isn't. */
    private void hold(long bytes) {
        if (bytes != heldBytes) {
            loop.untaken().add(bytes - heldBytes);
            heldBytes = bytes;
        }
    }

    /** Whether something that was flushed is still waiting for the socket to take it. */
    public boolean hasUnwritten() {
        ChannelOutboundBuffer unwritten = ctx.channel().unsafe().outboundBuffer();
        return unwritten != null && !unwritten.isEmpty();
    }

    /** Bytes that the socket hasn't taken. */
    public long pendingBytes() {
        ChannelOutboundBuffer unwritten = ctx.channel().unsafe().outboundBuffer();
        return unwritten == null ? 0 : unwritten.totalPendingWriteBytes();
    }

    /** Another number as soon as the socket has taken something. */
    public long progress() {
        ChannelOutboundBuffer unwritten = ctx.channel().unsafe().outboundBuffer();
        return unwritten == null
                ? 0
                : (long) System.identityHashCode(unwritten.current()) << Integer.SIZE ^ unwritten.currentProgress();
    }

    /** Drops what was not flushed; nothing may be written afterwards. */
    public void close() {
        closed = true;
        taken(); // or never
        if (trace != null) {
            trace.close();
            trace = null;
        }
        if (batch != null) {
            batch.release();
            batch = null;
        }
    }
}
