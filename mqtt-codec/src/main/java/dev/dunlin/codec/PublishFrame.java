package dev.dunlin.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An encoded PUBLISH that outlives the buffer it came from: everything is fixed but the flags in the first byte, the packet
 * id and the remaining expiry, which {@link MqttEncoder#publish} patches into each copy. One canonical frame is made per
 * message and one variant per kind of subscriber; a subscriber costs one bulk copy.
 *
 * <pre>
 * 0           1                2..5              packetIdAt       expiryAt
 * +-----------+----------------+-----------------+----------------+-----------------+-------------+---------+
 * | type,flags| remaining      | topic length,   | packet id      | properties      | forwarded   | payload |
 * |           | length 1..4    | topic           | (QoS 1 and 2)  | length, expiry, | properties  | inline  |
 * |           |                |                 |                | subscription ids|             |         |
 * +-----------+----------------+-----------------+----------------+-----------------+-------------+---------+
 * </pre>
 *
 * A payload of up to {@link #INLINE_BYTES} lies in the array. A larger one is a buffer beside it, retained and not copied, unless
 * it fills less than a quarter of the buffer that it was received in: a few KiB kept for long must not pin 64.
 * The canonical frame owns that buffer: its creator calls {@link #release} once, after the last use of the frame and of its
 * variants, which only borrow it. All fields are final: a frame may reach another thread through a data race.
 */
public final class PublishFrame { // hot
    /** The largest payload that is copied into the frame, in bytes. */
    public static final int INLINE_BYTES = 1024;

    private static final int NOT_FORWARDED = Property.TOPIC_ALIAS.bit()
            | Property.MESSAGE_EXPIRY_INTERVAL.bit()
            | Property.SUBSCRIPTION_IDENTIFIER.bit();
    private static final int EXPIRY_BYTES = 5;
    private static final int ALIAS_BYTES = 3;
    private static final int[] NO_IDS = {};

    final byte[] head;
    /** Index of the packet id, 0 for none. */
    final int packetIdAt;
    /** Index of the expiry's value, 0 for none. */
    final int expiryAt;

    private final MqttVersion version;
    private final int topicAt;
    private final int topicBytes;
    /** Index of the first property, behind their length. */
    private final int propertiesAt;

    private final int[] subscriptionIds;
    private final int forwardedAt;
    private final int forwardedPresent;
    private final long expirySeconds;
    private final int payloadAt;
    private final int payloadBytes;
    private final @Nullable ByteBuf largePayload;
    private final boolean owner;

    /** Where the parts of a new frame are copied from. The payload is all that is readable; borrowed. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Source(
            byte[] topic, int topicAt, int topicBytes, Properties properties, long expirySeconds, ByteBuf payload) {}

    private PublishFrame(Source from, MqttVersion version, boolean withPacketId, int[] subscriptionIds, boolean owner) {
        boolean v5 = version == MqttVersion.V5;
        this.version = v5 ? version : MqttVersion.V3_1_1;
        this.topicBytes = from.topicBytes;
        this.subscriptionIds = v5 ? subscriptionIds : NO_IDS;
        this.expirySeconds = v5 ? from.expirySeconds : -1;
        this.forwardedPresent = v5 ? from.properties.present() & ~NOT_FORWARDED : 0;
        this.payloadBytes = from.payload.readableBytes();
        boolean large = payloadBytes > INLINE_BYTES;
        this.owner = owner && large;
        this.largePayload = !large ? null : owner ? Assembly.compact(from.payload.retainedSlice()) : from.payload;

        int forwardedBytes = v5 ? from.properties.copyWithout(NOT_FORWARDED, null, 0) : 0;
        int propertyBytes = (expirySeconds >= 0 ? EXPIRY_BYTES : 0) + idsBytes(this.subscriptionIds) + forwardedBytes;
        int blockBytes = v5 ? Varint.bytes(propertyBytes) + propertyBytes : 0;
        int remaining = 2 + topicBytes + (withPacketId ? 2 : 0) + blockBytes + payloadBytes;
        this.topicAt = 1 + Varint.bytes(remaining) + 2;
        this.packetIdAt = withPacketId ? topicAt + topicBytes : 0;
        this.payloadAt = topicAt + topicBytes + (withPacketId ? 2 : 0) + blockBytes;
        this.propertiesAt = payloadAt - propertyBytes;
        this.forwardedAt = payloadAt - forwardedBytes;
        this.expiryAt = expirySeconds >= 0 ? propertiesAt + 1 : 0;

        head = new byte[payloadAt + (large ? 0 : payloadBytes)];
        head[0] = (byte) (PacketType.PUBLISH.code() << 4);
        putVarint(1, remaining);
        putShort(topicAt - 2, topicBytes);
        System.arraycopy(from.topic, from.topicAt, head, topicAt, topicBytes);
        if (v5) {
            putProperties(payloadAt - blockBytes, propertyBytes);
            from.properties.copyWithout(NOT_FORWARDED, head, forwardedAt);
        }
        if (!large) {
            from.payload.getBytes(from.payload.readerIndex(), head, payloadAt, payloadBytes);
        }
    }

    /**
     * The canonical frame of a received PUBLISH: without its topic alias and subscription identifiers, the expiry at a fixed
     * place, all other properties as they are and in their order [5.0:MQTT-3.3.2-4, MQTT-3.3.2-15, MQTT-3.3.2-16,
     * MQTT-3.3.2-17, MQTT-3.3.2-18, MQTT-3.3.2-20]. With a packet id if the publish has one.
     *
     * @param publish borrowed
     * @param topic the name, which an alias may have told
     * @param version of the connection that it came from
     */
    public static PublishFrame of(Publish publish, String topic, MqttVersion version) {
        return of(publish, topic, version, publish.packetId() != 0);
    }

    /**
     * As {@link #of(Publish, String, MqttVersion)}.
     *
     * @param withPacketId whether it has room for a packet id, whatever the publish has
     */
    public static PublishFrame of(Publish publish, String topic, MqttVersion version, boolean withPacketId) {
        boolean same = publish.topicBytes() > 0 && publish.topic().equals(topic);
        byte[] utf8 = same ? publish.topicUtf8() : Text.utf8(topic);
        Source source = new Source(
                utf8,
                same ? publish.topicAt() : 0,
                same ? publish.topicBytes() : utf8.length,
                publish.properties(),
                publish.messageExpirySeconds(),
                publish.payload());
        return new PublishFrame(source, version, withPacketId, NO_IDS, true);
    }

    /**
     * The canonical frame of a message of our own.
     *
     * @param forwardable as in {@link #of(Publish, String, MqttVersion)}; what isn't forwarded is left out
     * @param expirySeconds 0 to 4,294,967,295; -1 for none
     * @param payload what is readable; borrowed: copied if small, retained if large
     * @param version whose form the frame has; one for MQTT 3.x loses the properties
     * @throws IllegalArgumentException when the topic is no topic name or too long, the expiry out of range, or the packet
     *     larger than MQTT can frame
     */
    public static PublishFrame of(
            String topic,
            Properties forwardable,
            long expirySeconds,
            ByteBuf payload,
            MqttVersion version,
            boolean withPacketId) {
        Text.requireTopicName(topic);
        Text.requireRange("expirySeconds", expirySeconds, -1, 0xFFFF_FFFFL);
        byte[] utf8 = Text.utf8(topic);
        Text.requireRange(
                "payload bytes",
                payload.readableBytes(),
                0,
                Varint.MAX - 16 - utf8.length - forwardable.encodedBytes());
        Source source = new Source(utf8, 0, utf8.length, forwardable, expirySeconds, payload);
        return new PublishFrame(source, version, withPacketId, NO_IDS, true);
    }

    /** As {@link #of(String, Properties, long, ByteBuf, MqttVersion, boolean)}; a large array is kept, so leave it alone. */
    public static PublishFrame of(
            String topic,
            Properties forwardable,
            long expirySeconds,
            byte[] payload,
            MqttVersion version,
            boolean withPacketId) {
        ByteBuf wrapped = Unpooled.wrappedBuffer(payload);
        try {
            return of(topic, forwardable, expirySeconds, wrapped, version, withPacketId);
        } finally {
            wrapped.release();
        }
    }

    /**
     * The same message for another kind of subscriber. Called on the canonical frame: a variant has lost what its version
     * can't carry. The variant borrows the canonical frame's large payload and is never released. Its packet may be larger
     * than MQTT can frame, if the original is at the limit: compare {@link #packetBytes} with the subscriber's maximum.
     *
     * @param subscriptionIds 1 to 268,435,455 each; kept, so leave the array alone; ignored for MQTT 3.x
     * @return this frame when it fits
     */
    public PublishFrame variant(MqttVersion version, boolean withPacketId, int[] subscriptionIds) {
        boolean v5 = version == MqttVersion.V5;
        int[] ids = v5 ? subscriptionIds : NO_IDS;
        boolean same = v5 == (this.version == MqttVersion.V5)
                && withPacketId == hasPacketId()
                && Arrays.equals(ids, this.subscriptionIds);
        return same ? this : variant(version, withPacketId, ids, 0);
    }

    /**
     * As {@link #variant(MqttVersion, boolean, int[])}, for a subscriber that knows the topic without its beginning.
     *
     * @param prefixBytes how many bytes of the topic are left out, at least one and fewer than it has
     */
    public PublishFrame withoutPrefix(
            int prefixBytes, MqttVersion version, boolean withPacketId, int[] subscriptionIds) {
        Text.requireRange("prefixBytes", prefixBytes, 1, topicBytes - 1L);
        return variant(version, withPacketId, subscriptionIds, prefixBytes);
    }

    private PublishFrame variant(MqttVersion version, boolean withPacketId, int[] subscriptionIds, int prefixBytes) {
        ByteBuf payload = largePayload != null ? largePayload : Unpooled.wrappedBuffer(head, payloadAt, payloadBytes);
        Source source = new Source(
                head, topicAt + prefixBytes, topicBytes - prefixBytes, forwardedProperties(), expirySeconds, payload);
        return new PublishFrame(source, version, withPacketId, subscriptionIds, false);
    }

    /** V5, or V3_1_1 for both versions 3.x: their PUBLISH is the same. */
    public MqttVersion version() {
        return version;
    }

    /** Whether there is room for a packet id: QoS 1 and 2. */
    public boolean hasPacketId() {
        return packetIdAt != 0;
    }

    /** The expiry that the frame was made with, in seconds; -1 when it has no room for one, as always for MQTT 3.x. */
    public long expirySeconds() {
        return expirySeconds;
    }

    /** The size of the payload. */
    public int payloadBytes() {
        return payloadBytes;
    }

    /** The payload: a new read-only view, borrowed from this frame. */
    public ByteBuf payload() {
        return largePayload != null
                ? largePayload.duplicate().asReadOnly()
                : Unpooled.wrappedBuffer(head, payloadAt, payloadBytes).asReadOnly();
    }

    /** Whether the payload lies beside the frame. */
    public boolean isLarge() {
        return largePayload != null;
    }

    /** The payload if it lies beside the frame, borrowed; to be written retained and duplicated after the head. */
    public @Nullable ByteBuf largePayload() {
        return largePayload;
    }

    /** The size of the whole packet on the wire. */
    public int packetBytes() {
        return payloadAt + payloadBytes;
    }

    /** What {@link MqttEncoder#publish} appends: all but a large payload. */
    public int headBytes() {
        return head.length;
    }

    /**
     * The size of the whole packet on the wire with a topic alias. That may be more than MQTT can frame, if the packet without
     * one is at the limit.
     *
     * @param withTopic whether the packet has the topic as well, and so sets the alias
     */
    public int packetBytesWithAlias(boolean withTopic) {
        int remaining = remainingWithAlias(withTopic);
        return 1 + Varint.bytes(remaining) + remaining;
    }

    /** What {@link MqttEncoder#publishWithAlias} appends: all but a large payload. */
    public int headBytesWithAlias(boolean withTopic) {
        return packetBytesWithAlias(withTopic) - (largePayload != null ? payloadBytes : 0);
    }

    private int remainingWithAlias(boolean withTopic) {
        int propertyBytes = ALIAS_BYTES + payloadAt - propertiesAt;
        return 2
                + (withTopic ? topicBytes : 0)
                + (hasPacketId() ? 2 : 0)
                + Varint.bytes(propertyBytes)
                + propertyBytes
                + payloadBytes;
    }

    /** The size of the topic. */
    public int topicBytes() {
        return topicBytes;
    }

    /**
     * Appends the head with a topic alias in front of its properties, and nothing in place yet.
     *
     * @return by how much what stands in and behind the properties has moved against {@link #head}
     */
    int writeWithAlias(ByteBuf out, int topicAlias, boolean withTopic) {
        int at = out.writerIndex();
        out.writeByte(head[0]);
        Varint.write(out, remainingWithAlias(withTopic));
        out.writeShort(withTopic ? topicBytes : 0);
        if (withTopic) {
            out.writeBytes(head, topicAt, topicBytes);
        }
        if (hasPacketId()) {
            out.writeShort(0);
        }
        Varint.write(out, ALIAS_BYTES + payloadAt - propertiesAt);
        out.writeByte(Property.TOPIC_ALIAS.id()).writeShort(topicAlias);
        int moved = out.writerIndex() - at - propertiesAt;
        out.writeBytes(head, propertiesAt, head.length - propertiesAt);
        return moved;
    }

    /** Index of the packet id in what {@link #writeWithAlias} appends. */
    int packetIdWithAliasAt(boolean withTopic) {
        return 1 + Varint.bytes(remainingWithAlias(withTopic)) + 2 + (withTopic ? topicBytes : 0);
    }

    /** The properties without expiry, topic alias and subscription identifiers. Lives as long as this frame. */
    public Properties forwardedProperties() {
        return forwardedPresent == 0
                ? Properties.EMPTY
                : new Properties(Unpooled.wrappedBuffer(head), forwardedAt, payloadAt, forwardedPresent);
    }

    /** Gives up the large payload of a canonical frame; nothing to do for all others. Once, from any thread. */
    public void release() {
        if (owner && largePayload != null) {
            largePayload.release();
        }
    }

    private void putProperties(int at, int propertyBytes) {
        int next = putVarint(at, propertyBytes);
        if (expirySeconds >= 0) {
            head[next] = (byte) Property.MESSAGE_EXPIRY_INTERVAL.id();
            putShort(next + 1, (int) (expirySeconds >>> 16));
            putShort(next + 3, (int) expirySeconds);
            next += EXPIRY_BYTES;
        }
        for (int id : subscriptionIds) {
            head[next] = (byte) Property.SUBSCRIPTION_IDENTIFIER.id();
            next = putVarint(next + 1, id);
        }
    }

    private void putShort(int at, int value) {
        head[at] = (byte) (value >>> 8);
        head[at + 1] = (byte) value;
    }

    private int putVarint(int at, int value) {
        int next = at;
        int rest = value;
        for (; rest > 0x7F; rest >>>= 7) {
            head[next++] = (byte) (rest | 0x80);
        }
        head[next] = (byte) rest;
        return next + 1;
    }

    private static int idsBytes(int[] subscriptionIds) {
        int bytes = 0;
        for (int id : subscriptionIds) {
            bytes += 1 + Varint.bytes(id);
        }
        return bytes;
    }
}
