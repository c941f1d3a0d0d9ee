package dev.dunlin.broker.testkit;

import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A CONNECT under construction. */
public final class ConnectPacket implements Sendable {
    private final String clientId;
    private final Properties.Builder properties = Properties.builder();
    private boolean cleanStart;
    private int keepAliveSeconds;
    private @Nullable PublishPacket will;
    private @Nullable String userName;
    private byte @Nullable [] password;

    ConnectPacket(String clientId) {
        this.clientId = clientId;
    }

    /** Clean Start 1; in 3.x Clean Session 1. */
    public ConnectPacket cleanStart() {
        cleanStart = true;
        return this;
    }

    public ConnectPacket keepAlive(int seconds) {
        keepAliveSeconds = seconds;
        return this;
    }

    /** How long the session outlives the connection. A 3.x session does so for ever, unless it is clean. */
    public ConnectPacket sessionExpiry(long seconds) {
        return with(Property.SESSION_EXPIRY_INTERVAL, seconds);
    }

    public ConnectPacket receiveMaximum(int packets) {
        return with(Property.RECEIVE_MAXIMUM, packets);
    }

    public ConnectPacket maximumPacketSize(int bytes) {
        return with(Property.MAXIMUM_PACKET_SIZE, bytes);
    }

    public ConnectPacket with(Property property, long value) {
        properties.add(property, value);
        return this;
    }

    public ConnectPacket with(Property property, String value) {
        properties.add(property, value);
        return this;
    }

    public ConnectPacket with(Property property, byte[] value) {
        properties.add(property, value);
        return this;
    }

    /** Names an authentication method, and sends its first data. */
    public ConnectPacket authentication(String method, String data) {
        return with(Property.AUTHENTICATION_METHOD, method)
                .with(Property.AUTHENTICATION_DATA, data.getBytes(StandardCharsets.UTF_8));
    }

    /** The will is this PUBLISH. Its properties become those of the will. */
    public ConnectPacket will(PublishPacket message) {
        will = message;
        return this;
    }

    public ConnectPacket userName(String name) {
        userName = name;
        return this;
    }

    public ConnectPacket password(String text) {
        password = text.getBytes(StandardCharsets.UTF_8);
        return this;
    }

    @Override
    public void encode(ByteBuf out, MqttVersion version) {
        MqttEncoder.connect(
                out,
                new Connect(
                        version,
                        clientId,
                        cleanStart,
                        keepAliveSeconds,
                        Packets.in(version, properties.build()),
                        will == null ? null : will.asWill(version),
                        userName,
                        password));
    }

    @Override
    public String toString() {
        return "CONNECT " + clientId + (cleanStart ? " clean" : "") + " " + properties.build();
    }
}
