package dev.dunlin.broker;

import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.Subscribe;
import dev.dunlin.codec.SubscriptionRequest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;

/** What {@link PublishPathTest} watches: QoS 0, 1 and 2 to subscribers on the publisher's loop and on the other one. */
final class PublishPathScenario {
    private PublishPathScenario() {}

    public static void main(String[] args) throws Exception {
        try (Broker broker = Broker.builder().tcp(0).loops(2).start()) {
            String publisher = idAt(broker, 0, "p");
            try (Socket near = subscriber(broker, idAt(broker, 0, "s"));
                    Socket far = subscriber(broker, idAt(broker, 1, "s"));
                    Socket from = connected(broker, publisher)) {
                for (QoS qos : QoS.values()) {
                    publish(from, qos);
                    awaitPublish(near);
                    awaitPublish(far);
                }
            }
        }
    }

    private static String idAt(Broker broker, int loop, String prefix) {
        int i = 0;
        while (broker.core().home(prefix + i).index() != loop) {
            i++;
        }
        return prefix + i;
    }

    private static Socket connected(Broker broker, String id) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), broker.port("tcp"));
        ByteBuf out = Unpooled.buffer();
        MqttEncoder.connect(out, new Connect(MqttVersion.V3_1_1, id, true, 0, Properties.EMPTY, null, null, null));
        send(socket, out);
        await(socket, PacketType.CONNACK);
        return socket;
    }

    private static Socket subscriber(Broker broker, String id) throws IOException {
        Socket socket = connected(broker, id);
        ByteBuf out = Unpooled.buffer();
        SubscriptionRequest request = new SubscriptionRequest("a/+", QoS.EXACTLY_ONCE, false, false, 0);
        MqttEncoder.subscribe(out, MqttVersion.V3_1_1, new Subscribe(1, Properties.EMPTY, List.of(request)));
        send(socket, out);
        await(socket, PacketType.SUBACK);
        return socket;
    }

    private static void publish(Socket socket, QoS qos) throws IOException {
        boolean withId = qos != QoS.AT_MOST_ONCE;
        PublishFrame frame =
                PublishFrame.of("a/b", Properties.EMPTY, -1, new byte[] {1, 2, 3}, MqttVersion.V3_1_1, withId);
        ByteBuf out = Unpooled.buffer();
        MqttEncoder.publish(out, frame, false, qos, false, 1 + qos.level(), -1);
        send(socket, out);
    }

    private static void awaitPublish(Socket socket) throws IOException {
        await(socket, PacketType.PUBLISH);
    }

    private static void send(Socket socket, ByteBuf out) throws IOException {
        out.readBytes(socket.getOutputStream(), out.readableBytes());
    }

    private static void await(Socket socket, PacketType wanted) throws IOException {
        int type = socket.getInputStream().read() >> 4;
        int length = socket.getInputStream().read();
        if (type != wanted.code() || length > MqttDecoder.PACKET_BYTES_MAX) {
            throw new IOException("expected " + wanted + ", got type " + type);
        }
        socket.getInputStream().readNBytes(length);
    }
}
