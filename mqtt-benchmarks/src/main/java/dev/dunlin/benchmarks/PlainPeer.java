package dev.dunlin.benchmarks;

import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.Subscribe;
import dev.dunlin.codec.SubscriptionRequest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.List;
import java.util.concurrent.Semaphore;

/** A socket with as little of an MQTT client around it as there can be: all messages have one topic and one length. */
final class PlainPeer implements AutoCloseable {
    private static final int ACK_BYTES = 4;
    private static final int SUBACK_BYTES = 5;
    private static final byte PUBACK = 0x40;
    private static final int READ_BYTES = 256 << 10;

    private final Socket socket;
    private final String topic;
    private final QoS qos;
    private final byte[] frame;
    private final int packetIdAt;
    private int packetId;

    PlainPeer(int port, String clientId, String topic, QoS qos, int payloadBytes) throws IOException {
        this.topic = topic;
        this.qos = qos;
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        PublishFrame encoded = PublishFrame.of(
                topic, Properties.EMPTY, -1, new byte[payloadBytes], MqttVersion.V3_1_1, qos != QoS.AT_MOST_ONCE);
        ByteBuf out = Unpooled.buffer();
        MqttEncoder.publish(out, encoded, false, qos, false, 1, -1);
        frame = ByteBufUtil.getBytes(out);
        packetIdAt = frame.length - payloadBytes - 2;
        ByteBuf connect = Unpooled.buffer();
        MqttEncoder.connect(connect, Samples.connectPacket(MqttVersion.V3_1_1, clientId));
        send(connect);
        new DataInputStream(socket.getInputStream()).readFully(new byte[ACK_BYTES]); // CONNACK
    }

    private void send(ByteBuf bytes) throws IOException {
        socket.getOutputStream().write(ByteBufUtil.getBytes(bytes));
    }

    /** Subscribes to the topic. */
    void subscribe() throws IOException {
        ByteBuf out = Unpooled.buffer();
        MqttEncoder.subscribe(
                out,
                MqttVersion.V3_1_1,
                new Subscribe(1, Properties.EMPTY, List.of(new SubscriptionRequest(topic, qos))));
        send(out);
        new DataInputStream(socket.getInputStream()).readFully(new byte[SUBACK_BYTES]);
    }

    /** Publishes in one write. */
    void publish(int messages) throws IOException {
        byte[] out = new byte[messages * frame.length];
        for (int i = 0; i < messages; i++) {
            System.arraycopy(frame, 0, out, i * frame.length, frame.length);
            if (qos != QoS.AT_MOST_ONCE) {
                packetId = packetId % 65_535 + 1;
                out[i * frame.length + packetIdAt] = (byte) (packetId >>> 8);
                out[i * frame.length + packetIdAt + 1] = (byte) packetId;
            }
        }
        socket.getOutputStream().write(out);
    }

    /** Counts what arrives from now on, and acknowledges it. */
    void receive(Semaphore arrived) {
        read(frame.length, arrived, qos != QoS.AT_MOST_ONCE);
    }

    /** Counts what is acknowledged from now on. */
    void acknowledgements(Semaphore acknowledged) {
        read(ACK_BYTES, acknowledged, false);
    }

    private void read(int packetBytes, Semaphore count, boolean acknowledges) {
        Thread reader = new Thread(
                () -> {
                    try {
                        readAll(packetBytes, count, acknowledges);
                    } catch (EOFException | SocketException e) {
                        if (!socket.isClosed()) {
                            throw new IllegalStateException("the broker has closed the connection", e);
                        }
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                },
                "plain-peer");
        reader.setDaemon(true);
        reader.start();
    }

    private void readAll(int packetBytes, Semaphore count, boolean acknowledges) throws IOException {
        InputStream in = socket.getInputStream();
        byte[] buffer = new byte[READ_BYTES];
        int held = 0;
        while (true) {
            int read = in.read(buffer, held, buffer.length - held);
            if (read < 0) {
                throw new EOFException();
            }
            held += read;
            int packets = held / packetBytes;
            if (acknowledges && packets > 0) {
                acknowledge(buffer, packets);
            }
            count.release(packets);
            int whole = packets * packetBytes;
            System.arraycopy(buffer, whole, buffer, 0, held - whole);
            held -= whole;
        }
    }

    private void acknowledge(byte[] buffer, int packets) throws IOException {
        byte[] out = new byte[packets * ACK_BYTES];
        for (int i = 0; i < packets; i++) {
            out[i * ACK_BYTES] = PUBACK;
            out[i * ACK_BYTES + 1] = 2;
            System.arraycopy(buffer, i * frame.length + packetIdAt, out, i * ACK_BYTES + 2, 2);
        }
        socket.getOutputStream().write(out);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
