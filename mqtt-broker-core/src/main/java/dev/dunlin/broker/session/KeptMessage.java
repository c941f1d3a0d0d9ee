package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.store.StoredMessage;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.Publish;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.UserProperty;
import dev.dunlin.codec.WillMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A published message that outlives its packet: what mailboxes, windows, queues and the retained index hold. Immutable
 * but for its reference count and a cache of encodings; shared between loops.
 *
 * <p>It keeps one {@link PublishFrame} as its publisher sent it, and derives the other encodings (version, with or
 * without a packet id, subscription identifiers) when the first subscriber needs them. The cache is written by plain
 * data races: frames are immutable, so at worst two loops encode the same one.
 *
 * <p>References: the creator owns one; everybody who keeps the message takes one ({@link #retain}) and gives it back
 * ({@link #release}). Only a large payload, which stays in Netty's buffers, is really counted; small ones are on the
 * heap and cost nothing here.
 */
public sealed class KeptMessage implements StoredMessage.Kept permits Replacement { // hot
    /** {@link #expiresAtMs} of a message that never expires. */
    static final long NEVER = Long.MAX_VALUE;

    /** A publisher that is no client's identifier. */
    private static final String LOCAL_CLIENT = "";

    private static final QoS[] LEVELS = QoS.values();
    private static final int OBJECT_BYTES = 128;
    private static final int[] NO_IDS = {};
    private static final VarHandle REFERENCES;

    static {
        try {
            REFERENCES = MethodHandles.lookup().findVarHandle(KeptMessage.class, "references", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final String topic;
    private final byte qos;
    private final boolean retain;
    private final String publisher;
    private final long expiresAtMs;
    private final PublishFrame original;

    /** What the local client has published, for its own subscribers; null if a client has, or it stays as a retained message. */
    private final @Nullable Message local;

    @SuppressWarnings("unused") // by REFERENCES
    private volatile int references = 1;

    private @Nullable PublishFrame plain;
    private @Nullable PublishFrame plainWithId;
    private @Nullable PublishFrame v5;
    private @Nullable PublishFrame v5WithId;
    private @Nullable Mounted mounted;

    /** An encoding without the beginning of the topic. Of the same race, so all of it is final. */
    private record Mounted(
            int prefixBytes, PublishFrame frame, @Nullable Mounted next) {}

    KeptMessage(String topic, QoS qos, boolean retain, String publisher, long expiresAtMs, PublishFrame original) {
        this.topic = topic;
        this.qos = (byte) qos.level();
        this.retain = retain;
        this.publisher = publisher;
        this.expiresAtMs = expiresAtMs;
        this.original = original;
        local = null;
        cache(original);
    }

    private KeptMessage(Message message, QoS qos, long nowMs) {
        topic = message.topic();
        this.qos = (byte) qos.level();
        retain = message.retain();
        publisher = LOCAL_CLIENT;
        expiresAtMs = expiresAt(message.expirySeconds(), nowMs);
        original = frame(message, qos);
        local = retain ? null : message;
        cache(original);
    }

    /**
     * Keeps what a client publishes: copies a small payload, retains a large one.
     *
     * @param topic the publish's own, or the one that its alias stands for
     * @param qos the publish's own, or a higher one: see {@link Core#kept}
     * @param version the publisher's protocol version
     * @param publisher its client identifier
     */
    static KeptMessage of(Publish publish, String topic, QoS qos, MqttVersion version, String publisher, long nowMs) {
        long expiresAtMs = expiresAt(publish.messageExpirySeconds(), nowMs);
        PublishFrame frame = PublishFrame.of(publish, topic, version, qos != QoS.AT_MOST_ONCE);
        return new KeptMessage(topic, qos, publish.retain(), publisher, expiresAtMs, frame);
    }

    /** Brings a stored message back; gives its packet's reference back. What remains of its expiry is at most the original. */
    static KeptMessage of(StoredMessage stored, long nowMs, long wallMs) throws StoreException {
        try {
            return stored.decode(publish -> {
                long expirySeconds = publish.messageExpirySeconds();
                long ageMs = Math.max(0, wallMs - stored.publishedAtMs());
                long expiresAtMs = expiresAt(expirySeconds, nowMs);
                String topic = publish.topic();
                return new KeptMessage(
                        topic,
                        publish.qos(),
                        publish.retain(),
                        stored.publisher(),
                        expiresAtMs == NEVER ? NEVER : expiresAtMs - Math.min(ageMs, expirySeconds * 1000),
                        PublishFrame.of(publish, topic, stored.version()));
            });
        } finally {
            stored.packet().release();
        }
    }

    /**
     * Keeps a will [5.0 section 3.1.2.5]; its expiry counts from now, when it is published.
     *
     * @param qos the will's own, or a higher one
     */
    static KeptMessage of(WillMessage will, QoS qos, MqttVersion version, String publisher, long nowMs) {
        long expirySeconds = will.properties().integer(Property.MESSAGE_EXPIRY_INTERVAL, -1);
        PublishFrame frame = PublishFrame.of(
                will.topic(),
                publishProperties(will.properties()),
                expirySeconds,
                will.payload(),
                version,
                qos != QoS.AT_MOST_ONCE);
        return new KeptMessage(will.topic(), qos, will.retain(), publisher, expiresAt(expirySeconds, nowMs), frame);
    }

    /** Keeps a message as it is; else as {@link #of(Message, QoS, long)}. */
    static KeptMessage of(Message message, long nowMs) {
        return of(message, message.qos(), nowMs);
    }

    /**
     * Keeps what the local client publishes. Any thread.
     *
     * @param qos the message's own, or a higher one
     * @throws IllegalArgumentException if MQTT can't carry it: a string with U+0000 or too long, a packet too large
     */
    static KeptMessage of(Message message, QoS qos, long nowMs) {
        return new KeptMessage(message, qos, nowMs);
    }

    /** As {@link #of(Message, QoS, long)}, of what an interceptor has put in the place of a client's publish. */
    static KeptMessage of(Message message, QoS qos, String publisher, long nowMs) {
        return new KeptMessage(
                message.topic(),
                qos,
                message.retain(),
                publisher,
                expiresAt(message.expirySeconds(), nowMs),
                frame(message, qos));
    }

    /**
     * What an interceptor has put in the place of this publish, from the same publisher. If it is to expire after as long as this
     * one, it expires when this one does: the answer took its time.
     *
     * @param as the message's own QoS, or a higher one
     */
    KeptMessage inPlace(Message by, QoS as, long nowMs) {
        boolean same = expiresAtMs != NEVER && by.expirySeconds() == original.expirySeconds();
        return new KeptMessage(
                by.topic(),
                as,
                by.retain(),
                publisher,
                same ? expiresAtMs : expiresAt(by.expirySeconds(), nowMs),
                frame(by, as));
    }

    /**
     * What an interceptor has put in the place of a message for one receiver. It keeps that one, to which whatever is stored,
     * counted or given back refers: {@link #origin}.
     *
     * @param qos that of its delivery
     */
    KeptMessage replacedBy(Message message, QoS qos, long nowMs) {
        return new Replacement(
                this, message.topic(), qos, expiresAt(message.expirySeconds(), nowMs), frame(message, qos));
    }

    /** The encoding of a message on the heap, which keeps a large payload as it is, without a copy. */
    public static PublishFrame frame(Message message, QoS qos) {
        ByteBuf payload = Unpooled.wrappedBuffer(message.payload());
        try {
            return PublishFrame.of(
                    message.topic(),
                    publishProperties(message),
                    message.expirySeconds(),
                    payload,
                    MqttVersion.V5, // the richest: it has what a Message can say
                    qos != QoS.AT_MOST_ONCE);
        } finally {
            payload.release();
        }
    }

    /** The canonical encoding. */
    @Override
    public PublishFrame frame() {
        return original;
    }

    String topic() {
        return topic;
    }

    /** The message that was published: this one, unless an interceptor has put it in the place of that. Borrowed. */
    KeptMessage origin() {
        return this;
    }

    /** Whether references are counted: those of a small one cost nothing. */
    boolean isCounted() {
        return original.isLarge();
    }

    /** Its last reference was given back. Of one whose references are counted. */
    void dispose() {
        original.release();
    }

    @Override
    public QoS qos() {
        return LEVELS[qos];
    }

    /** RETAIN as it was published. */
    @Override
    public boolean retainFlag() {
        return retain;
    }

    /** The client identifier of who published it: for No Local. Empty for the local client. */
    @Override
    public String publisher() {
        return publisher;
    }

    int payloadBytes() {
        return original.payloadBytes();
    }

    /** About what it occupies in memory. */
    int footprintBytes() {
        int ofFrame = OBJECT_BYTES + original.packetBytes();
        return local == null ? ofFrame : ofFrame + OBJECT_BYTES + original.headBytes();
    }

    /** The same of a publish that isn't kept yet. */
    static int footprintBytes(Publish publish, String topic) {
        int ofTopic = publish.topicAlias() == 0 ? 0 : ByteBufUtil.utf8Bytes(topic); // it may not be in the packet
        return OBJECT_BYTES + publish.packetBytes() + ofTopic;
    }

    /** Whether the local client has published it. */
    boolean isLocal() {
        return publisher.isEmpty();
    }

    /** Whether it expires at some time. */
    boolean expires() {
        return expiresAtMs != NEVER;
    }

    boolean isExpired(long nowMs) {
        return nowMs >= expiresAtMs;
    }

    /**
     * Seconds left for a receiver, at least 1; -1 if it never expires [5.0:MQTT-3.3.2-6]. Not more than it was published
     * with: the receiver's loop may have read its clock a moment before the publisher's did.
     */
    long expirySeconds(long nowMs) {
        return expiresAtMs == NEVER
                ? -1
                : Math.max(1, Math.min(original.expirySeconds(), (expiresAtMs - nowMs + 999) / 1000));
    }

    /** The encoding for a receiver. Borrowed: valid while the caller holds a reference to this message. */
    PublishFrame frame(MqttVersion version, boolean withPacketId, int[] subscriptionIds) {
        boolean five = version == MqttVersion.V5; // two encodings: with properties and without
        if (five && subscriptionIds.length > 0) {
            return original.variant(version, withPacketId, subscriptionIds);
        }
        PublishFrame cached = five ? (withPacketId ? v5WithId : v5) : (withPacketId ? plainWithId : plain);
        return cached != null
                ? cached
                : cache(original.variant(
                        five ? version : MqttVersion.V3_1_1, // and the same one for 3.1
                        withPacketId,
                        NO_IDS));
    }

    /**
     * The encoding for a receiver behind a mount point, which is as long as that; else as {@link #frame(MqttVersion, boolean,
     * int[])}.
     */
    PublishFrame frameWithout(int prefixBytes, MqttVersion version, boolean withPacketId, int[] subscriptionIds) {
        boolean five = version == MqttVersion.V5; // as above
        MqttVersion form = five ? version : MqttVersion.V3_1_1; // as above
        if (five && subscriptionIds.length > 0) {
            return original.withoutPrefix(prefixBytes, form, withPacketId, subscriptionIds);
        }
        for (Mounted each = mounted; each != null; each = each.next) {
            PublishFrame cached = each.frame;
            if (each.prefixBytes == prefixBytes && cached.version() == form && cached.hasPacketId() == withPacketId) {
                return cached;
            }
        }
        PublishFrame made = original.withoutPrefix(prefixBytes, form, withPacketId, NO_IDS);
        mounted = new Mounted(prefixBytes, made, mounted);
        return made;
    }

    private PublishFrame cache(PublishFrame frame) {
        boolean five = frame.version() == MqttVersion.V5; // as above
        if (frame.hasPacketId()) {
            if (five) {
                v5WithId = frame;
            } else {
                plainWithId = frame;
            }
        } else if (five) {
            v5 = frame;
        } else {
            plain = frame;
        }
        return frame;
    }

    /** Takes a reference. The caller must know that another one is held meanwhile. */
    void retain() {
        if (isCounted()) {
            int before = (int) REFERENCES.getAndAdd(this, 1);
            assert before > 0 : "retained after its last release";
        }
    }

    /** Takes a reference unless the last one is gone already: for readers of the retained index. */
    boolean tryRetain() {
        if (!isCounted()) {
            return true;
        }
        for (int n = references; n > 0; n = references) {
            if (REFERENCES.compareAndSet(this, n, n + 1)) {
                return true;
            }
        }
        return false;
    }

    /** Gives a reference back. */
    void release() {
        if (isCounted()) {
            int before = (int) REFERENCES.getAndAdd(this, -1);
            assert before > 0 : "released more often than retained";
            if (before == 1) {
                dispose();
            }
        }
    }

    /**
     * A copy on the heap for user code; the very message that the local client has published, if it is to arrive as it was.
     *
     * @param delivered the QoS of the delivery
     * @param retainFlag RETAIN of the delivery
     */
    Message toMessage(QoS delivered, boolean retainFlag, long nowMs) {
        Message same = local;
        long expirySeconds = expirySeconds(nowMs);
        if (same != null
                && same.qos() == delivered
                && same.retain() == retainFlag
                && same.expirySeconds() == expirySeconds) {
            return same;
        }
        return copyOf(topic, original.forwardedProperties(), original.payload(), delivered, retainFlag, expirySeconds);
    }

    /**
     * A copy on the heap of what is in a packet.
     *
     * @param p may have others besides those of a message
     * @param view the payload is what is readable; borrowed, its indices stay
     * @param expirySeconds -1 for none
     */
    public static Message copyOf(
            String topic, Properties p, ByteBuf view, QoS qos, boolean retain, long expirySeconds) {
        byte[] payload = new byte[view.readableBytes()];
        view.getBytes(view.readerIndex(), payload);
        Message.Builder copy = Message.builder(topic)
                .wrapPayload(payload)
                .qos(qos)
                .retain(retain)
                .expirySeconds(expirySeconds)
                .utf8(p.integer(Property.PAYLOAD_FORMAT_INDICATOR, 0) == 1)
                .contentType(p.string(Property.CONTENT_TYPE))
                .responseTopic(p.string(Property.RESPONSE_TOPIC))
                .correlationData(p.binary(Property.CORRELATION_DATA));
        for (UserProperty user : p.userProperties()) {
            copy.userProperty(user.name(), user.value());
        }
        return copy.build();
    }

    /** When it was published, in wall time, as far as its expiry is concerned: of one that never expires it's now. */
    long publishedAtMs(long nowMs, long wallMs) {
        return expiresAtMs == NEVER ? wallMs : wallMs - (original.expirySeconds() * 1000 - (expiresAtMs - nowMs));
    }

    private static long expiresAt(long expirySeconds, long nowMs) {
        return expirySeconds < 0 ? NEVER : nowMs + expirySeconds * 1000;
    }

    /** What of a will's properties goes into its PUBLISH: all but the will delay and the expiry, kept apart. */
    private static Properties publishProperties(Properties will) {
        Properties.Builder out = Properties.builder();
        addInteger(out, Property.PAYLOAD_FORMAT_INDICATOR, will.integer(Property.PAYLOAD_FORMAT_INDICATOR, -1));
        addString(out, Property.CONTENT_TYPE, will.string(Property.CONTENT_TYPE));
        addString(out, Property.RESPONSE_TOPIC, will.string(Property.RESPONSE_TOPIC));
        addBinary(out, will.binary(Property.CORRELATION_DATA));
        for (UserProperty user : will.userProperties()) { // [5.0:MQTT-3.1.3-10]: in their order
            out.userProperty(user.name(), user.value());
        }
        return out.build();
    }

    private static Properties publishProperties(Message message) {
        if (!hasProperties(message)) { // without a buffer to put none into
            return Properties.EMPTY;
        }
        Properties.Builder out = Properties.builder();
        addProperties(message, out);
        return out.build();
    }

    private static boolean hasProperties(Message message) {
        return message.isUtf8()
                || message.contentType() != null
                || message.responseTopic() != null
                || !message.userProperties().isEmpty()
                || message.correlationData() != null;
    }

    /** Adds what a PUBLISH and a will say of a message, but for its expiry. */
    public static void addProperties(Message message, Properties.Builder out) {
        addInteger(out, Property.PAYLOAD_FORMAT_INDICATOR, message.isUtf8() ? 1 : -1);
        addString(out, Property.CONTENT_TYPE, message.contentType());
        addString(out, Property.RESPONSE_TOPIC, message.responseTopic());
        var correlation = message.correlationData();
        if (correlation != null) {
            byte[] bytes = new byte[correlation.remaining()];
            correlation.get(bytes);
            addBinary(out, bytes);
        }
        for (UserProperty user : message.userProperties()) {
            out.userProperty(user.name(), user.value());
        }
    }

    private static void addInteger(Properties.Builder out, Property property, long value) {
        if (value >= 0) {
            out.add(property, value);
        }
    }

    private static void addString(Properties.Builder out, Property property, @Nullable String value) {
        if (value != null) {
            out.add(property, value);
        }
    }

    private static void addBinary(Properties.Builder out, byte @Nullable [] value) {
        if (value != null) {
            out.add(Property.CORRELATION_DATA, value);
        }
    }
}
