package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Targets;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.store.Store;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.Publish;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import org.jspecify.annotations.Nullable;

/**
 * What one connection publishes: quota, QoS 2 duplicates, routing, acknowledgement. Row 3 of the path of a publish. One
 * per connection; loop only.
 *
 * <p>Remembers the targets of the last topic: a client mostly publishes to one topic again and again, and the decoder
 * hands the same String for the same bytes.
 */
public final class InboundPublishes implements Router.Source { // hot
    /** How long a 3.x client, which can't be told, waits for the store before its connection is closed. */
    private static final long STORE_PATIENCE_MS = 10_000;

    private final SessionLoop loop;
    private final Session session;
    private final Outbound out;
    private final Replies replies;
    private final Link link;
    private final int receiveMaximum;
    private final Limits limits;
    private final @Nullable Restriction restriction;
    private final @Nullable PublishRate rate;
    private final Core core;
    private final @Nullable Store store;
    private final InboundAliases aliases;
    private final AcknowledgementTimes times;

    /** Null if there are no interceptors of publishes. */
    private final @Nullable InterceptedPublishes intercepted;

    /** The last topic as the client says it, and the whole one; of a restricted listener only. */
    private @Nullable String lastSaid;

    private String lastWhole = "";

    private @Nullable String lastTopic;
    private @Nullable Targets lastTargets;
    private int stagedPacketId;

    /** Whether something was submitted for the present publish. */
    private boolean stored;

    private @Nullable HeldBack heldBack;

    /** QoS 1 and 2 publishes whose exchange isn't complete: the quota of a 5.0 client [5.0 section 4.9]. */
    private int open;

    InboundPublishes(Core core, Session session, Allowance allowance, Link link, Outbound out, Replies replies) {
        this.loop = session.loop;
        this.session = session;
        this.link = link;
        this.out = out;
        this.replies = replies;
        limits = allowance.limits();
        receiveMaximum = limits.receiveMaximum();
        restriction = allowance.restriction();
        rate = allowance.publishRate(loop, link);
        this.core = core;
        store = core.store;
        times = loop.acknowledgements();
        aliases = new InboundAliases(limits.topicAliasMax());
        InterceptorChain<Message> interceptors = core.interceptors(link.listener()).publish;
        intercepted =
                interceptors == null ? null : new InterceptedPublishes(interceptors, this, core, session, link, out);
    }

    /**
     * Takes in a PUBLISH. Borrows it.
     *
     * @throws MalformedPacket if the client breaks a rule and must be disconnected
     */
    public void accept(Publish publish) throws MalformedPacket {
        assert loop.inLoop();
        loop.traffic().publishReceived(publish.qos(), publish.payloadBytes());
        if (publish.qos() != QoS.AT_MOST_ONCE) {
            times.came(this, publish.packetId(), loop.nowMs());
        }
        if (rate != null) { // none of what follows depends on it, be it refused or not
            rate.spend(publish.packetBytes());
        }
        // First of all: whatever becomes of this publish, those that follow rely on the alias.
        String topic = publish.topicAlias() == 0 ? publish.topic() : aliases.topicOf(publish);
        if (restriction != null) {
            topic = admit(publish, topic, restriction);
        }
        if (intercepted != null) {
            intercepted.accept(publish, topic);
            return;
        }
        if (isRefusedByStore(publish, topic)) {
            refuse(publish, topic);
            return;
        }
        stored = publish.retain();
        switch (publish.qos()) {
            case AT_MOST_ONCE -> loop.router().route(publish, topic, this);
            case AT_LEAST_ONCE -> acceptAtLeastOnce(publish, topic);
            case EXACTLY_ONCE -> acceptExactlyOnce(publish, topic);
        }
        waitIfCrowded();
    }

    private void waitIfCrowded() {
        if (stored && store != null && store.isCrowded()) { // who writes nothing has nothing to wait for
            waitForStore(store);
        }
    }

    /** The topic that an alias stands for so far; empty if it wasn't set. */
    String aliased(int alias) {
        return aliases.look(alias);
    }

    private String admit(Publish publish, String said, Restriction by) throws MalformedPacket {
        String whole = by.admit(publish, said, said.equals(lastSaid) ? lastWhole : "");
        lastSaid = said;
        lastWhole = whole; // mostly the same instance again: what matches it is known
        return whole;
    }

