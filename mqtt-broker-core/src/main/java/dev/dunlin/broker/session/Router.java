package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.routing.TargetCollector;
import dev.dunlin.broker.routing.Targets;
import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.store.ChangeWriter;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.broker.store.SessionChanges;
import dev.dunlin.broker.store.Store;
import dev.dunlin.broker.store.StoredMessage;
import dev.dunlin.broker.store.StoredRetained;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.Publish;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import org.jspecify.annotations.Nullable;

/**
 * From a publish to its targets: admit, retain, match, submit, hand over. Row 4 of the path of a publish. One per loop;
 * loop only.
 *
 * <p>The order matters: a retained message is in the index <em>before</em> the match, so that a subscriber who is added
 * meanwhile gets it either as the retained message or live, and never ends on an older one. And what is stored is submitted
 * <em>before</em> the hand-over, so that whatever a target makes of it comes later in the log.
 */
final class Router { // hot
    private static final int REMOVALS_PER_CLEANING = 256;

    private final Core core;
    private final SessionLoop loop;
    private final @Nullable Store store;
    private final TargetCollector collector = new TargetCollector();
    private final SharedDeliveries shared;
    private int removals;

    /** While a retained change is under way its ticket is above this; otherwise there is none. */
    private volatile long ticketsFrom = Long.MAX_VALUE;

    Router(Core core, SessionLoop loop) {
        this.core = core;
        this.loop = loop;
        store = core.store;
        shared = new SharedDeliveries(loop);
    }

    /** Who publishes. */
    interface Source {
        /** For accounting. */
        String name();

        /** The bounds of what it publishes. */
        Limits limits();

        /** Whether it may publish this. */
        boolean mayPublish(String topic, QoS qos, boolean retain);

        /** What a topic matches now. */
        Targets targets(String topic);

        /** Whether something of its own is to be stored with a publish of this QoS. */
        boolean storesState(QoS qos);

        /** Whether that takes up more of the store than before. */
        default boolean storesMore(QoS qos) {
            return storesState(qos);
        }

        /** Stages what is to be stored in one change with the publish. */
        void stage(QoS qos);

        /** The publish was stored, in whole or in part; the last call counts. */
        void submitted(long ticket);

        /** A loop has been handed more than its budget. */
        void crowded(SessionLoop target);
    }

    /**
     * Routes what a client publishes; the packet is borrowed and kept only if somebody needs it.
     *
     * @param topic its topic, which an alias may have told
     * @return SUCCESS, NO_MATCHING_SUBSCRIBERS, or the error for which it was refused, before anything has changed
     */
    ReasonCode route(Publish publish, String topic, InboundPublishes from) {
        ReasonCode refusal = refusal(publish, topic, from);
        if (refusal != null) {
            refused(from, topic, refusal);
            return refusal;
        }
        if (!publish.retain() && from.targets(topic).isEmpty() && !from.storesState(publish.qos())) {
            return ReasonCode.NO_MATCHING_SUBSCRIBERS;
        }
        KeptMessage message = from.keep(publish, topic);
        try {
            return deliver(message, publish.qos(), from);
        } finally {
            message.release();
        }
    }

    /** Why a publish is refused; null if it isn't. Nothing has changed. */
    @Nullable
    ReasonCode refusal(Publish publish, String topic, Source from) {
        ReasonCode refusal = admit(from, topic, publish.qos(), publish.retain(), publish.payloadBytes());
        if (refusal == null && publish.retain() && publish.payloadBytes() > 0) {
            refusal = admitRetained(topic, KeptMessage.footprintBytes(publish, topic));
        }
        if (refusal == null && hasLongResponseTopic(publish, from.limits())) {
            refusal = ReasonCode.TOPIC_NAME_INVALID;
        }
        return refusal;
    }

    /** Routes a kept publish. Borrows it. Returns as {@link #route(Publish, String, InboundPublishes)}. */
    ReasonCode route(KeptMessage message, Source from) {
        return route(message, message.qos(), from);
    }

    /**
     * As {@link #route(KeptMessage, Source)}.
     *
     * @param published the QoS of its exchange with the publisher, which the message may have been raised above
     */
    ReasonCode route(KeptMessage message, QoS published, Source from) {
        ReasonCode refusal = admit(from, message.topic(), published, message.retainFlag(), message.payloadBytes());
        return refusal == null ? routeAdmitted(message, published, from) : refused(message, from, refusal);
    }

