package dev.dunlin.broker.testkit;

import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.WillMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A PUBLISH under construction: to send, to expect, or as a will. Encoded by hand, so that it can also be wrong. */
public final class PublishPacket implements Sendable, Expected<ReceivedPublish> {
    private final String topic;
    private final byte[] payload;
    private final Properties.Builder properties = Properties.builder();
    private int qos;
    private boolean dup;
    private boolean retain;
    private int packetId;

    PublishPacket(String topic, byte[] payload) {
        this.topic = topic;
        this.payload = payload;
    }

    /** QoS 1 or 2 with this packet id. */
    public PublishPacket qos(int level, int id) {
        qos = level;
        packetId = id;
        return this;
    }

    /** This QoS; for a PUBLISH that is expected with any packet id, or a will. */
    public PublishPacket qos(int level) {
        return qos(level, 0);
    }

    public PublishPacket dup() {
        dup = true;
        return this;
    }

    public PublishPacket retain() {
        retain = true;
        return this;
    }

    public PublishPacket with(Property property, long value) {
        properties.add(property, value);
        return this;
    }

    public PublishPacket with(Property property, String value) {
        properties.add(property, value);
        return this;
    }

    public PublishPacket with(Property property, byte[] value) {
        properties.add(property, value);
        return this;
    }

    public PublishPacket userProperty(String name, String value) {
        properties.userProperty(name, value);
        return this;
    }

    /** The message expiry interval. */
    public PublishPacket expiry(long seconds) {
        return with(Property.MESSAGE_EXPIRY_INTERVAL, seconds);
    }

    @Override
    public void encode(ByteBuf out, MqttVersion version) {
        ByteBuf head = Unpooled.buffer(64);
        byte[] name = topic.getBytes(StandardCharsets.UTF_8);
        head.writeShort(name.length).writeBytes(name);
        if (qos > 0) {
            head.writeShort(packetId);
        }
        if (version == MqttVersion.V5) {
            Properties block = properties.build();
            Packets.varint(head, block.encodedBytes());
            block.writeTo(head);
        }
        out.writeByte(0x30 | (dup ? 8 : 0) | qos << 1 | (retain ? 1 : 0));
        Packets.varint(out, head.readableBytes() + payload.length);
        out.writeBytes(head).writeBytes(payload);
    }

    WillMessage asWill(MqttVersion version) {
        return new WillMessage(topic, payload, QoS.of(qos), retain, Packets.in(version, properties.build()));
    }

    @Override
    public Class<ReceivedPublish> type() {
        return ReceivedPublish.class;
    }

    @Override
    public boolean matches(ReceivedPublish came, MqttVersion version) {
        Properties wanted = Packets.in(version, properties.build());
        return came.topic().equals(topic)
                && Arrays.equals(came.payload(), payload)
                && came.qos().level() == qos
                && came.dup() == dup
                && came.retain() == retain
                && (packetId == 0 || came.packetId() == packetId)
                && (wanted.isEmpty() || came.properties().equals(wanted));
    }

    @Override
    public String toString() {
        return Packets.describePublish(topic, payload, QoS.of(qos), dup, retain, packetId, properties.build());
    }
}