    private void acceptAtLeastOnce(Publish publish, String topic) throws MalformedPacket {
        begin();
        acknowledge(PacketType.PUBACK, publish.packetId(), loop.router().route(publish, topic, this));
    }

    private void acceptExactlyOnce(Publish publish, String topic) throws MalformedPacket {
        int packetId = publish.packetId();
        if (session.hasReceived(
                packetId)) { // [5.0:MQTT-4.3.3-10], [3.1.1:MQTT-4.3.3-2]: not routed, nor counted, again
            acknowledge(PacketType.PUBREC, packetId, ReasonCode.SUCCESS);
            return;
        }
        begin();
        stagedPacketId = packetId;
        session.receive(packetId);
        ReasonCode outcome = loop.router().route(publish, topic, this);
        if (outcome.isError() && out.rules().hasReasons()) {
            session.forget(packetId); // [5.0:MQTT-4.3.3-9]
        }
        acknowledge(PacketType.PUBREC, packetId, outcome);
    }

    /** Takes in a PUBREL: the packet id is free again [5.0:MQTT-4.3.3-11], [3.1.1:MQTT-4.3.3-2]. */
    public void release(int packetId) {
        assert loop.inLoop();
        if (session.forget(packetId)) {
            session.log.forgotten(packetId);
        } // else most likely its PUBCOMP was lost: it is repeated as it was
        acknowledge(PacketType.PUBCOMP, packetId, ReasonCode.SUCCESS);
    }

    void begin() throws MalformedPacket {
        if (open >= receiveMaximum && out.rules().hasReceiveMaximum()) { // [5.0:MQTT-3.3.4-7]
            throw new MalformedPacket(
                    ReasonCode.RECEIVE_MAXIMUM_EXCEEDED, "more than " + receiveMaximum + " unacknowledged publishes");
        }
        open++;
    }

    private void acknowledge(PacketType type, int packetId, ReasonCode reason) {
        if (replies.mayLeave()) { // no object is made when nothing is held back
            append(type, packetId, codeOf(reason), textOf(reason));
        } else {
            replies.leave(() -> append(type, packetId, codeOf(reason), textOf(reason)));
        }
    }

    private void append(PacketType type, int packetId, ReasonCode reason, String text) {
        Properties why = explain(reason, text);
        MqttVersion version = out.version();
        MqttEncoder.ack(out.room(MqttEncoder.ackBytes(version, reason, why)), version, type, packetId, reason, why);
        times.leaves(this, type, packetId, loop.nowMs());
        if (type != PacketType.PUBREC || reason.isError()) { // [5.0 section 4.9]: the exchange is complete
            open = Math.max(0, open - 1);
        }
    }

    /** What PUBACK and PUBREC can say of it [5.0:MQTT-3.4.2-1], [5.0:MQTT-3.5.2-1]. */
    private static ReasonCode codeOf(ReasonCode reason) {
        return reason == ReasonCode.PACKET_TOO_LARGE ? ReasonCode.QUOTA_EXCEEDED : reason;
    }

    private static String textOf(ReasonCode reason) {
        return switch (reason) {
            case QUOTA_EXCEEDED -> "too many retained messages";
            case PACKET_TOO_LARGE -> "the payload is too large";
            case TOPIC_NAME_INVALID -> "too many topic levels or bytes";
            case NOT_AUTHORIZED -> "not authorized to publish to this topic";
            default -> "";
        };
    }

    /** A reason string for an error, where it may be sent and fits [5.0:MQTT-3.4.2-2], [5.0:MQTT-3.5.2-2]. */
    private Properties explain(ReasonCode reason, String text) {
        if (!reason.isError() || text.isEmpty() || !out.mayExplain()) {
            return Properties.EMPTY;
        }
        Properties why = Properties.builder().add(Property.REASON_STRING, text).build();
        return MqttEncoder.ackBytes(out.version(), reason, why) <= out.packetBytesMax() ? why : Properties.EMPTY;
    }

    // ---- for interceptors

