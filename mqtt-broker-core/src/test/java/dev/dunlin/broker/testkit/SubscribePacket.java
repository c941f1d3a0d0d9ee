package dev.dunlin.broker.testkit;

import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.Subscribe;
import dev.dunlin.codec.SubscriptionRequest;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/** A SUBSCRIBE under construction; options go to the filter added last. */
public final class SubscribePacket implements Sendable {
    private final int packetId;
    private final List<SubscriptionRequest> requests = new ArrayList<>();
    private Properties properties = Properties.EMPTY;

    SubscribePacket(int packetId) {
        this.packetId = packetId;
    }

    public SubscribePacket and(String filter, int qos) {
        requests.add(new SubscriptionRequest(filter, QoS.of(qos)));
        return this;
    }

    public SubscribePacket noLocal() {
        SubscriptionRequest r = last();
        return replaceLast(
                new SubscriptionRequest(r.filter(), r.maximumQoS(), true, r.retainAsPublished(), r.retainHandling()));
    }

    public SubscribePacket retainAsPublished() {
        SubscriptionRequest r = last();
        return replaceLast(new SubscriptionRequest(r.filter(), r.maximumQoS(), r.noLocal(), true, r.retainHandling()));
    }

    public SubscribePacket retainHandling(int handling) {
        SubscriptionRequest r = last();
        return replaceLast(
                new SubscriptionRequest(r.filter(), r.maximumQoS(), r.noLocal(), r.retainAsPublished(), handling));
    }

    /** The subscription identifier. */
    public SubscribePacket identifier(int id) {
        properties =
                Properties.builder().add(Property.SUBSCRIPTION_IDENTIFIER, id).build();
        return this;
    }

    private SubscriptionRequest last() {
        return requests.get(requests.size() - 1);
    }

    private SubscribePacket replaceLast(SubscriptionRequest changed) {
        requests.set(requests.size() - 1, changed);
        return this;
    }

    @Override
    public void encode(ByteBuf out, MqttVersion version) {
        MqttEncoder.subscribe(out, version, new Subscribe(packetId, Packets.in(version, properties), requests));
    }

    @Override
    public String toString() {
        return "SUBSCRIBE " + packetId + " " + requests + " " + properties;
    }
}
