package dev.dunlin.broker.crash;

import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Publish;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A client with a session that checks whatever it is sent. It answers late: some messages stay without PUBACK or PUBREC, and
 * some PUBRELs without PUBCOMP, until it is told to finish.
 */
final class Subscriber implements Wires.Receiver {
    private static final int HELD_BACK = 4;
    private static final int SUBSCRIBE_ID = 1;

    final String clientId;
    private final Wires wires;
    private final MqttVersion version;
    private final String filter;
    private final int receiveMaximum;
    private final Map<String, Inbox> inboxes = new LinkedHashMap<>();

    /** QoS 2 exchanges under way, by packet id: what the specification has a receiver remember. */
    private final Map<Integer, Exchange> exchanges = new HashMap<>();

    private final ArrayDeque<Integer> withoutPuback = new ArrayDeque<>();
    private final ArrayDeque<Integer> withoutPubrec = new ArrayDeque<>();
    private final ArrayDeque<Integer> withoutPubcomp = new ArrayDeque<>();

    private Wires.Wire wire;
    private boolean known;
    private boolean ready;

    /**
     * A subscriber of everything that matches one filter.
     *
     * @param receiveMaximum for 5.0
     * @param streams all there are
     * @param matching which of them match the filter
     */
    Subscriber(
            Wires wires,
            Named named,
            String filter,
            int receiveMaximum,
            List<MessageStream> streams,
            Predicate<MessageStream> matching) {
        this.wires = wires;
        this.clientId = named.clientId;
        this.version = named.version;
        this.filter = filter;
        this.receiveMaximum = receiveMaximum;
        streams.stream().filter(matching).forEach(each -> inboxes.put(each.topic, new Inbox(clientId, each)));
    }

    /** Who it is, and which version it speaks. */
    record Named(String clientId, MqttVersion version) {}

    private static final class Exchange {
        final String topic;
        final int number;
        boolean received;
        boolean released;

        Exchange(String topic, int number) {
            this.topic = topic;
            this.number = number;
        }
    }

    void connect(int port) {
        ready = false;
        List.of(withoutPuback, withoutPubrec, withoutPubcomp).forEach(ArrayDeque::clear);
        inboxes.values().forEach(Inbox::reconnected);
        wire = wires.open(port, version, this);
        ConnectPacket connect = Packets.connect(clientId).sessionExpiry(3_600);
        wire.send(receiveMaximum == 0 ? connect : connect.receiveMaximum(receiveMaximum));
    }

    void disconnect() {
        wire.send(Packets.disconnect());
        ready = false;
    }

    boolean isDisconnected() {
        return wire.hasEnded();
    }

    /** Answers what has come, all of it if it is to finish. */
    void work(boolean finish) {
        if (!ready || wires.isMuted()) {
            return;
        }
        int kept = finish ? 0 : HELD_BACK;
        while (withoutPuback.size() > kept) {
            wire.send(Packets.puback(withoutPuback.remove()));
        }
        while (withoutPubrec.size() > kept) {
            int id = withoutPubrec.remove();
            exchanges.get(id).received = true;
            wire.send(Packets.pubrec(id));
        }
        while (withoutPubcomp.size() > kept) {
            int id = withoutPubcomp.remove();
            exchanges.remove(id);
            wire.send(Packets.pubcomp(id));
        }
    }

    @Override
    public void receive(PacketType type, MqttDecoder packet) {
        switch (type) {
            case CONNACK -> connected(packet.connack());
            case SUBACK -> ready = true;
            case PUBLISH -> published(packet.publish());
            case PUBREL -> released(packet.packetId());
            default -> throw new Violation(clientId + " is sent " + type);
        }
    }

    private void connected(Connack connack) {
        if (connack.reason() != ReasonCode.SUCCESS || connack.sessionPresent() != known) {
            throw new Violation(clientId + ": " + connack + " when the session was " + (known ? "there" : "new"));
        }
        ready = known;
        if (!known) { // only once: later the subscription must still be there
            wire.send(Packets.subscribe(SUBSCRIBE_ID, filter, 2));
        }
        known = true;
    }

    private void published(Publish publish) {
        Inbox inbox = inboxes.get(publish.topic());
        if (inbox == null || publish.qos().level() != inbox.stream.qos || publish.retain()) {
            throw new Violation(clientId + " is sent what it did not ask for: " + publish.topic());
        }
        int id = publish.packetId();
        int number = inbox.stream.numberIn(publish.payload().toString(StandardCharsets.UTF_8));
        if (publish.qos() == QoS.AT_LEAST_ONCE) {
            inbox.receive(number, publish.dup());
            withoutPuback.add(id);
            return;
        }
        Exchange exchange = exchanges.get(id);
        if (exchange == null) {
            inbox.receive(number, publish.dup());
            exchanges.put(id, new Exchange(publish.topic(), number));
        } else if (!publish.dup()
                || exchange.released
                || exchange.number != number
                || !exchange.topic.equals(publish.topic())) {
            throw new Violation(clientId + ": packet id " + id + " of an open exchange comes with " + publish.topic()
                    + " " + number + ", DUP " + publish.dup());
        }
        withoutPubrec.add(id);
    }

    /** One that is unknown was finished already: PUBCOMP was lost. */
    private void released(int id) {
        Exchange exchange = exchanges.computeIfAbsent(id, unknown -> finished(id));
        if (!exchange.received) {
            throw new Violation(clientId + " is sent PUBREL " + id + " before it has sent PUBREC");
        }
        exchange.released = true;
        withoutPubcomp.add(id);
    }

    private static Exchange finished(int id) {
        Exchange exchange = new Exchange("finished", id);
        exchange.received = true;
        return exchange;
    }

    /** Whether it has got everything that was acknowledged to a publisher, and answered it. */
    boolean isComplete() {
        return ready
                && exchanges.isEmpty()
                && withoutPuback.isEmpty()
                && inboxes.values().stream().allMatch(Inbox::isComplete);
    }

    boolean isReady() {
        return ready;
    }

    Iterable<Inbox> inboxes() {
        return inboxes.values();
    }

    /** QoS 2 messages that it was sent and has not answered. */
    long owesPubrec() {
        return exchanges.values().stream().filter(each -> !each.received).count();
    }

    /** QoS 2 messages that it has answered with PUBREC, and not yet with PUBCOMP. */
    long owesPubcomp() {
        return exchanges.values().stream().filter(each -> each.received).count();
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(
                clientId + (ready ? "" : " (not ready)") + " with " + exchanges.size() + " exchanges open");
        for (Inbox inbox : inboxes.values()) {
            if (!inbox.isComplete()) {
                BitSet missing = inbox.missing();
                text.append(", without ")
                        .append(missing.cardinality())
                        .append(" of ")
                        .append(inbox.stream)
                        .append(" from ")
                        .append(missing.nextSetBit(0))
                        .append(" on");
            }
        }
        return text.toString();
    }
}