    /** Routes what they have let go on, and acknowledges it; if its connection is gone, without that. */
    void route(InterceptedPublishes.Routed publish) {
        KeptMessage message = publish.message();
        QoS published = publish.published();
        if (isRefusedByStore(message, published, publish.isReplaced())) {
            refuse(publish);
            return;
        }
        stored = message.retainFlag();
        stagedPacketId = publish.packetId();
        ReasonCode outcome = loop.router().routeAdmitted(message, published, this);
        if (!out.isClosed()) {
            answer(published, publish.packetId(), outcome);
            waitIfCrowded();
        }
    }

    /** Acknowledges a publish, if its QoS has acknowledgements. */
    void answer(QoS published, int packetId, ReasonCode outcome) {
        if (outcome.isError() && out.rules().hasReasons()) {
            forget(published, packetId); // [5.0:MQTT-4.3.3-9]
        }
        if (published != QoS.AT_MOST_ONCE) {
            acknowledge(ackOf(published), packetId, outcome);
        }
    }

    /** Tells a 5.0 client why a publish is refused, if its QoS has acknowledgements. */
    void refuse(QoS published, int packetId, ReasonCode reason, String text) {
        forget(published, packetId); // [5.0:MQTT-4.3.3-9]
        if (published != QoS.AT_MOST_ONCE) {
            replies.leave(() -> append(ackOf(published), packetId, reason, text));
        }
    }

    /** A QoS 2 publish has come to nothing: the next one with its id is another. */
    void forget(QoS published, int packetId) {
        if (published == QoS.EXACTLY_ONCE) {
            session.forget(packetId);
        }
    }

    private static PacketType ackOf(QoS published) {
        return published == QoS.AT_LEAST_ONCE ? PacketType.PUBACK : PacketType.PUBREC;
    }

    /** An interceptor may have raised its QoS, so that it is stored. */
    private boolean isRefusedByStore(KeptMessage message, QoS published, boolean isReplaced) {
        QoS higher = isReplaced && message.qos().level() > published.level() ? message.qos() : published;
        return loop.router()
                .isRefusedByStore(message.topic(), higher, message.retainFlag(), message.payloadBytes(), this);
    }

    private void refuse(InterceptedPublishes.Routed publish) {
        KeptMessage message = publish.message();
        if (out.isClosed() || publish.published() == QoS.AT_MOST_ONCE) {
            countRefused(message.topic());
        } else if (out.rules().hasReasons()) {
            countRefused(message.topic());
            refuse(
                    publish.published(),
                    publish.packetId(),
                    ReasonCode.QUOTA_EXCEEDED,
                    SubscriptionRequests.STORE_REFUSES);
        } else {
            forget(publish.published(), publish.packetId());
            open--;
            message.retain();
            waitForHealth(new HeldBack(message, publish.published(), publish.packetId(), publish.isReplaced()));
        }
    }

    // ---- a store that is not well

    private boolean isRefusedByStore(Publish publish, String topic) {
        boolean known = publish.qos() == QoS.EXACTLY_ONCE && session.hasReceived(publish.packetId());
        return store != null
                && store.refusesGrowth()
                && !known
                && mayPublish(topic, publish.qos(), publish.retain()) // else it is refused for that
                && loop.router().isRefusedByStore(topic, publish.qos(), publish.retain(), publish.payloadBytes(), this);
    }

    /** Nothing has changed yet. A 5.0 client is told; a 3.x client, which can't be, isn't read until the store is well. */
    private void refuse(Publish publish, String topic) throws MalformedPacket {
        QoS qos = publish.qos();
        if (qos == QoS.AT_MOST_ONCE) {
            countRefused(topic);
        } else if (out.rules().hasReasons()) {
            begin();
            countRefused(topic);
            PacketType type = qos == QoS.AT_LEAST_ONCE ? PacketType.PUBACK : PacketType.PUBREC;
            int packetId = publish.packetId();
            replies.leave(() -> append(type, packetId, ReasonCode.QUOTA_EXCEEDED, SubscriptionRequests.STORE_REFUSES));
        } else {
            waitForHealth(new HeldBack(keep(publish, topic), qos, publish.packetId(), false));
        }
    }

    void countRefused(String topic) {
        loop.drops().count(name(), topic, DropReason.REFUSED, 1);
    }

