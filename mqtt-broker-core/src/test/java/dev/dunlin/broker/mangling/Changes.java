package dev.dunlin.broker.mangling;

import dev.dunlin.codec.Connect;
import dev.dunlin.codec.Packet.Ack;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReceivedPublish;
import dev.dunlin.codec.Subscribe;
import dev.dunlin.codec.SubscriptionRequest;
import dev.dunlin.codec.UserProperty;
import dev.dunlin.codec.WillMessage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Packets with one thing changed. */
final class Changes {
    private Changes() {}

    /** The same properties but for one, which is left out, or has another number. */
    static Properties with(Properties properties, Property changed, long number) {
        Properties.Builder all = Properties.builder();
        for (Property property : Property.values()) {
            if (property == Property.USER_PROPERTY || property == Property.SUBSCRIPTION_IDENTIFIER) {
                continue;
            }
            if (property == changed) {
                if (number >= 0) {
                    all.add(property, number);
                }
            } else if (properties.has(property)) {
                copy(properties, property, all);
            }
        }
        if (changed != Property.SUBSCRIPTION_IDENTIFIER) {
            for (int identifier : properties.subscriptionIdentifiers()) {
                all.add(Property.SUBSCRIPTION_IDENTIFIER, identifier);
            }
        }
        List<UserProperty> users = new ArrayList<>(properties.userProperties());
        if (changed == Property.USER_PROPERTY) {
            Collections.reverse(users);
        }
        users.forEach(user -> all.userProperty(user.name(), user.value()));
        return all.build();
    }

    private static void copy(Properties from, Property property, Properties.Builder to) {
        switch (property.type()) {
            case STRING -> to.add(property, from.string(property));
            case BINARY -> to.add(property, from.binary(property));
            default -> to.add(property, from.integer(property, 0));
        }
    }

    static Properties without(Properties properties, Property dropped) {
        return with(properties, dropped, -1);
    }

    // ---- PUBLISH

    static ReceivedPublish topic(ReceivedPublish p, String topic) {
        return publish(p, topic, p.qos(), p.packetId(), p.payload());
    }

    static ReceivedPublish packetId(ReceivedPublish p, int packetId) {
        return publish(p, p.topic(), p.qos(), packetId, p.payload());
    }

    static ReceivedPublish qos(ReceivedPublish p, QoS qos, int packetId) {
        return publish(p, p.topic(), qos, packetId, p.payload());
    }

    static ReceivedPublish payload(ReceivedPublish p, UnaryOperator<String> change) {
        return publish(p, p.topic(), p.qos(), p.packetId(), change.apply(p.payload()));
    }

    private static ReceivedPublish publish(ReceivedPublish p, String topic, QoS qos, int packetId, String payload) {
        return new ReceivedPublish(
                topic, qos, p.dup(), p.retain(), packetId, p.topicAlias(), p.expirySeconds(), p.properties(), payload);
    }

    /** A change of what has the property, and of nothing else. */
    static Function<ReceivedPublish, Object> ifHas(Property property, Function<ReceivedPublish, Object> change) {
        return p -> p.properties().has(property) ? change.apply(p) : p;
    }

    // ---- acknowledgements

    static int after(int packetId) {
        return packetId % 65_535 + 1;
    }

    /** An acknowledgement of this type, for the packet behind. */
    static Function<Ack, Object> nextId(PacketType type) {
        return ack -> ack.type() == type ? new Ack(type, after(ack.packetId()), ack.reason(), ack.properties()) : ack;
    }

    // ---- CONNECT, SUBSCRIBE

    static Connect cleanStart(Connect c, boolean cleanStart) {
        return connect(c, cleanStart, c.keepAliveSeconds(), c.properties(), c.will());
    }

    static Connect keepAlive(Connect c, int seconds) {
        return connect(c, c.cleanStart(), seconds, c.properties(), c.will());
    }

    static Connect properties(Connect c, Properties properties) {
        return connect(c, c.cleanStart(), c.keepAliveSeconds(), properties, c.will());
    }

    /** A change of the will; no change where there is none. */
    static Function<Connect, Object> will(UnaryOperator<WillMessage> change) {
        return c -> c.will() == null
                ? c
                : connect(c, c.cleanStart(), c.keepAliveSeconds(), c.properties(), change.apply(c.will()));
    }

    private static Connect connect(
            Connect c, boolean cleanStart, int keepAliveSeconds, Properties properties, @Nullable WillMessage will) {
        return new Connect(
                c.version(), c.clientId(), cleanStart, keepAliveSeconds, properties, will, c.userName(), c.password());
    }

    /** A change of every subscription. */
    static Function<Subscribe, Object> subscriptions(UnaryOperator<SubscriptionRequest> change) {
        return s -> {
            List<SubscriptionRequest> changed =
                    s.subscriptions().stream().map(change).toList();
            return changed.equals(s.subscriptions()) ? s : new Subscribe(s.packetId(), s.properties(), changed);
        };
    }
}
