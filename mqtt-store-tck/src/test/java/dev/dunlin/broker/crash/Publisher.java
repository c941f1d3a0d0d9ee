package dev.dunlin.broker.crash;

import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.PublishPacket;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.ReasonCode;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A client with a session that publishes to its streams, many messages at a time. Of its QoS 2 exchanges it leaves some open
 * when PUBREC has come. After a reconnect it sends again what isn't finished, in order [5.0:MQTT-4.4.0-1].
 */
final class Publisher implements Wires.Receiver {
    private static final int WINDOW = 200;
    private static final int HELD_BACK = 4;
    private static final int IDS = 65_535;

    final String clientId;
    final List<MessageStream> streams;
    private final Wires wires;
    private final MqttVersion version;
    private final Random random;

    /** By packet id, in the order of their sending. */
    private final Map<Integer, Exchange> open = new LinkedHashMap<>();

    /** Packet ids whose PUBREC has come and whose PUBREL hasn't been sent, in order. */
    private final ArrayDeque<Integer> unreleased = new ArrayDeque<>();

    private Wires.Wire wire;
    private boolean known;
    private boolean connected;
    private int lastId;

    Publisher(Wires wires, String clientId, MqttVersion version, List<MessageStream> streams, Random random) {
        this.wires = wires;
        this.clientId = clientId;
        this.version = version;
        this.streams = streams;
        this.random = random;
    }

    private static final class Exchange {
        final MessageStream stream;
        final int number;
        boolean received;

        Exchange(MessageStream stream, int number) {
            this.stream = stream;
            this.number = number;
        }

        PublishPacket packet(int id) {
            return stream.message(number).qos(stream.qos, id);
        }
    }

    void connect(int port) {
        connected = false;
        unreleased.clear();
        wire = wires.open(port, version, this);
        wire.send(Packets.connect(clientId).sessionExpiry(3_600));
    }

    /** Sends new messages as the window allows, if there are to be more; else finishes what is open. */
    void work(boolean more) {
        if (!connected || wires.isMuted()) {
            return;
        }
        while (more && open.size() < WINDOW) {
            MessageStream stream = streams.get(random.nextInt(streams.size()));
            Exchange exchange = new Exchange(stream, stream.next());
            int id = freeId();
            open.put(id, exchange);
            wire.send(exchange.packet(id));
        }
        while (unreleased.size() > (more ? HELD_BACK : 0)) {
            wire.send(Packets.pubrel(unreleased.remove()));
        }
    }

    private int freeId() {
        do {
            lastId = lastId % IDS + 1;
        } while (open.containsKey(lastId));
        return lastId;
    }

    @Override
    public void receive(PacketType type, MqttDecoder packet) {
        switch (type) {
            case CONNACK -> connected(packet.connack());
            case PUBACK -> accepted(packet.packetId(), packet.reasonCode(), 1);
            case PUBREC -> accepted(packet.packetId(), packet.reasonCode(), 2);
            case PUBCOMP -> completed(packet.packetId());
            default -> throw new Violation(clientId + " is sent " + type);
        }
    }

    private void connected(Connack connack) {
        if (connack.reason() != ReasonCode.SUCCESS || connack.sessionPresent() != known) {
            throw new Violation(clientId + ": " + connack + " when the session was " + (known ? "there" : "new"));
        }
        known = true;
        connected = true;
        open.forEach((id, exchange) -> wire.send(
                exchange.received ? Packets.pubrel(id) : exchange.packet(id).dup()));
    }

    private void accepted(int id, ReasonCode reason, int qos) {
        Exchange exchange = open.get(id);
        if (exchange == null || exchange.stream.qos != qos || exchange.received || reason.isError()) {
            throw new Violation(clientId + " is sent a wrong acknowledgement of QoS " + qos + ": " + id + " " + reason);
        }
        exchange.stream.acknowledged.set(exchange.number);
        if (qos == 1) {
            open.remove(id);
        } else {
            exchange.received = true;
            unreleased.add(id);
        }
    }

    /** PUBCOMP may say that the packet id is not found: before the kill the PUBREL was worked off already. */
    private void completed(int id) {
        Exchange exchange = open.remove(id);
        if (exchange == null || !exchange.received) {
            throw new Violation(clientId + " is sent a PUBCOMP that it doesn't wait for: " + id);
        }
    }

    boolean isIdle() {
        return connected && open.isEmpty();
    }

    /** Messages of QoS 2 that were sent and not acknowledged yet. */
    long waitingForPubrec() {
        return open.values().stream()
                .filter(each -> each.stream.qos == 2 && !each.received)
                .count();
    }

    /** QoS 2 exchanges that were acknowledged and aren't finished yet. */
    long waitingForPubcomp() {
        return open.values().stream().filter(each -> each.received).count();
    }

    @Override
    public String toString() {
        return clientId + (connected ? "" : " (not connected)") + " with " + open.size() + " exchanges open";
    }
}
