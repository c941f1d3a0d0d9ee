package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.TargetCollector;
import dev.dunlin.broker.routing.Targets;
import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.codec.Publish;
import dev.dunlin.codec.ReasonCode;
import org.jspecify.annotations.Nullable;

/**
 * From a publish to its targets: admit, retain, match, hand over. Row 4 of the path of a publish. One per loop; loop
 * only.
 *
 * <p>The order matters: a retained message is in the index <em>before</em> the match, so that a subscriber who is added
 * meanwhile gets it either as the retained message or live, and never ends on an older one.
 */
final class Router { // hot
    private static final int REMOVALS_PER_CLEANING = 256;

    private final Core core;
    private final SessionLoop loop;
    private final TargetCollector collector = new TargetCollector();
    private int removals;

    /** While a retained change is under way its ticket is above this; otherwise there is none. */
    private volatile long ticketsFrom = Long.MAX_VALUE;

    Router(Core core, SessionLoop loop) {
        this.core = core;
        this.loop = loop;
    }

    /**
     * Routes what a client publishes; the packet is borrowed and kept only if somebody needs it.
     *
     * @return SUCCESS, NO_MATCHING_SUBSCRIBERS, or the error for which it was refused, before anything has changed
     */
    ReasonCode route(Publish publish, InboundPublishes from) {
        String topic = publish.topic();
        ReasonCode refusal = admit(topic, publish.retain(), publish.payloadBytes());
        if (refusal != null) {
            loop.drops().count(from.clientId(), topic, DropReason.REFUSED, 1);
            return refusal;
        }
        KeptMessage message = null;
        if (publish.retain()) {
            message = from.keep(publish);
            storeRetained(message);
        }
        Targets targets = from.targets(topic);
        if (!targets.isEmpty()) {
            if (message == null) {
                message = from.keep(publish);
            }
            SessionLoop crowded = loop.handOver(message, targets);
            if (crowded != null) {
                from.waitForRoom(crowded);
            }
        }
        if (message != null) {
            message.release();
        }
        return targets.isEmpty() ? ReasonCode.NO_MATCHING_SUBSCRIBERS : ReasonCode.SUCCESS;
    }

    /** Routes a will or a publish of the local client. Takes the message. Returns as {@link #route(Publish, InboundPublishes)}. */
    ReasonCode route(KeptMessage message, String publisher) {
        try {
            ReasonCode refusal = admit(message.topic(), message.retainFlag(), message.payloadBytes());
            if (refusal != null) {
                loop.drops().count(publisher, message.topic(), DropReason.REFUSED, 1);
                return refusal;
            }
            if (message.retainFlag()) {
                storeRetained(message);
            }
            Targets targets = match(message.topic());
            loop.handOver(message, targets);
            return targets.isEmpty() ? ReasonCode.NO_MATCHING_SUBSCRIBERS : ReasonCode.SUCCESS;
        } finally {
            message.release();
        }
    }

    /** The only place that refuses a publish, before anything has changed; null admits it. */
    private @Nullable ReasonCode admit(String topic, boolean retain, int payloadBytes) {
        if (topic.charAt(0) == '$' && topic.startsWith("$SYS/")) {
            return ReasonCode.NOT_AUTHORIZED; // [5.0 section 4.7.2]: the server's own
        }
        if (Topics.levels(topic) > core.limits.topicLevelsMax()) {
            return ReasonCode.TOPIC_NAME_INVALID;
        }
        boolean another = retain && payloadBytes > 0 && core.retained.size() >= core.limits.retainedMessagesMax();
        return another && core.retained.get(topic) == null ? ReasonCode.QUOTA_EXCEEDED : null;
    }

    /** What a topic matches now. */
    Targets match(String topic) {
        return core.subscriptions.targets(topic, collector, core.loopCount());
    }

    /** Whether a match made earlier still holds. */
    boolean isCurrent(Targets targets) {
        return targets.generation() == core.subscriptions.generation();
    }

    private void storeRetained(KeptMessage message) {
        ticketsFrom = core.lastTicket();
        long ticket = core.newTicket();
        KeptMessage replaced;
        if (message.payloadBytes() == 0) { // [5.0:MQTT-3.3.1-6], [5.0:MQTT-3.3.1-7], [3.1.1:MQTT-3.3.1-10]
            replaced = core.retained.remove(message.topic(), ticket);
        } else { // [5.0:MQTT-3.3.1-5], [3.1.1:MQTT-3.3.1-5]
            message.retain();
            replaced = core.retained.put(message.topic(), message, ticket);
        }
        ticketsFrom = Long.MAX_VALUE;
        if (replaced != null) {
            replaced.release();
        }
        if (message.payloadBytes() == 0 && ++removals % REMOVALS_PER_CLEANING == 0) {
            core.forgetOldRemovals();
        }
    }

    /** See {@link Core#forgetOldRemovals}. Any thread. */
    long ticketsFrom() {
        return ticketsFrom;
    }
}
