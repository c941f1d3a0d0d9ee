package dev.dunlin.broker.session;

import dev.dunlin.codec.PublishFrame;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The topic aliases that the broker has set on one connection to a client that takes them, and that end with it
 * [5.0:MQTT-3.3.2-7]. Decided when a PUBLISH is encoded, never before: an alias may only be used behind the packet that
 * sets it. Loop only.
 *
 * <p>Aliases go to topics as they come. When all are given away, a hand goes round them, one step for each topic that has
 * none: it passes an alias that was used since it last came by, and gives any other to that topic (the clock algorithm, one
 * step at a time). So topics that come often keep their aliases, those that come no more lose them, and a topic too many
 * costs one look.
 */
final class OutboundAliases {
    /** A topic of so many bytes is no longer than the alias that would stand for it. */
    private static final int ALIAS_BYTES = 3;

    private final int max;
    private final Map<String, Alias> byTopic = new HashMap<>();

    /** By number, from 1 on. */
    private final @Nullable Alias[] aliases;

    private int given;
    private int hand;

    /** One alias; it goes from topic to topic. */
    static final class Alias {
        final int number;
        private String topic;
        private boolean used;

        /** Whether the client has been told the topic. */
        private boolean set;

        private Alias(int number, String topic) {
            this.number = number;
            this.topic = topic;
        }

        /** Whether the next PUBLISH has to set it. */
        boolean isNew() {
            return !set;
        }

        /** A PUBLISH with it was appended. */
        void sent() {
            set = true;
            used = true;
        }
    }

    /**
     * No alias is given away.
     *
     * @param max the greatest alias, 1 to 65,535: what the client allows [5.0:MQTT-3.1.2-26], [5.0:MQTT-3.3.2-11], and we
     */
    OutboundAliases(int max) {
        this.max = max;
        aliases = new Alias[max];
    }

    /** The size of the smallest packet that may be sent now for this frame. Changes nothing. */
    int packetBytes(String topic, PublishFrame frame) {
        Alias alias = byTopic.get(topic);
        return alias == null || alias.isNew() ? frame.packetBytes() : frame.packetBytesWithAlias(false);
    }

    /**
     * The alias to send this frame with; {@link Alias#sent} must follow. Null if it goes without, or if a packet that sets one
     * would be too large.
     */
    @Nullable
    Alias of(String topic, PublishFrame frame, long packetBytesMax) {
        Alias alias = byTopic.get(topic);
        if (alias != null) {
            return alias;
        }
        if (frame.topicBytes() <= ALIAS_BYTES || frame.packetBytesWithAlias(true) > packetBytesMax) {
            return null;
        }
        return give(topic);
    }

    /** Hands over the aliases that the client knows: number and topic. */
    void forEachSet(BiConsumer<Integer, String> to) {
        for (Alias alias : byTopic.values()) {
            if (alias.set) {
                to.accept(alias.number, alias.topic);
            }
        }
    }

    private @Nullable Alias give(String topic) {
        Alias alias;
        if (given < max) {
            alias = new Alias(given + 1, topic);
            aliases[given++] = alias;
        } else {
            alias = aliases[hand];
            assert alias != null;
            hand = hand + 1 == max ? 0 : hand + 1;
            if (alias.used) {
                alias.used = false;
                return null;
            }
            byTopic.remove(alias.topic);
            alias.topic = topic;
            alias.set = false;
        }
        byTopic.put(topic, alias);
        return alias;
    }
}
