package dev.dunlin.codec;

import static dev.dunlin.codec.MalformedPacket.malformed;
import static dev.dunlin.codec.MalformedPacket.protocolError;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Turns the bytes of one connection into packets: pushed in with {@link #decode}, out through a {@link PacketHandler}. Not
 * thread-safe; every call comes from the connection's thread.
 *
 * <p>A frame is found and its limits are checked on the fixed header alone. A body that lies whole in the received buffer,
 * the common case, is read in place; of one that doesn't, {@link Assembly} keeps just that part. A packet is checked in full
 * before the handler sees it, and the first violation is the last: it is thrown, remembered, and thrown again.
 */
public final class MqttDecoder { // hot
    /** The largest packet that MQTT can frame, in bytes: 5 of fixed header and the greatest remaining length. */
    public static final int PACKET_BYTES_MAX = 5 + Varint.MAX;

    /** Who sends what is decoded. */
    public enum Peer {
        /** A client: the decoder belongs to a server and learns the version from CONNECT. */
        CLIENT(PacketType.CONNECT, PacketType.SUBSCRIBE, PacketType.UNSUBSCRIBE, PacketType.PINGREQ),
        /** A server: the decoder belongs to a client, who sets the version first. */
        SERVER(PacketType.CONNACK, PacketType.SUBACK, PacketType.UNSUBACK, PacketType.PINGRESP);

        private final int packets;

        Peer(PacketType... own) {
            packets = PacketType.mask(own)
                    | PacketType.mask(
                            PacketType.PUBLISH,
                            PacketType.PUBACK,
                            PacketType.PUBREC,
                            PacketType.PUBREL,
                            PacketType.PUBCOMP,
                            PacketType.DISCONNECT,
                            PacketType.AUTH);
        }

        boolean sends(PacketType type) {
            return (packets >> type.code() & 1) != 0;
        }
    }

    private final Peer peer;
    private final PacketHandler handler;
    private int maxPacketBytes;
    private int userPropertiesMax = Integer.MAX_VALUE;
    private @Nullable MqttVersion version;

    /** What is being parsed, and what came after it while paused or parsing. */
    private @Nullable ByteBuf input;

    private @Nullable ArrayDeque<ByteBuf> waiting;
    private boolean running;
    private boolean paused;
    private boolean resumed;
    private boolean closed;
    private @Nullable MalformedPacket error;

    /** The fixed header, as far as it was read: {@code headerBytes} of it. */
    private int headerBytes;

    private int firstByte;
    private int remainingBytes;
    private boolean paddedLength;
    /** The type of a packet whose body isn't complete; null if none is awaited. */
    private @Nullable PacketType awaited;

    private @Nullable Assembly assembly;

    /** The packet that the handler sees. Many a client never publishes, nor sends properties: these two are made when one does. */
    private @Nullable Publish publish;

    private @Nullable PropertyReader properties;
    private ByteBuf body = Unpooled.EMPTY_BUFFER;
    private int packetId;
    private ReasonCode reasonCode = ReasonCode.SUCCESS;
    private @Nullable Packet packet;

    /**
     * A decoder for one connection.
     *
     * @param maxPacketBytes see {@link #maxPacketBytes(int)}
     */
    public MqttDecoder(Peer peer, PacketHandler handler, int maxPacketBytes) {
        this.peer = peer;
        this.handler = handler;
        maxPacketBytes(maxPacketBytes);
    }

    /** Sets the version: for {@link Peer#SERVER} before the first byte. A client's comes from its CONNECT. */
    public void version(MqttVersion version) {
        if (this.version != version) {
            publish = null; // what it knows of the packet before was checked by the other's rules
        }
        this.version = version;
    }

    /**
     * The version, which the first CONNECT tells; null as long as it isn't known. After a CONNECT that asks for an unknown
     * one it is what the refusal is best said in: 5.0 if a later version was asked for, otherwise null.
     */
    public @Nullable MqttVersion version() {
        return version;
    }

    /**
     * Sets the largest packet accepted, from the next fixed header on.
     *
     * @param maxPacketBytes the whole packet with its fixed header, 2 to {@link #PACKET_BYTES_MAX}
     * @throws IllegalArgumentException for a value out of range
     */
    public void maxPacketBytes(int maxPacketBytes) {
        Text.requireRange("maxPacketBytes", maxPacketBytes, 2, PACKET_BYTES_MAX);
        this.maxPacketBytes = maxPacketBytes;
    }

    /**
     * Sets how many user properties a packet may have, and the will of a CONNECT; any number unless this is called. They are
     * counted where they are checked: a packet with more is refused with {@link ReasonCode#QUOTA_EXCEEDED} before anything is
     * made of it. That is the code for a bound that somebody has set [5.0 section 2.4]; 0x95 (packet too large) speaks of the
     * Maximum Packet Size, which such a packet may be far below.
     *
     * @param userPropertiesMax from 0, for none; before the first byte
     * @throws IllegalArgumentException for a value out of range
     */
    public void userPropertiesMax(int userPropertiesMax) {
        Text.requireRange("userPropertiesMax", userPropertiesMax, 0, Integer.MAX_VALUE);
        this.userPropertiesMax = userPropertiesMax;
    }

    /**
     * The bytes that are kept because their packet isn't complete or decoding is paused. While paused, whoever feeds the
     * decoder has to stop: it keeps everything.
     */
    public int cumulatedBytes() {
        int bytes = headerBytes + (input == null ? 0 : input.readableBytes());
        if (assembly != null) {
            bytes += assembly.bytes();
        }
        if (waiting != null) {
            for (ByteBuf buffer : waiting) {
                bytes += buffer.readableBytes();
            }
        }
        return bytes;
    }

    /**
     * Decodes what was received. Called from inside the handler, it only queues.
     *
     * @param in owned by the decoder from now on, also when this throws
     * @throws MalformedPacket the first violation, by the peer or found by the handler; the same object from then on, until
     *     the decoder is closed and ignores everything
     */
    public void decode(ByteBuf in) throws MalformedPacket {
        if (closed) {
            in.release();
        } else if (error != null) {
            in.release();
            throw error;
        } else if (running || paused) {
            if (waiting == null) {
                waiting = new ArrayDeque<>(4);
            }
            waiting.add(Assembly.compact(in));
        } else {
            input = in;
            run();
        }
    }

    /**
     * Goes on after the handler has returned false, first with what is already there. Without effect when not paused. Called
     * from inside the handler, it cancels the pause that the handler is about to ask for.
     *
     * @throws MalformedPacket as {@link #decode}
     */
    public void resume() throws MalformedPacket {
        if (running) {
            resumed = true;
        } else if (error != null && !closed) {
            throw error;
        } else if (paused && !closed) {
            paused = false;
            run();
        }
    }

    /** Ends decoding and releases everything. Also from inside the handler, and more than once. */
    public void close() {
        closed = true;
        if (!running) {
            release(); // else at the end of the run: the handler may still be looking at a buffer
        }
    }

    private void run() throws MalformedPacket {
        running = true;
        try {
            parse();
        } catch (MalformedPacket e) {
            error = e;
            throw e;
        } catch (RuntimeException | Error e) {
            closed = true;
            throw e;
        } finally {
            running = false;
            if (publish != null) {
                publish.letGo();
            }
            if (closed || error != null) {
                release();
            }
        }
    }

    private void parse() throws MalformedPacket {
        if (input == null && waiting != null) {
            input = waiting.poll();
        }
        while (input != null) {
            ByteBuf in = input;
            while (!paused && !closed && readFrame(in)) {}
            if (closed) {
                return;
            }
            if (in.isReadable()) {
                input = null;
                input = Assembly.compact(in); // paused; it may be long
                return;
            }
            input = null;
            in.release();
            if (waiting != null && !paused) {
                input = waiting.poll();
            }
        }
    }

    /** Handles one packet. Returns false when the input is used up before its end. */
    private boolean readFrame(ByteBuf in) throws MalformedPacket {
        PacketType type = awaited != null ? awaited : readFixedHeader(in);
        if (type == null) {
            return false;
        }
        if (assembly == null && in.readableBytes() >= remainingBytes) {
            int at = in.readerIndex();
            in.readerIndex(at + remainingBytes);
            packet(type, in, at);
            return true;
        }
        awaited = type;
        return assemble(type, in);
    }

    private boolean assemble(PacketType type, ByteBuf in) throws MalformedPacket {
        if (assembly == null) {
            assembly = new Assembly(in.alloc(), remainingBytes);
        }
        if (!assembly.take(in)) {
            return false;
        }
        ByteBuf whole = assembly.complete();
        try {
            assembly = null;
            awaited = null; // the header is used up, whatever happens now
            packet(type, whole, whole.readerIndex());
        } finally {
            whole.release();
        }
        return true;
    }

    /** Reads the fixed header as far as it is there. Returns null when its end is missing. */
    private @Nullable PacketType readFixedHeader(ByteBuf in) throws MalformedPacket {
        if (headerBytes == 0 && in.readableBytes() >= Integer.BYTES) {
            int at = in.readerIndex();
            int word = in.getIntLE(at); // of a packet of up to 16 KiB all of it at once
            if ((word & 0x80_8000) != 0x80_8000) {
                boolean two = (word & 0x8000) != 0;
                firstByte = word & 0xFF;
                remainingBytes = (word >> 8 & 0x7F) | (two ? word >> 9 & 0x3F80 : 0);
                headerBytes = two ? 3 : 2;
                paddedLength = two && (word & 0x7F_0000) == 0;
                in.readerIndex(at + headerBytes);
                return checkFixedHeader();
            }
        }
        return readFixedHeaderByBytes(in);
    }

    private @Nullable PacketType readFixedHeaderByBytes(ByteBuf in) throws MalformedPacket {
        while (in.isReadable()) {
            int b = in.readByte();
            if (headerBytes == 0) {
                firstByte = b & 0xFF;
                remainingBytes = 0;
                headerBytes = 1;
                continue;
            }
            remainingBytes |= (b & 0x7F) << (7 * (headerBytes - 1));
            headerBytes++;
            if (b >= 0) {
                paddedLength = b == 0 && headerBytes > 2;
                return checkFixedHeader();
            }
            if (headerBytes == 5) {
                throw malformed("The remaining length is longer than 4 bytes");
            }
        }
        return null;
    }

    private PacketType checkFixedHeader() throws MalformedPacket {
        PacketType type = PacketType.of(firstByte >> 4);
        if (type == null || (type == PacketType.AUTH && version != MqttVersion.V5 && version != null)) {
            throw malformed("Packet type " + (firstByte >> 4) + " is reserved");
        }
        if (version == null && type != PacketType.CONNECT) { // [5.0:MQTT-3.1.0-1, 3.1.1:MQTT-3.1.0-1]
            if (peer == Peer.SERVER) {
                throw new IllegalStateException("version(MqttVersion) was not called before the first packet");
            }
            throw protocolError("The first packet is " + type + ", not CONNECT");
        }
        boolean sent =
                peer.sends(type) && (type != PacketType.DISCONNECT || peer == Peer.CLIENT || version == MqttVersion.V5);
        if (!sent) {
            throw protocolError(type + " is not for a " + (peer == Peer.CLIENT ? "client" : "server") + " to send");
        }
        if (version != null) { // else CONNECT's body tells first
            checkFlags(type, version);
            checkLengthForm(type, version);
        }
        if (remainingBytes > maxPacketBytes - headerBytes) { // before any of these bytes is awaited
            throw new MalformedPacket(
                    ReasonCode.PACKET_TOO_LARGE,
                    "Packet of " + (remainingBytes + headerBytes) + " bytes, the limit is " + maxPacketBytes);
        }
        return type;
    }

    /** [5.0:MQTT-2.1.3-1, 3.1.1:MQTT-2.2.2-1, MQTT-2.2.2-2]; MQTT 3.1 calls the bits unused, and DUP is legal in some. */
    private void checkFlags(PacketType type, MqttVersion version) throws MalformedPacket {
        int flags = firstByte & 0xF;
        boolean right = switch (type) {
            case PUBLISH -> true;
            // [5.0:MQTT-3.6.1-1, MQTT-3.8.1-1, MQTT-3.10.1-1, 3.1.1:MQTT-3.6.1-1, MQTT-3.8.1-1, MQTT-3.10.1-1]
            case PUBREL, SUBSCRIBE, UNSUBSCRIBE -> flags == 2;
            default -> flags == 0; // [5.0:MQTT-3.14.1-1, MQTT-3.15.1-1, 3.1.1:MQTT-3.14.1-1]
        };
        if (!right && version != MqttVersion.V3_1) {
            throw malformed(type + " with flags 0x" + Integer.toHexString(flags));
        }
    }

    private void checkLengthForm(PacketType type, MqttVersion version) throws MalformedPacket {
        if (paddedLength && version == MqttVersion.V5) { // [5.0:MQTT-1.5.5-1]
            throw malformed(type + " with a remaining length that isn't in its shortest form");
        }
    }

    /** Reads one packet whose body begins at {@code at}, and hands it over. */
    private void packet(PacketType type, ByteBuf in, int at) throws MalformedPacket {
        int end = at + remainingBytes;
        try {
            readBody(type, in, at, end);
            resumed = false;
            paused = !handler.packet(type, this) && !resumed;
        } finally {
            headerBytes = 0;
            if (type != PacketType.PUBLISH) {
                body = Unpooled.EMPTY_BUFFER;
                packet = null;
            } else if (publish != null) {
                publish.clear();
            }
        }
    }

    private void readBody(PacketType type, ByteBuf in, int at, int end) throws MalformedPacket {
        switch (type) {
            case PUBLISH -> readPublish(in, at, end);
            case PUBACK, PUBREC, PUBREL, PUBCOMP -> readAck(type, in, at, end);
            case PINGREQ, PINGRESP -> {
                if (at != end) {
                    throw malformed(type + " with a body");
                }
            }
            case DISCONNECT, AUTH -> readReason(type, in, at, end);
            case CONNECT -> readConnect(new Cursor(in, at, end, userPropertiesMax));
            default -> packet = readRecord(type, new Cursor(in, at, end, userPropertiesMax), knownVersion());
        }
    }

    private void readPublish(ByteBuf in, int at, int end) throws MalformedPacket {
        Publish view = publish;
        if (view == null) {
            view = new Publish(userPropertiesMax);
            publish = view;
        }
        view.read(in, at, end, firstByte & 0xF, packetBytes(), version == MqttVersion.V5, peer);
    }

    private void readAck(PacketType type, ByteBuf in, int at, int end) throws MalformedPacket {
        if (end - at < 2 || (end - at > 2 && version != MqttVersion.V5)) {
            throw malformed(type + " of " + (end - at) + " bytes");
        }
        packetId = in.getUnsignedShort(at);
        if (packetId == 0) { // [5.0:MQTT-2.2.1-5, 3.1.1:MQTT-2.3.1-6]: it repeats that of a PUBLISH
            throw protocolError(type + " with packet id 0");
        }
        readReason(type, in, at + 2, end);
    }

    /** The end of PUBACK to PUBCOMP, DISCONNECT and AUTH: reason code and properties may both be missing in MQTT 5. */
    private void readReason(PacketType type, ByteBuf in, int at, int end) throws MalformedPacket {
        body = in;
        if (properties != null) {
            properties.clear();
        }
        reasonCode = ReasonCode.SUCCESS;
        if (at == end) {
            return;
        }
        if (version != MqttVersion.V5) {
            throw malformed(type + " with a body");
        }
        ReasonCode reason = ReasonCode.of(in.getUnsignedByte(at));
        if (reason == null || !reason.allowedIn(type)) {
            // [5.0:MQTT-3.4.2-1, MQTT-3.5.2-1, MQTT-3.6.2-1, MQTT-3.7.2-1, MQTT-3.14.2-1, MQTT-3.15.2-1]
            throw protocolError(type + " with reason 0x" + Integer.toHexString(in.getUnsignedByte(at)));
        }
        reasonCode = reason;
        if (at + 1 < end && propertyReader().read(in, at + 1, end, type.code()) != end) {
            throw malformed(type + " goes on behind its properties");
        }
        if (type == PacketType.AUTH && !has(Property.AUTHENTICATION_METHOD)) { // [5.0 section 3.15.2.2.2]
            throw protocolError("AUTH without a method");
        }
        if (type == PacketType.DISCONNECT && peer == Peer.SERVER && has(Property.SESSION_EXPIRY_INTERVAL)) {
            throw protocolError("Session expiry interval in a server's DISCONNECT"); // [5.0:MQTT-3.14.2-2]
        }
    }

    private PropertyReader propertyReader() {
        if (properties == null) {
            properties = new PropertyReader();
            properties.userPropertiesMax = userPropertiesMax;
        }
        return properties;
    }

    private boolean has(Property property) {
        return properties != null && properties.has(property);
    }

    private void readConnect(Cursor cursor) throws MalformedPacket {
        String name = ConnectReader.protocolName(cursor);
        int level = cursor.readByte();
        if (version == null) { // of a second CONNECT the first one's: the answer to it goes out in that version
            version = ConnectReader.isLater(level) ? MqttVersion.V5 : MqttVersion.of(name, level);
        }
        MqttVersion asked = ConnectReader.version(name, level);
        checkFlags(PacketType.CONNECT, asked);
        checkLengthForm(PacketType.CONNECT, asked);
        packet = ConnectReader.connect(cursor, asked);
    }

    private static Packet readRecord(PacketType type, Cursor cursor, MqttVersion version) throws MalformedPacket {
        return switch (type) {
            case CONNACK -> ConnectReader.connack(cursor, version);
            case SUBSCRIBE -> SubscribeReader.subscribe(cursor, version);
            case SUBACK -> SubscribeReader.suback(cursor, version);
            case UNSUBSCRIBE -> SubscribeReader.unsubscribe(cursor, version);
            case UNSUBACK -> SubscribeReader.unsuback(cursor, version);
            default -> throw new IllegalStateException("No record for " + type);
        };
    }

    private MqttVersion knownVersion() {
        if (version == null) {
            throw new IllegalStateException("A packet before the version is known");
        }
        return version;
    }

    private void release() {
        if (input != null) {
            input.release();
            input = null;
        }
        if (assembly != null) {
            assembly.release();
            assembly = null;
        }
        if (waiting != null) {
            waiting.forEach(ByteBuf::release);
            waiting = null;
        }
        headerBytes = 0;
    }

    // ---- the packet in the handler's hands

    /** The size of the whole packet. */
    public int packetBytes() {
        return headerBytes + remainingBytes;
    }

    /** The PUBLISH. */
    public Publish publish() {
        if (publish == null) {
            throw notThisPacket();
        }
        return publish;
    }

    /** The CONNECT. */
    public Connect connect() {
        return (Connect) record();
    }

    /** The CONNACK. */
    public Connack connack() {
        return (Connack) record();
    }

    /** The SUBSCRIBE. */
    public Subscribe subscribe() {
        return (Subscribe) record();
    }

    /** The SUBACK. */
    public Suback suback() {
        return (Suback) record();
    }

    /** The UNSUBSCRIBE. */
    public Unsubscribe unsubscribe() {
        return (Unsubscribe) record();
    }

    /** The UNSUBACK. */
    public Unsuback unsuback() {
        return (Unsuback) record();
    }

    /** The packet id of PUBACK, PUBREC, PUBREL and PUBCOMP, 1 to 65,535. */
    public int packetId() {
        return packetId;
    }

    /** The reason of PUBACK, PUBREC, PUBREL, PUBCOMP, DISCONNECT and AUTH; SUCCESS when the packet has none. */
    public ReasonCode reasonCode() {
        return reasonCode;
    }

    /** The properties of PUBACK, PUBREC, PUBREL, PUBCOMP, DISCONNECT and AUTH: a copy that outlives the call. */
    public Properties properties() {
        return properties == null ? Properties.EMPTY : properties.copy(body);
    }

    private Packet record() {
        if (packet == null) {
            throw notThisPacket();
        }
        return packet;
    }

    private static IllegalStateException notThisPacket() {
        return new IllegalStateException("Not this packet, or not inside PacketHandler.packet");
    }
}
