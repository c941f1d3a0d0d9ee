package dev.dunlin.benchmarks.footprint;

import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.Subscribe;
import dev.dunlin.codec.SubscriptionRequest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.Locale;

/** What the clients say, in MQTT 3.1.1, each in a buffer on the heap. */
final class Packets {
    /** So long that nobody is missed in the time that is measured, nor has to ping. */
    private static final int KEEP_ALIVE_SECONDS = 600;

    private Packets() {}

    /** CONNECT of the client with this number: an identifier of 15 characters, neither will nor password. */
    static ByteBuf connect(int client, boolean clean) {
        String id = String.format(Locale.ROOT, "device-%08d", client);
        ByteBuf out = Unpooled.buffer();
        MqttEncoder.connect(
                out,
                new Connect(MqttVersion.V3_1_1, id, clean, KEEP_ALIVE_SECONDS, Properties.EMPTY, null, null, null));
        return out;
    }

    /** A topic of 23 characters, of one client alone. */
    static String topic(int client) {
        return String.format(Locale.ROOT, "device/%08d/command", client);
    }

    static ByteBuf subscribe(int client) {
        ByteBuf out = Unpooled.buffer();
        List<SubscriptionRequest> one = List.of(new SubscriptionRequest(topic(client), QoS.AT_LEAST_ONCE));
        MqttEncoder.subscribe(out, MqttVersion.V3_1_1, new Subscribe(1, Properties.EMPTY, one));
        return out;
    }

    /** QoS 1. */
    static ByteBuf publish(int client, int packetId, byte[] payload) {
        PublishFrame frame = PublishFrame.of(topic(client), Properties.EMPTY, -1, payload, MqttVersion.V3_1_1, true);
        ByteBuf out = Unpooled.buffer();
        MqttEncoder.publish(out, frame, false, QoS.AT_LEAST_ONCE, false, packetId, -1);
        frame.release();
        return out;
    }

    static ByteBuf disconnect() {
        ByteBuf out = Unpooled.buffer();
        MqttEncoder.disconnect(out, MqttVersion.V3_1_1, ReasonCode.SUCCESS, Properties.EMPTY);
        return out;
    }
}
