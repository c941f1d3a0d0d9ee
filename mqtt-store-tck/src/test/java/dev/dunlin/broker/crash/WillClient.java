package dev.dunlin.broker.crash;

import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import java.util.concurrent.TimeUnit;

/**
 * A client whose delayed will is a message of a stream: promised from CONNACK on, due when the client has been without a
 * connection for the delay.
 */
final class WillClient implements Wires.Receiver {
    /** With such a delay the client always comes back in time. */
    static final int NEVER_SECONDS = 3_600;

    private final Wires wires;
    private final String clientId;
    private final MessageStream wills;
    private final int delaySeconds;
    private Wires.Wire wire;
    private boolean known;
    private boolean connected;
    private int number = -1;

    WillClient(Wires wires, String clientId, MessageStream wills, int delaySeconds) {
        this.wires = wires;
        this.clientId = clientId;
        this.wills = wills;
        this.delaySeconds = delaySeconds;
    }

    /** Connects with a new will. */
    void connect(int port) {
        connected = false;
        number = wills.next();
        wills.notBefore(Long.MAX_VALUE / 2 + System.nanoTime());
        wire = wires.open(port, MqttVersion.V5, this);
        wire.send(Packets.connect(clientId)
                .sessionExpiry(7_200)
                .will(wills.message(number).qos(wills.qos).with(Property.WILL_DELAY_INTERVAL, delaySeconds)));
    }

    /** Loses its connection, if it still has one: the delay begins. */
    void lose() {
        if (connected) {
            connected = false;
            lost();
            wire.cut();
        }
    }

    /** The broker is being killed: for a client that is connected the delay begins no sooner. */
    void killed() {
        if (connected) {
            connected = false;
            lost();
        }
    }

    private void lost() {
        if (delaySeconds < NEVER_SECONDS) {
            wills.acknowledged.set(number);
        }
        wills.notBefore(System.nanoTime() + TimeUnit.SECONDS.toNanos(delaySeconds) - TimeUnit.MILLISECONDS.toNanos(5));
    }

    boolean isConnected() {
        return connected;
    }

    @Override
    public void receive(PacketType type, MqttDecoder packet) {
        if (type != PacketType.CONNACK) {
            throw new Violation(clientId + " is sent " + type);
        }
        Connack connack = packet.connack();
        if (connack.reason() != ReasonCode.SUCCESS || connack.sessionPresent() != known) {
            throw new Violation(clientId + ": " + connack + " when the session was " + (known ? "there" : "new"));
        }
        known = true;
        connected = true;
    }
}