    /** Throws an IllegalArgumentException for what an interceptor can't put in the place of a publish within these bounds. */
    static void checkReplacement(Message by, Limits limits) {
        String topic = by.topic();
        String responseTopic = by.responseTopic();
        if (isServersOwn(topic)) {
            throw new IllegalArgumentException("a topic of the broker's own: " + topic);
        }
        if (admit(limits, topic, by.payload().remaining()) != null
                || (responseTopic != null && Topics.isLonger(responseTopic, limits.topicBytesMax()))) {
            throw new IllegalArgumentException("above the limits of topics or payloads, with topic " + topic);
        }
    }

    /**
     * As {@link #route(KeptMessage, QoS, Source)}, of what interceptors have let go on: it was admitted before they were asked, or
     * is their own word, which was checked.
     */
    ReasonCode routeAdmitted(KeptMessage message, QoS published, Source from) {
        ReasonCode refusal = message.retainFlag() && message.payloadBytes() > 0
                ? admitRetained(message.topic(), message.footprintBytes())
                : null;
        return refusal == null ? deliver(message, published, from) : refused(message, from, refusal);
    }

    private ReasonCode refused(KeptMessage message, Source from, ReasonCode refusal) {
        refused(from, message.topic(), refusal);
        return refusal;
    }

    /**
     * Whether the store refuses this publish at present: it would have to be stored. Before {@link #route}, and only if the
     * store is not well.
     */
    boolean isRefusedByStore(String topic, QoS qos, boolean retain, int payloadBytes, Source from) {
        if (store == null || !store.refusesGrowth()) {
            return false;
        }
        if (store.isStalled() && (retain || from.storesState(qos))) {
            return true;
        }
        boolean stores = (retain && payloadBytes > 0) || from.storesMore(qos);
        return stores
                || (core.kept(qos) != QoS.AT_MOST_ONCE && from.targets(topic).persistent() > 0);
    }

    /** The only place that refuses a publish, before anything has changed, with the next two; null admits it. */
    private static @Nullable ReasonCode admit(Source from, String topic, QoS qos, boolean retain, int payloadBytes) {
        if (isServersOwn(topic) || !from.mayPublish(topic, qos, retain)) {
            return ReasonCode.NOT_AUTHORIZED;
        }
        return admit(from.limits(), topic, payloadBytes);
    }

    private static boolean isServersOwn(String topic) {
        return topic.charAt(0) == '$' && topic.startsWith("$SYS/"); // [5.0 section 4.7.2]
    }

    private static @Nullable ReasonCode admit(Limits limits, String topic, int payloadBytes) {
        if (payloadBytes > limits.payloadBytesMax()) {
            return ReasonCode.PACKET_TOO_LARGE;
        }
        boolean tooLong =
                Topics.levels(topic) > limits.topicLevelsMax() || Topics.isLonger(topic, limits.topicBytesMax());
        return tooLong ? ReasonCode.TOPIC_NAME_INVALID : null;
    }

    /** Of a message to be retained. One that takes less room than that before it is always admitted. */
    private @Nullable ReasonCode admitRetained(String topic, int footprintBytes) {
        boolean oneMore = core.retained.size() >= loop.limits().retainedMessagesMax()
                || core.memory().isOver();
        boolean larger = core.retained.bytes() + topic.length() + footprintBytes
                > loop.limits().retainedBytesMax();
        if (!oneMore && !larger) {
            return null;
        }
        KeptMessage before = core.retained.get(topic);
        if (before == null) {
            return ReasonCode.QUOTA_EXCEEDED;
        }
        long growth = (long) footprintBytes - before.footprintBytes();
        boolean fits =
                growth <= 0 || core.retained.bytes() + growth <= loop.limits().retainedBytesMax();
        return fits ? null : ReasonCode.QUOTA_EXCEEDED;
    }

    /** A packet can't hold one that is too long, unless the bound is lower than the protocol's: looked at only then. */
    private static boolean hasLongResponseTopic(Publish publish, Limits limits) {
        if (limits.topicBytesMax() >= Topics.BYTES_MAX) {
            return false;
        }
        String responseTopic = publish.properties().string(Property.RESPONSE_TOPIC);
        return responseTopic != null && Topics.isLonger(responseTopic, limits.topicBytesMax());
    }

    private void refused(Source from, String topic, ReasonCode why) {
        loop.drops().count(from.name(), topic, DropReason.REFUSED, 1);
        Events events = core.events();
        String limit = events == null ? "" : limitOf(from, topic, why);
        if (events != null && !limit.isEmpty()) {
            events.limit(from.name(), limit, "a publish is refused");
        }
    }

