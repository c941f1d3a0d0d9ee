package dev.dunlin.broker.testkit;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.pingreq;
import static dev.dunlin.broker.testkit.Packets.pingresp;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;

import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HexFormat;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * A client that does only what the script says: every packet is sent by the test, and every packet that comes is expected by
 * the test, in order; anything else is a failure that prints what came and what went before. Nothing is acknowledged, resent
 * or answered by itself.
 *
 * <pre>{@code
 * WireClient c = WireClient.connect(port, MqttVersion.V5);
 * c.send(connect("id").cleanStart());
 * c.expect(connack());
 * c.send(publish("a/b", "hi").qos(2, 7));
 * c.expect(pubrec(7));
 * c.sendRaw(0x30, 0x7F);
 * c.expectDisconnect(ReasonCode.MALFORMED_PACKET);
 * }</pre>
 *
 * <p>Verbs without {@code send} or {@code expect} in their name are whole exchanges, for the parts of a test that aren't its
 * point: {@link #login}, {@link #subscribed}, {@link #published}, {@link #take}, {@link #ping}, {@link #leave}. One thread at
 * a time; every wait ends after 10 s.
 */
public final class WireClient implements AutoCloseable {
    /** How long a client waits for what is expected. */
    public static final int PATIENCE_MS = 10_000;

    private static final int TRANSCRIPT_LINES = 30;

    private static volatile int patienceMs = PATIENCE_MS;

    private final TestSocket socket;
    private final InputStream in;
    private final MqttVersion version;
    private final MqttDecoder decoder;
    private final byte[] chunk = new byte[64 << 10];
    private final ArrayDeque<Object> received = new ArrayDeque<>();
    private final ArrayDeque<Line> transcript = new ArrayDeque<>();
    private boolean ended;
    private int lastPacketId = 60_000; // ids of whole exchanges; scripts use small ones

    private WireClient(TestSocket socket, MqttVersion version) {
        this.socket = socket;
        this.version = version;
        in = socket.in();
        decoder = new MqttDecoder(MqttDecoder.Peer.SERVER, this::keep, MqttDecoder.PACKET_BYTES_MAX);
        decoder.version(version);
    }

    /** Opens a connection over the chosen transport to a port of this machine; sends nothing of MQTT. */
    public static WireClient connect(int port, MqttVersion version) {
        return connect(port, version, TestTransport.chosen());
    }

    /** Opens a connection to a port of this machine; sends nothing of MQTT. */
    public static WireClient connect(int port, MqttVersion version, TestTransport transport) {
        try {
            return new WireClient(TestSocket.open(port, transport), version);
        } catch (IOException e) {
            throw new UncheckedIOException("can't connect to port " + port, e);
        }
    }

    /** Opens a connection over TLS, with this idea of whom to trust and what to show; sends nothing of MQTT. */
    public static WireClient connect(int port, MqttVersion version, SSLContext context) {
        try {
            return new WireClient(TestSocket.open(port, TestTransport.TLS, context), version);
        } catch (IOException e) {
            throw new UncheckedIOException("can't connect to port " + port, e);
        }
    }

    static int patienceMs() {
        return patienceMs;
    }

    /** How long clients wait from now on: for the tests of the tests. */
    public static void patience(int ms) {
        patienceMs = ms;
    }

    /** From the next packet on, one that is larger than this is a failure. */
    public WireClient acceptsAtMost(int packetBytes) {
        decoder.maxPacketBytes(packetBytes);
        return this;
    }

    /** The version that this client speaks. */
    public MqttVersion version() {
        return version;
    }

    // ---- send

    /** Sends packets in one write: with a packet-sized payload or less, in one segment. */
    public WireClient send(Sendable... packets) {
        for (Sendable packet : packets) {
            note("-> ", packet);
        }
        write(Packets.bytes(version, packets));
        return this;
    }

    /** Sends bytes as they are. */
    public WireClient sendRaw(int... bytes) {
        return send(Packets.raw(bytes));
    }

    /** Sends bytes as they are. */
    public WireClient sendRaw(byte[] bytes) {
        return send(Packets.raw(bytes));
    }

    /** Sends packets if it still can: for a client that may have been disconnected meanwhile. */
    public void trySend(Sendable... packets) {
        try {
            socket.write(Packets.bytes(version, packets));
        } catch (IOException e) {
            ended = true;
        }
    }

    private void write(byte[] bytes) {
        try {
            socket.write(bytes);
        } catch (IOException e) {
            throw failure("the connection is gone while sending: " + e.getMessage());
        }
    }

    // ---- expect

    /** Waits for the next packet, whatever it is: a record of the codec, or a {@link ReceivedPublish}. */
    public Object receive() {
        Object packet = receiveOrEnd();
        if (packet == null) {
            throw failure("expected a packet, but the connection was closed");
        }
        return packet;
    }

    /** Waits for the next packet, whatever it is; null if the broker closes the connection instead. */
    public @Nullable Object receiveOrEnd() {
        return next("a packet");
    }

    /** The next packet, if one has arrived by now; else null. */
    public @Nullable Object poll() {
        try {
            return received.isEmpty() && !ended && !socket.hasInput() ? null : receiveOrEnd();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether the end of the connection hasn't been seen yet. */
    public boolean isOpen() {
        return !ended;
    }

    /** The next packet must be this one. Returns it as it came, for a look at its properties. */
    public <P> P expect(Expected<P> expected) {
        Object came = next(expected.toString());
        if (came == null) {
            throw failure("expected " + expected + ", but the connection was closed");
        }
        if (!expected.type().isInstance(came)) {
            throw failure("expected " + expected + ", but came " + came);
        }
        P packet = expected.type().cast(came);
        if (!expected.matches(packet, version)) {
            throw failure("expected " + expected + ", but came " + came);
        }
        return packet;
    }

    /** The next packet must be this PUBLISH, with DUP 0 and RETAIN 0; it is not acknowledged. */
    public ReceivedPublish expectPublish(String topic, String payload, int qos) {
        return expect(publish(topic, payload).qos(qos));
    }

    /** The next bytes must be these. Only while no packet is half read. */
    public void expectRaw(int... bytes) {
        byte[] wanted = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            wanted[i] = (byte) bytes[i];
        }
        expectBytes(wanted);
    }

    /** The next bytes must be these, in the notation of {@link Packets#raw(String)}. Only while no packet is half read. */
    public void expectRaw(String notation) {
        expectBytes(Packets.noted(version, notation));
    }

    private void expectBytes(byte[] wanted) {
        byte[] came = receiveRaw(wanted.length);
        if (!Arrays.equals(came, wanted)) {
            throw failure("expected the bytes " + HexFormat.of().formatHex(wanted) + ", but came "
                    + HexFormat.of().formatHex(came));
        }
    }

    /** Waits for this many bytes; fewer come back if the connection was closed. Only while no packet is half read. */
    public byte[] receiveRaw(int count) {
        if (!received.isEmpty() || decoder.cumulatedBytes() > 0) {
            throw failure("bytes were already read as packets: " + received);
        }
        try {
            return in.readNBytes(count);
        } catch (SocketTimeoutException e) {
            throw failure("expected " + count + " bytes, but they did not come within " + patienceMs + " ms");
        } catch (IOException e) {
            throw failure("expected " + count + " bytes, but the connection broke: " + e.getMessage());
        }
    }

    /** The broker must close the connection now, without another packet. */
    public void expectClosed() {
        Object came = next("the end of the connection");
        if (came != null) {
            throw failure("expected the end of the connection, but came " + came);
        }
        close();
    }

    /** The broker must end the connection: in 5.0 with this DISCONNECT, below without a word. */
    public void expectDisconnect(ReasonCode reason) {
        if (version == MqttVersion.V5) {
            expect(disconnect(reason));
        }
        expectClosed();
    }

    /** The broker must refuse the connection: a CONNACK with this reason, in 3.x only if there is a return code for it. */
    public void expectRefusal(ReasonCode reason) {
        if (version == MqttVersion.V5 || reason.connectReturnCode() >= 0) {
            expect(connack(reason));
        }
        expectClosed();
    }

    /**
     * Nothing may be on its way to this client. Two round trips: what lies in the mailbox of the client's loop when the first
     * PINGREQ is read is sent behind its answer. What others publish must have been acknowledged before, or be followed by
     * their {@link #ping}.
     */
    public void expectNothing() {
        ping();
        ping();
    }

    /**
     * Nothing may have arrived by now. For a connection that the broker doesn't read, so that {@link #expectNothing} would
     * wait for ever; the test makes sure that the broker has done what it can.
     */
    public void expectNothingYet() {
        try {
            if (received.isEmpty() && socket.hasInput()) {
                throw failure("expected nothing, but came " + receive());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (!received.isEmpty()) {
            throw failure("expected nothing, but came " + received);
        }
    }

    // ---- whole exchanges

    /** Connects with Clean Start 1. */
    public WireClient login(String clientId) {
        send(Packets.connect(clientId).cleanStart());
        expect(connack());
        return this;
    }

    /** Subscribes, and is granted what it asks for. */
    public WireClient subscribed(String filter, int qos) {
        int id = ++lastPacketId;
        send(subscribe(id, filter, qos));
        expect(suback(id, ReasonCode.granted(QoS.of(qos))));
        return this;
    }

    /** Publishes; returns when the broker has taken the message over and handed it to its subscribers' loops. */
    public WireClient published(String topic, String payload, int qos) {
        return published(publish(topic, payload), qos);
    }

    /** Publishes this; as {@link #published(String, String, int)}. */
    public WireClient published(PublishPacket message, int qos) {
        if (qos == 0) {
            send(message);
            return ping();
        }
        int id = ++lastPacketId;
        send(message.qos(qos, id));
        expectAccepted(qos == 1 ? PacketType.PUBACK : PacketType.PUBREC, id);
        if (qos == 2) {
            send(pubrel(id));
            expect(pubcomp(id));
        }
        return this;
    }

    private void expectAccepted(PacketType type, int id) {
        Object came = receive();
        boolean accepted = came instanceof Packet.Ack ack
                && ack.type() == type
                && ack.packetId() == id
                && !ack.reason().isError();
        if (!accepted) {
            throw failure("expected " + type + " " + id + " without an error, but came " + came);
        }
    }

    /** Expects a PUBLISH with DUP 0 and RETAIN 0, and acknowledges it to the end. */
    public ReceivedPublish take(String topic, String payload, int qos) {
        return take(publish(topic, payload).qos(qos));
    }

    /** Expects this PUBLISH and acknowledges it to the end. */
    public ReceivedPublish take(PublishPacket expected) {
        ReceivedPublish came = expect(expected);
        acknowledge(came);
        return came;
    }

    /** Acknowledges a PUBLISH to the end. */
    public void acknowledge(ReceivedPublish publish) {
        int id = publish.packetId();
        switch (publish.qos()) {
            case AT_MOST_ONCE -> {}
            case AT_LEAST_ONCE -> send(puback(id));
            case EXACTLY_ONCE -> {
                send(pubrec(id));
                expect(pubrel(id));
                send(pubcomp(id));
            }
        }
    }

    /** A round trip: everything that this client has sent before was processed, and nothing else had come. */
    public WireClient ping() {
        send(pingreq());
        expect(pingresp());
        return this;
    }

    /** Disconnects normally; see {@link #leave(Sendable)}. */
    public void leave() {
        leave(disconnect());
    }

    /** Disconnects with this packet. When this returns, the broker has begun to end the session's connection: whatever is
     * handed to the session's loop from now on comes behind that. */
    public void leave(Sendable last) {
        send(last);
        expectClosed();
    }

    /** Loses the connection; for the rest as {@link #leave(Sendable)}. What still came is thrown away. */
    public void drop() {
        try {
            socket.shutdownOutput();
            while (in.read(new byte[8192]) >= 0) {}
        } catch (SocketTimeoutException e) {
            throw failure("the broker did not close a connection that was lost");
        } catch (IOException e) {
            note("-- ", e); // reset instead of closed: gone all the same
        }
        close();
    }

    /** Cuts the connection off, whatever its state. */
    @Override
    public void close() {
        ended = true;
        decoder.close();
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- receiving

    /** The next packet, or null if the connection was closed before it. */
    private @Nullable Object next(String awaited) {
        if (socket.isClosed()) {
            throw failure("this client was closed by the test");
        }
        while (received.isEmpty() && !ended) {
            try {
                int count = in.read(chunk);
                if (count < 0) {
                    end("closed by the broker");
                } else {
                    decoder.decode(Unpooled.copiedBuffer(chunk, 0, count));
                }
            } catch (SocketTimeoutException e) {
                throw failure("expected " + awaited + ", but nothing came within " + patienceMs + " ms");
            } catch (SocketException | SSLException e) {
                end(String.valueOf(e.getMessage())); // a reset is an end too
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (MalformedPacket e) {
                throw failure("the broker sent something malformed: " + e.getMessage());
            }
        }
        return received.poll();
    }

    private void end(String how) {
        ended = true;
        note("-- ", how);
        if (decoder.cumulatedBytes() > 0) {
            throw failure("the connection ended in the middle of a packet");
        }
    }

    private boolean keep(PacketType type, MqttDecoder packet) {
        Object kept = switch (type) {
            case PUBLISH -> ReceivedPublish.copyOf(packet.publish());
            case PUBACK, PUBREC, PUBREL, PUBCOMP ->
                new Packet.Ack(type, packet.packetId(), packet.reasonCode(), packet.properties());
            case CONNACK -> packet.connack();
            case SUBACK -> packet.suback();
            case UNSUBACK -> packet.unsuback();
            case PINGRESP -> new Packet.Pingresp();
            case DISCONNECT -> new Packet.Disconnect(packet.reasonCode(), packet.properties());
            case AUTH -> new Packet.Auth(packet.reasonCode(), packet.properties());
            default -> throw new IllegalStateException("the decoder lets no server send " + type);
        };
        note("<- ", kept);
        received.add(kept);
        return true;
    }

    private void note(String direction, Object what) {
        if (transcript.size() == TRANSCRIPT_LINES) {
            transcript.remove();
        }
        transcript.add(new Line(direction, what));
    }

    private AssertionError failure(String message) {
        StringBuilder text = new StringBuilder(message);
        text.append("\n  ").append(version).append(" over ").append(socket).append(", last packets:");
        for (Line line : transcript) {
            text.append("\n    ").append(line.direction).append(line.what);
        }
        return new AssertionError(text.toString());
    }

    /** One line of the transcript; made into text only for a failure. */
    private record Line(String direction, Object what) {}
}
