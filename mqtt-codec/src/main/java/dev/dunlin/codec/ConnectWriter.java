package dev.dunlin.codec;

import io.netty.buffer.ByteBuf;

/** Encodes CONNECT [3.1.1 section 3.1, 5.0 section 3.1]. */
final class ConnectWriter {
    private ConnectWriter() {}

    static void write(ByteBuf out, Connect connect) {
        if (connect.password() != null && connect.userName() == null && connect.version() != MqttVersion.V5) {
            throw new IllegalArgumentException("MQTT 3.x has no password without user name"); // [3.1.1:MQTT-3.1.2-22]
        }
        ByteBuf body = out.alloc().buffer(256);
        try {
            body(body, connect);
            MqttEncoder.header(out, PacketType.CONNECT.code() << 4, body.readableBytes());
            out.writeBytes(body);
        } finally {
            body.release();
        }
    }

    private static void body(ByteBuf out, Connect connect) {
        boolean v5 = connect.version() == MqttVersion.V5;
        Text.write(out, connect.version().protocolName());
        out.writeByte(connect.version().level());
        out.writeByte(flags(connect));
        out.writeShort(connect.keepAliveSeconds());
        if (v5) {
            MqttEncoder.block(out, connect.properties());
        }
        Text.write(out, connect.clientId());
        WillMessage will = connect.will();
        if (will != null) {
            if (v5) {
                MqttEncoder.block(out, will.properties());
            }
            Text.write(out, will.topic());
            Text.write(out, will.payload());
        }
        if (connect.userName() != null) {
            Text.write(out, connect.userName());
        }
        if (connect.password() != null) {
            Text.write(out, connect.password());
        }
    }

    private static int flags(Connect connect) {
        WillMessage will = connect.will();
        return (connect.cleanStart() ? 0x02 : 0)
                | (will == null ? 0 : 0x04 | will.qos().level() << 3 | (will.retain() ? 0x20 : 0))
                | (connect.password() != null ? 0x40 : 0)
                | (connect.userName() != null ? 0x80 : 0);
    }
}
