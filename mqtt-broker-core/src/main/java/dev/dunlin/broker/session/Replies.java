package dev.dunlin.broker.session;

import dev.dunlin.broker.store.DurabilityGate;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.Suback;
import dev.dunlin.codec.Unsuback;

/**
 * The replies of one connection, in the order in which they are given. Each leaves through the loop's
 * {@link DurabilityGate} with the last ticket of its session, and is encoded when it leaves. Those of a connection that
 * was closed meanwhile are dropped. While {@code heldMax} of them are held back the client is not read. Loop only.
 */
public final class Replies {
    private final SessionLoop loop;
    private final Outbound out;
    private final SessionLog log;
    private final Link link;
    private final int heldMax;
    private int held;

    Replies(Session session, Link link, Outbound out, int heldMax) {
        this.loop = session.loop;
        this.out = out;
        this.log = session.log;
        this.link = link;
        this.heldMax = heldMax;
    }

    /** CONNACK; {@code sent} runs when it has left, before anything else can be appended. */
    void connack(Connack connack, Runnable sent) {
        leave(() -> {
            MqttEncoder.connack(out.room(MqttEncoder.connackBytes(out.version(), connack)), out.version(), connack);
            sent.run();
        });
    }

    /** Whether a reply may be appended right now: nothing of it is waiting to become durable. */
    boolean mayLeave() {
        return loop.gate().passes(log.lastTicket());
    }

    /** Appends a reply when it may leave; not at all if the connection is closed by then. */
    void leave(Runnable reply) {
        if (mayLeave()) {
            reply.run();
            return;
        }
        if (++held >= heldMax) {
            link.pause(PauseReason.COMMIT);
        }
        loop.gate().hold(log.lastTicket(), () -> leaveLate(reply));
    }

    private void leaveLate(Runnable reply) {
        if (out.isClosed()) {
            return;
        }
        reply.run();
        if (--held <= heldMax / 2) {
            link.resume(PauseReason.COMMIT);
        }
    }

    /**
     * SUBACK, without its properties where they may not be sent or don't fit [5.0:MQTT-3.9.2-1], [5.0:MQTT-3.1.2-29];
     * {@code sent} runs when it has left.
     */
    void suback(Suback full, Runnable sent) throws MalformedPacket {
        boolean explained = out.mayExplain() && MqttEncoder.subackBytes(out.version(), full) <= out.packetBytesMax();
        Suback suback = explained ? full : new Suback(full.packetId(), Properties.EMPTY, full.reasons());
        int bytes = fitting(MqttEncoder.subackBytes(out.version(), suback));
        leave(() -> {
            MqttEncoder.suback(out.room(bytes), out.version(), suback);
            sent.run();
        });
    }

    /** UNSUBACK, for its properties as SUBACK. */
    void unsuback(Unsuback full) throws MalformedPacket {
        boolean explained = out.mayExplain() && MqttEncoder.unsubackBytes(out.version(), full) <= out.packetBytesMax();
        Unsuback unsuback = explained ? full : new Unsuback(full.packetId(), Properties.EMPTY, full.reasons());
        int bytes = fitting(MqttEncoder.unsubackBytes(out.version(), unsuback));
        leave(() -> MqttEncoder.unsuback(out.room(bytes), out.version(), unsuback));
    }

    /** Who asks for so much that the answer may not be sent can't be served any more [5.0:MQTT-3.1.2-24]. */
    private int fitting(int bytes) throws MalformedPacket {
        if (bytes > out.packetBytesMax()) {
            throw new MalformedPacket(
                    ReasonCode.PACKET_TOO_LARGE, "the answer of " + bytes + " bytes is above your maximum packet size");
        }
        return bytes;
    }
}
