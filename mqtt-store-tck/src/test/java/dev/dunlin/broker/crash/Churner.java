package dev.dunlin.broker.crash;

import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.ReasonCode;
import java.util.Map;
import java.util.TreeMap;

/** A client with a session that subscribes to one filter after the other, and unsubscribes from some of them. */
final class Churner implements Wires.Receiver {
    private static final String CLIENT_ID = "churner";
    private static final int PER_ROUND_MAX = 100;

    private enum State {
        ASKED,
        SUBSCRIBED,
        ASKED_TO_GO,
        GONE
    }

    private final Wires wires;

    /** By number, which is also the packet id of what is asked for. */
    private final Map<Integer, State> filters = new TreeMap<>();

    private Wires.Wire wire;
    private boolean known;
    private boolean ready;
    private int last;

    Churner(Wires wires) {
        this.wires = wires;
    }

    void connect(int port) {
        ready = false;
        filters.clear();
        last = 0;
        wire = wires.open(port, MqttVersion.V5, this);
        wire.send(Packets.connect(CLIENT_ID).cleanStart().sessionExpiry(3_600));
    }

    /** Asks for one thing at a time. */
    void work() {
        if (!ready || wires.isMuted() || last >= PER_ROUND_MAX) {
            return;
        }
        ready = false;
        if (last % 3 == 2 && filters.get(last) == State.SUBSCRIBED) {
            filters.put(last, State.ASKED_TO_GO);
            wire.send(Packets.unsubscribe(last, filter(last)));
        } else {
            filters.put(++last, State.ASKED);
            wire.send(Packets.subscribe(last, filter(last), 1));
        }
    }

    private static String filter(int number) {
        return "churn/" + number;
    }

    @Override
    public void receive(PacketType type, MqttDecoder packet) {
        ready = true;
        switch (type) {
            case CONNACK -> connected(packet.connack());
            case SUBACK -> filters.put(packet.suback().packetId(), State.SUBSCRIBED);
            case UNSUBACK -> filters.put(packet.unsuback().packetId(), State.GONE);
            default -> throw new Violation(CLIENT_ID + " is sent " + type);
        }
    }

    private void connected(Connack connack) {
        if (connack.reason() != ReasonCode.SUCCESS) {
            throw new Violation(CLIENT_ID + ": " + connack);
        }
        known = true;
    }

    /** The session is there, with the subscriptions that were acknowledged and without those whose end was. */
    void check(int port) {
        if (!known) {
            return;
        }
        try (WireClient probe = WireClient.connect(port, MqttVersion.V5).login("probe");
                WireClient self = WireClient.connect(port, MqttVersion.V5)) {
            self.send(Packets.connect(CLIENT_ID).sessionExpiry(3_600));
            self.expect(Packets.connack().sessionPresent());
            self.leave();
            filters.forEach((number, state) -> check(number, state, probe));
            probe.leave();
        }
    }

    private static void check(int number, State state, WireClient probe) {
        probe.send(Packets.publish(filter(number), "").qos(1, number));
        ReasonCode answer = ((Packet.Ack) probe.receive()).reason();
        boolean wrong = switch (state) {
            case SUBSCRIBED -> answer != ReasonCode.SUCCESS;
            case GONE -> answer != ReasonCode.NO_MATCHING_SUBSCRIBERS;
            case ASKED, ASKED_TO_GO -> answer.isError();
        };
        if (wrong) {
            throw new Violation(
                    "the subscription to " + filter(number) + " is " + state + ", and a publish to it " + answer);
        }
    }
}