    private void waitForHealth(HeldBack publish) {
        heldBack = publish;
        link.pause(PauseReason.STORE_FAILED);
        loop.schedule(STORE_PATIENCE_MS, publish::giveUp);
        if (store != null) {
            store.awaitHealth(() -> loop.execute(publish::goOn));
        }
    }

    /** The publish of a 3.x client that waits for the store: at most one, because the client isn't read meanwhile. */
    private final class HeldBack {
        private final QoS published;
        private final int packetId;

        /** Whether it is an interceptor's. */
        private final boolean isReplaced;

        private @Nullable KeptMessage message;

        HeldBack(KeptMessage message, QoS published, int packetId, boolean isReplaced) {
            this.message = message;
            this.published = published;
            this.packetId = packetId;
            this.isReplaced = isReplaced;
        }

        void giveUp() {
            if (forget()) {
                link.disconnect(ReasonCode.QUOTA_EXCEEDED, SubscriptionRequests.STORE_REFUSES);
            }
        }

        /** Gives it back and accounts for it, unless it has gone on. */
        boolean forget() {
            KeptMessage given = message;
            message = null;
            if (given != null) {
                countRefused(given.topic());
                given.release();
            }
            return given != null;
        }

        /** It comes first, before anything else is read. */
        void goOn() {
            KeptMessage given = message;
            message = null;
            if (given == null) {
                return;
            }
            if (out.isClosed()) {
                given.release();
            } else if (isRefusedByStore(given, published, isReplaced)) {
                waitForHealth(
                        new HeldBack(given, published, packetId, isReplaced)); // the store was well for a moment only
            } else {
                routeHeldBack(given, published, packetId, isReplaced);
            }
        }
    }

    /** The connection is gone, and with it what was held back. */
    public void close() {
        times.forget(this);
        HeldBack last = heldBack;
        if (last != null) {
            last.forget();
        }
        if (intercepted != null) {
            intercepted.close();
        }
        if (rate != null) {
            rate.close();
        }
    }

    private void routeHeldBack(KeptMessage message, QoS published, int packetId, boolean isReplaced) {
        open++;
        boolean exactlyOnce = published == QoS.EXACTLY_ONCE;
        if (exactlyOnce) {
            stagedPacketId = packetId;
            session.receive(packetId);
        }
        ReasonCode outcome = isReplaced
                ? loop.router().routeAdmitted(message, published, this)
                : loop.router().route(message, published, this);
        message.release();
        acknowledge(exactlyOnce ? PacketType.PUBREC : PacketType.PUBACK, packetId, outcome);
        link.resume(PauseReason.STORE_FAILED);
    }

    /** More is under way to the store than it should be: this client is read no further until there is room. */
    private void waitForStore(Store crowded) {
        link.pause(PauseReason.STORE);
        loop.storeRoom().await(crowded, () -> link.resume(PauseReason.STORE));
    }

    // ---- for the router

    @Override
    public String name() {
        return session.clientId;
    }

    @Override
    public Limits limits() {
        return limits;
    }

    @Override
    public boolean mayPublish(String topic, QoS qos, boolean retain) {
        return session.rights.mayPublish(topic, qos, retain);
    }

    @Override
    public Targets targets(String topic) {
        Targets last = lastTargets;
        if (last != null && topic.equals(lastTopic) && loop.router().isCurrent(last)) {
            return last;
        }
        lastTopic = topic;
        lastTargets = loop.router().match(topic);
        return lastTargets;
    }

    @Override
    public boolean storesState(QoS qos) {
        return qos == QoS.EXACTLY_ONCE && session.log.isOn();
    }

    @Override
    public void stage(QoS qos) {
        if (qos == QoS.EXACTLY_ONCE) {
            session.log.received(stagedPacketId);
        }
    }

    @Override
    public void submitted(long ticket) {
        stored = true;
        session.log.waitFor(ticket);
    }

    /** A loop has been handed more than it can take: this client is read no further until there is room. */
    @Override
    public void crowded(SessionLoop target) {
        link.pause(PauseReason.MAILBOX);
        target.awaitRoom(loop, () -> link.resume(PauseReason.MAILBOX));
    }

    KeptMessage keep(Publish publish, String topic) {
        return KeptMessage.of(publish, topic, core.kept(publish.qos()), out.version(), session.clientId, loop.nowMs());
    }
}
