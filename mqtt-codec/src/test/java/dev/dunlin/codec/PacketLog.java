package dev.dunlin.codec;

import java.util.ArrayList;
import java.util.List;

/** Keeps what a decoder hands over, as values that can be compared. */
public final class PacketLog implements PacketHandler {
    /** In the order of arrival. */
    public final List<Object> packets = new ArrayList<>();

    /** An empty log. */
    public PacketLog() {}

    @Override
    public boolean packet(PacketType type, MqttDecoder in) {
        packets.add(value(type, in));
        return true;
    }

    /** The packet in the decoder's hands as a value. */
    public static Object value(PacketType type, MqttDecoder in) {
        return switch (type) {
            case CONNECT -> in.connect();
            case CONNACK -> in.connack();
            case PUBLISH -> ReceivedPublish.of(in.publish());
            case PUBACK, PUBREC, PUBREL, PUBCOMP ->
                new Packet.Ack(type, in.packetId(), in.reasonCode(), in.properties());
            case SUBSCRIBE -> in.subscribe();
            case SUBACK -> in.suback();
            case UNSUBSCRIBE -> in.unsubscribe();
            case UNSUBACK -> in.unsuback();
            case PINGREQ -> new Packet.Ping();
            case PINGRESP -> new Packet.Pingresp();
            case DISCONNECT -> new Packet.Disconnect(in.reasonCode(), in.properties());
            case AUTH -> new Packet.Auth(in.reasonCode(), in.properties());
        };
    }
}
