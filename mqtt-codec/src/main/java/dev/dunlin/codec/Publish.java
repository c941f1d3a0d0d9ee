package dev.dunlin.codec;

import static dev.dunlin.codec.MalformedPacket.malformed;
import static dev.dunlin.codec.MalformedPacket.protocolError;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A PUBLISH as it lies in the receive buffer [3.1.1 section 3.3, 5.0 section 3.3]: a borrowed view, one per decoder, valid
 * while {@link PacketHandler#packet} runs. Who keeps it makes a {@link PublishFrame}. Checked in full before it is handed
 * over; strings, properties and the payload slice are made when they are asked for.
 *
 * <p>A publisher mostly repeats its topic, and often its properties: those of the packet before are kept, and the same bytes
 * again are neither checked nor decoded.
 */
public final class Publish implements Packet { // hot
    /** Where the text begins in a topic with its length. */
    private static final int TEXT_AT = 2;

    /** Properties that take more aren't kept: their length has one byte then. */
    private static final int KEPT_PROPERTIES_BYTES_MAX = 128;
    /** Of so many blocks in a row that don't repeat the one before ... */
    private static final int MISSES = 64;
    /** ... so many are kept: a publisher that never repeats its properties pays for no more. */
    private static final int MISSES_KEPT = 8;

    private final PropertyReader properties = new PropertyReader();
    private ByteBuf in = Unpooled.EMPTY_BUFFER;
    private int flags;
    private int packetId;
    private int payloadAt;
    private int end;
    private int packetBytes;

    /** The topic, with its length in front. */
    private final Repetition topic = new Repetition();

    private @Nullable String topicText = "";

    /** The properties that {@link #properties} has read last, with their length, if they are kept. */
    private final Repetition block = new Repetition();

    private int misses;

    /** A view on packets with at most so many user properties. */
    Publish(int userPropertiesMax) {
        properties.userPropertiesMax = userPropertiesMax;
    }

    /** The quality of service. */
    public QoS qos() {
        return QoS.of(flags >> 1 & 3);
    }

    /** Whether the sender says that it has tried before. */
    public boolean dup() {
        return (flags & 8) != 0;
    }

    /** The RETAIN flag. */
    public boolean retain() {
        return (flags & 1) != 0;
    }

    /** 1 to 65,535; 0 for QoS 0. */
    public int packetId() {
        return packetId;
    }

    /** The topic name; empty when only a topic alias tells it. Equal topics in a row are the same instance. */
    public String topic() {
        String text = topicText;
        if (text == null) {
            text = new String(topic.content(), TEXT_AT, topicBytes(), StandardCharsets.UTF_8);
            topicText = text;
        }
        return text;
    }

    /** 1 to 65,535; 0 for none. */
    public int topicAlias() {
        return properties.topicAlias;
    }

    /** The message expiry interval in seconds, 0 to 4,294,967,295; -1 for none. */
    public long messageExpirySeconds() {
        return properties.messageExpirySeconds;
    }

    /** A view on the properties, as short-lived as this object. */
    public Properties properties() {
        return properties.from == properties.to
                ? Properties.EMPTY
                : new Properties(in, properties.from, properties.to, properties.present);
    }

    /** The payload: a new slice, borrowed; whoever keeps it retains it. */
    public ByteBuf payload() {
        return in.slice(payloadAt, end - payloadAt);
    }

    /** The size of the payload. */
    public int payloadBytes() {
        return end - payloadAt;
    }

    /** The size of the whole packet. */
    public int packetBytes() {
        return packetBytes;
    }

    @Override
    public String toString() {
        return "Publish[topic=" + topic() + ", qos=" + qos() + ", dup=" + dup() + ", retain=" + retain() + ", packetId="
                + packetId + ", payload=" + payloadBytes() + " bytes, properties=" + properties() + "]";
    }

    /** Moves the view to a packet and checks it. Borrows {@code in}. */
    void read(ByteBuf in, int at, int end, int flags, int packetBytes, boolean v5, MqttDecoder.Peer peer)
            throws MalformedPacket {
        if ((flags & 6) == 6) { // [5.0:MQTT-3.3.1-4, 3.1.1:MQTT-3.3.1-4]
            throw malformed("PUBLISH with QoS 3");
        }
        if ((flags & 0xE) == 8) { // [5.0:MQTT-3.3.1-2, 3.1.1:MQTT-3.3.1-2]
            throw malformed("PUBLISH with QoS 0 and DUP");
        }
        lookAt(in);
        this.end = end;
        this.flags = flags;
        this.packetBytes = packetBytes;
        int next = readTopic(in, at, end, v5);
        next = readPacketId(in, next, end);
        if (v5) {
            next = readProperties(in, next, end);
            checkProperties(peer);
        }
        payloadAt = next;
    }

    /** Writes the reference only if it is another: the collector's barrier costs as much as a few checks. */
    @SuppressWarnings("ReferenceEquality") // the same buffer, not the same bytes
    private void lookAt(ByteBuf in) {
        if (this.in != in) {
            this.in = in;
        }
    }

    /** Ends the view. The buffer is still to be let go of: mostly the next packet lies in the same one. */
    void clear() {
        payloadAt = 0;
        end = 0;
        properties.close();
    }

    /** Lets go of the buffer, keeps the topic. */
    void letGo() {
        in = Unpooled.EMPTY_BUFFER;
    }

    /** Holds the topic as bytes, from {@link #topicAt()} on. Borrowed. */
    byte[] topicUtf8() {
        return topic.content();
    }

    int topicAt() {
        return TEXT_AT;
    }

    int topicBytes() {
        return topic.bytes() - TEXT_AT;
    }

    private int readTopic(ByteBuf in, int at, int end, boolean v5) throws MalformedPacket {
        if (topic.isAt(in, at, end)) {
            return at + topic.bytes();
        }
        if (end - at < 2 || end - at - 2 < in.getUnsignedShort(at)) {
            throw malformed("The topic is cut off");
        }
        int bytes = in.getUnsignedShort(at);
        if (bytes == 0 && !v5) { // [3.1.1:MQTT-4.7.3-1]; in MQTT 5 an alias may stand in
            throw malformed("The topic is empty");
        }
        newTopic(in, at, bytes, v5);
        return at + TEXT_AT + bytes;
    }

    private void newTopic(ByteBuf in, int at, int bytes, boolean v5) throws MalformedPacket {
        int check = Utf8.check(in, at + TEXT_AT, at + TEXT_AT + bytes);
        if (check == Utf8.MALFORMED) { // [5.0:MQTT-3.3.2-1, 3.1.1:MQTT-3.3.2-1]
            throw malformed("The topic is not UTF-8");
        }
        if ((check & Utf8.DISCOURAGED) != 0) { // [5.0 section 1.5.4, 3.1.1 section 1.5.3]
            throw malformed("The topic has a control character or a noncharacter");
        }
        if (check == Utf8.WILDCARD) { // [5.0:MQTT-3.3.2-2, 3.1.1:MQTT-3.3.2-2]
            throw v5
                    ? new MalformedPacket(ReasonCode.TOPIC_NAME_INVALID, "The topic has a wildcard")
                    : malformed("The topic has a wildcard");
        }
        topic.keep(in, at, TEXT_AT + bytes);
        topicText = bytes == 0 ? "" : null;
    }

    private int readPacketId(ByteBuf in, int at, int end) throws MalformedPacket {
        if ((flags & 6) == 0) { // [5.0:MQTT-2.2.1-2, 3.1.1:MQTT-2.3.1-5]
            packetId = 0;
            return at;
        }
        if (end - at < 2) {
            throw malformed("The packet id is cut off");
        }
        packetId = in.getUnsignedShort(at);
        if (packetId == 0) { // [5.0:MQTT-2.2.1-3, 3.1.1:MQTT-2.3.1-1]
            throw protocolError("The packet id is 0");
        }
        return at + 2;
    }

    private int readProperties(ByteBuf in, int at, int end) throws MalformedPacket {
        if (block.isAt(in, at, end)) {
            misses = 0;
            return properties.repeat(at, block.bytes());
        }
        int next = properties.read(in, at, end, PacketType.PUBLISH.code());
        if (misses < MISSES_KEPT && next - at <= KEPT_PROPERTIES_BYTES_MAX) {
            block.keep(in, at, next - at);
        } else {
            block.forget();
        }
        misses = (misses + 1) % MISSES;
        return next;
    }

    private void checkProperties(MqttDecoder.Peer peer) throws MalformedPacket {
        if (topicBytes() == 0 && properties.topicAlias == 0) { // [5.0 section 3.3.2.1, 5.0:MQTT-4.7.3-1]
            throw protocolError("Neither topic nor topic alias");
        }
        if (peer == MqttDecoder.Peer.CLIENT && properties.has(Property.SUBSCRIPTION_IDENTIFIER)) { // [5.0:MQTT-3.3.4-6]
            throw protocolError("Subscription identifier in a client's PUBLISH");
        }
    }
}
