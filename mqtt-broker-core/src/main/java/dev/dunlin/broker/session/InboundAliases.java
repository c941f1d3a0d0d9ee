package dev.dunlin.broker.session;

import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.Publish;
import dev.dunlin.codec.ReasonCode;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The topic aliases that a client has set on one connection, and that end with it [5.0:MQTT-3.3.2-7]. As many as were
 * announced, no topic longer than the protocol allows. Loop only.
 */
final class InboundAliases {
    private static final int CAPACITY_MIN = 8;
    private static final @Nullable String[] NONE = {};

    private final int max;

    /** By alias; grows as aliases are used. */
    private @Nullable String[] topics = NONE;

    /**
     * No alias is set.
     *
     * @param max the greatest alias, as announced in CONNACK; 0 for none
     */
    InboundAliases(int max) {
        this.max = max;
    }

    /**
     * The topic of a publish with an alias, which the publish sets if it has the topic as well, also anew. An alias that
     * was set gives the same instance each time.
     *
     * @throws MalformedPacket if the alias is above the maximum, or is to tell the topic and wasn't set
     */
    String topicOf(Publish publish) throws MalformedPacket {
        int alias = publish.topicAlias();
        if (alias > max) { // [5.0:MQTT-3.3.2-9], [5.0:MQTT-3.2.2-17], [5.0:MQTT-3.2.2-18]
            throw new MalformedPacket(
                    ReasonCode.TOPIC_ALIAS_INVALID, "topic alias " + alias + " is above the maximum of " + max);
        }
        String topic = publish.topic();
        if (!topic.isEmpty()) { // [5.0:MQTT-3.3.2-12]
            set(alias, topic);
            return topic;
        }
        String known = alias < topics.length ? topics[alias] : null;
        if (known == null) { // [5.0 section 3.3.2.3.4]
            throw new MalformedPacket(ReasonCode.PROTOCOL_ERROR, "topic alias " + alias + " was not set");
        }
        return known;
    }

    /** The topic that an alias was set to; empty if it wasn't. */
    String look(int alias) {
        String known = alias < topics.length ? topics[alias] : null;
        return known == null ? "" : known;
    }

    private void set(int alias, String topic) {
        if (alias >= topics.length) {
            int doubled = Math.min(max + 1, Math.max(CAPACITY_MIN, topics.length * 2));
            topics = Arrays.copyOf(topics, Math.max(alias + 1, doubled));
        }
        topics[alias] = topic;
    }
}