    /** The bound that has led to a refusal; empty if it was none. */
    private String limitOf(Source from, String topic, ReasonCode why) {
        return switch (why) {
            case PACKET_TOO_LARGE -> "payloadBytesMax";
            case TOPIC_NAME_INVALID ->
                Topics.levels(topic) > from.limits().topicLevelsMax() ? "topicLevelsMax" : "topicBytesMax";
            case QUOTA_EXCEEDED -> {
                if (core.memory().isOver()) {
                    yield "memoryBudgetBytes";
                }
                boolean many = core.retained.size() >= loop.limits().retainedMessagesMax();
                yield many ? "retainedMessagesMax" : "retainedBytesMax";
            }
            default -> "";
        };
    }

    private ReasonCode deliver(KeptMessage message, QoS published, Source from) {
        if (message.retainFlag()) {
            long ticket = storeRetained(message);
            if (published != QoS.AT_MOST_ONCE) {
                from.submitted(ticket);
            }
        }
        Targets targets = from.targets(message.topic());
        shared.begin(targets);
        long entry = store == null ? EntryId.NONE : submit(message, published, targets, from);
        loop.traffic().routed(targets.count());
        SessionLoop crowded = loop.handOver(message, targets, entry);
        if (targets.shared().length > 0) {
            SessionLoop another = shared.handOver(message, entry);
            crowded = another == null ? crowded : another;
        }
        if (crowded != null) {
            from.crowded(crowded);
        }
        return targets.isEmpty() ? ReasonCode.NO_MATCHING_SUBSCRIBERS : ReasonCode.SUCCESS;
    }

    /** Delivers a message of the broker's own, of QoS 0, to whom it matches; nothing of it is stored. Borrows it. */
    void routeOwn(KeptMessage message) {
        assert message.qos() == QoS.AT_MOST_ONCE : message.topic();
        Targets targets = match(message.topic());
        shared.begin(targets);
        loop.traffic().routed(targets.count());
        loop.handOver(message, targets, EntryId.NONE);
        if (targets.shared().length > 0) {
            shared.handOver(message, EntryId.NONE);
        }
    }

    /** What a topic matches now. */
    Targets match(String topic) {
        return core.subscriptions.targets(topic, collector, core.loopCount());
    }

    /** Whether a match made earlier still holds. */
    boolean isCurrent(Targets targets) {
        return targets.generation() == core.subscriptions.generation();
    }

    // ---- what is stored

    /**
     * Submits what must outlive the process: the publisher's own state, and an entry for each target that needs one.
     *
     * @return what the entries are known by
     */
    private long submit(KeptMessage message, QoS published, Targets targets, Source from) {
        ChangeWriter writer = loop.changes();
        from.stage(published);
        int stored = message.qos() == QoS.AT_MOST_ONCE || targets.persistent() == 0 ? 0 : countStored(message, targets);
        if (stored == 0) {
            if (from.storesState(published) && !writer.isEmpty()) {
                from.submitted(writer.submit());
            }
            return EntryId.NONE;
        }
        boolean reference = stored > 1 || message.frame().isLarge();
        long publishedAtMs = message.publishedAtMs(loop.nowMs(), loop.wallMs());
        for (int i = 0; i < core.loopCount(); i++) {
            for (Target target : targets.of(i)) {
                stage(message, target, reference, publishedAtMs);
            }
        }
        shared.stage(message, reference, publishedAtMs);
        if (reference) {
            StoredMessage.writeShared(writer, message, publishedAtMs);
        }
        long ticket = writer.submit();
        from.submitted(ticket);
        return EntryId.of(ticket, reference);
    }

    private int countStored(KeptMessage message, Targets targets) {
        int stored = shared.decide(message);
        for (int i = 0; i < core.loopCount(); i++) {
            for (Target target : targets.of(i)) {
                stored += ((Recipient) target.destination()).stores(message, target) ? 1 : 0;
            }
        }
        return stored;
    }

    private void stage(KeptMessage message, Target target, boolean reference, long publishedAtMs) {
        Recipient recipient = (Recipient) target.destination();
        if (!recipient.stores(message, target)) {
            return;
        }
        SessionChanges changes = new SessionChanges(loop.changes(), recipient.sid);
        StoredMessages.stage(changes, message, target, reference, publishedAtMs);
    }

    private long storeRetained(KeptMessage message) {
        ticketsFrom = core.lastTicket();
        long ticket = store == null ? core.newTicket() : submitRetained(message);
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
        return ticket;
    }

    /** A change of its own, whose ticket the index must have before the match. */
    private long submitRetained(KeptMessage message) {
        ChangeWriter writer = loop.changes();
        if (message.payloadBytes() == 0) {
            StoredRetained.delete(writer, message.topic());
        } else {
            StoredRetained.write(writer, message.topic(), message, message.publishedAtMs(loop.nowMs(), loop.wallMs()));
        }
        return writer.submit();
    }

    /** See {@link Core#forgetOldRemovals}. Any thread. */
    long ticketsFrom() {
        return ticketsFrom;
    }
}
