package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Subscription;
import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.session.OutboundAliases.Alias;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import io.netty.buffer.ByteBuf;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The state of one client, connected or not [5.0 section 4.1], and what is sent to it. Row 7 of the path of a publish.
 * Touched by its home loop only.
 *
 * <p>A QoS 1 or 2 message that is delivered goes into the window if there is room and the connection takes it, else into
 * the queue behind; the queue is pumped whenever an acknowledgement, a writable connection or a new one makes room.
 * Subscriptions and life cycle are worked on by {@link SubscriptionRequests} and {@link Sessions}.
 *
 * <p>If it outlives its connection and there is a store, its {@link SessionLog} follows what happens here.
 */
public final class Session extends Recipient implements SessionQueue.Owner { // hot
    final String clientId;

    /** By filter. Changed by {@link #subscribed} and {@link #unsubscribed} alone. */
    Map<String, Subscription> subscriptions = Map.of();

    final OutboundWindow window;
    final SessionQueue queue;
    final SessionLog log;

    /** What its subscriptions are still to be sent; null until it has had one. */
    private @Nullable RetainedReplays replays;

    /** Its shared subscriptions; null until it has had one. */
    @Nullable
    SessionMembers members;

    private final boolean persistent;

    /** Null if there are no interceptors of deliveries. */
    private final @Nullable InterceptedDeliveries intercepted;

    private @Nullable BitSet received;

    // ---- the connection; the link is set from the opening on, the way out only once CONNACK has left
    @Nullable
    Link link;

    private @Nullable Outbound out;

    // ---- life cycle, kept by Sessions
    long expirySeconds;

    @Nullable
    PendingWill will;

    /** What its client may do: the one that it has, or had last. Changed by {@link Sessions} alone. */
    Rights rights = Rights.ALL;

    /** Of a client that hasn't come back since the start, for its will alone; null if nobody has asked. */
    @Nullable
    Rights willRights;

    /** What waits until these are known; null while nobody asks for them. */
    @Nullable
    List<Runnable> awaitingRights;

    /** What its client may do with its will, as far as that is known. */
    Rights willRights() {
        return rights.isUnknown() && willRights != null ? willRights : rights;
    }

    /** What interceptors have been asked about its will, or one before; null if nothing. */
    @Nullable
    WillQuestion willQuestion;

    SessionLoop.@Nullable Timer willTimer;

    SessionLoop.@Nullable Timer expiryTimer;

    boolean ended;

    /** Since when it has had a connection, or none, on the monotonic clock. */
    long sinceMs;

    /** Whether messages of QoS 0 may be in the queue. */
    private boolean atMostOnceQueued;

    /**
     * A session that has no connection yet.
     *
     * @param sid never given to another one
     * @param persistent whether it is to outlive its connection. That never changes: one whose client asks for an end with
     *     the connection, later, is discarded then
     */
    Session(long sid, SessionLoop loop, Core core, String clientId, boolean persistent) {
        super(sid, loop);
        this.clientId = clientId;
        this.persistent = persistent;
        log = new SessionLog(this, persistent ? core.store : null);
        window = new OutboundWindow(log.isOn(), loop.unacknowledged());
        queue = new SessionQueue(this, this, core.store);
        InterceptorChain<Message> interceptors = core.interceptors().deliver;
        intercepted = interceptors == null ? null : new InterceptedDeliveries(core, interceptors, this);
    }

    @Override
    public boolean isPersistent() {
        return persistent;
    }

    @Override
    public String account() {
        return clientId;
    }

    @Override
    public long storedSid() {
        return sid;
    }

    /** Its shared subscriptions. */
    SessionMembers members() {
        SessionMembers present = members;
        if (present == null) {
            present = new SessionMembers(this);
            members = present;
        }
        return present;
    }

    /** It has a subscription, in place of one with the same filter. */
    void subscribed(Subscription subscription) {
        if (subscriptions.isEmpty()) {
            subscriptions = new HashMap<>(4);
        }
        if (subscriptions.put(subscription.filter(), subscription) == null) {
            loop.traffic().subscriptions(subscription.destination() != this, 1);
        }
    }

    /** Forgets the subscription with this filter, and returns it; null if there was none. */
    @Nullable
    Subscription unsubscribed(String filter) {
        Subscription removed = subscriptions.isEmpty() ? null : subscriptions.remove(filter);
        if (removed != null) {
            loop.traffic().subscriptions(removed.destination() != this, -1);
        }
        return removed;
    }

    /** The client identifier. */
    public String clientId() {
        return clientId;
    }

    /** Retained messages that its subscriptions are still to be sent. */
    RetainedReplays replays() {
        RetainedReplays present = replays;
        if (present == null) {
            present = new RetainedReplays(this);
            replays = present;
        }
        return present;
    }

    /** Whether nothing is left to be sent to its client, or acknowledged by it; also if it has none now. */
    boolean isDrained() {
        Outbound to = out;
        return to == null
                || (queue.isEmpty()
                        && window.size() == 0
                        && (replays == null || replays.isEmpty())
                        && !to.hasUnwritten());
    }

    /** Messages in the queue. */
    public int queued() {
        return queue.size();
    }

    /** Exchanges in the window that aren't complete. */
    int inflight() {
        return window.size();
    }

    // ---- connection

    /** CONNACK has left: sends again what was under way, then what is queued [5.0:MQTT-4.4.0-1]. */
    void attach(Outbound connection, int receiveMaximum) {
        assert loop.inLoop() && out == null;
        out = connection;
        sinceMs = loop.nowMs();
        window.connected(receiveMaximum, loop.limits().inflightBytesMax());
        if (intercepted != null) {
            intercepted.attached();
        }
        if (replays != null) {
            replays.attached(connection.restriction());
        }
        if (members != null) {
            members.attached(connection.restriction());
        }
        pump();
    }

    /** The connection is gone. */
    void detach() {
        assert loop.inLoop();
        out = null;
        link = null;
        sinceMs = loop.nowMs();
        if (members != null) {
            members.detached();
        }
    }

    /** In what its connection differs; null if in nothing, or if there is none. */
    @Nullable
    Restriction restriction() {
        return out == null ? null : out.restriction();
    }

    boolean isAttached() {
        return out != null;
    }

    @Override
    public boolean hasEnded() {
        return ended;
    }

    @Override
    public boolean isPausedByUs() {
        return link != null && link.isPausedByUs();
    }

    @Override
    public void tooSlow() {
        Link slow = link;
        if (slow != null) { // not inside a fan-out that is under way
            loop.runLater(() -> slow.disconnect(ReasonCode.QUOTA_EXCEEDED, "too many messages queued"));
        }
    }

    // ---- sending

    @Override
    void deliver(KeptMessage message, Target target, long entry, long nowMs) {
        assert loop.inLoop();
        if (isOwn(message, target)) {
            loop.traffic().withheld();
            return;
        }
        QoS qos = effectiveQoS(message, target);
        long stored = qos == QoS.AT_MOST_ONCE || !log.isOn() ? EntryId.NONE : entry;
        if (ended) {
            drop(message, stored, DropReason.SESSION_ENDED);
        } else if (!rights.mayReceive(message.topic())) {
            drop(message, stored, DropReason.NOT_AUTHORIZED);
        } else if (qos == QoS.AT_MOST_ONCE) {
            if (out == null || atMostOnceQueued) {
                deferAtMostOnce(message, target, nowMs);
            } else {
                deliverAtMostOnce(message, target, nowMs);
            }
        } else if (queue.isEmpty() && canSend()) {
            send(message, target, qos, stored, nowMs);
        } else {
            queue.add(message, target, stored);
        }
    }

    @Override
    boolean stores(KeptMessage message, Target target) {
        return log.isOn() && effectiveQoS(message, target) != QoS.AT_MOST_ONCE && !isOwn(message, target);
    }

    /** [5.0:MQTT-3.8.3-3]: it is the client identifier that counts, which may have had another session then. */
    boolean isOwn(KeptMessage message, Target target) {
        return target.noLocal() && clientId.equals(message.publisher());
    }

    /** There is no connection, or others of this QoS are queued since there was none: none of them is overtaken. */
    private void deferAtMostOnce(KeptMessage message, Target target, long nowMs) {
        atMostOnceQueued = out == null ? queue.takesAtMostOnce() : queue.holdsAtMostOnce();
        if (atMostOnceQueued) {
            queue.add(message, target, EntryId.NONE);
        } else {
            deliverAtMostOnce(message, target, nowMs);
        }
    }

    void deliverAtMostOnce(KeptMessage message, Target target, long nowMs) {
        Outbound to = out;
        if (to == null) {
            drop(message, EntryId.NONE, DropReason.OFFLINE_QOS_0);
        } else if (!to.isWritable()) {
            drop(message, EntryId.NONE, DropReason.SLOW_CONSUMER_QOS_0);
        } else if (intercepted != null) {
            intercepted.ask(
                    message, target, QoS.AT_MOST_ONCE, EntryId.NONE, (m, qos) -> sendAtMostOnce(to, m, target, nowMs));
        } else {
            sendAtMostOnce(to, message, target, nowMs);
        }
    }

    private void sendAtMostOnce(Outbound to, KeptMessage message, Target target, long nowMs) {
        if (maySend(to, message, target, QoS.AT_MOST_ONCE, EntryId.NONE)) {
            append(to, message, target, QoS.AT_MOST_ONCE, false, 0, nowMs);
        }
    }

    boolean isWritable() {
        return out != null && out.isWritable();
    }

    boolean canSend() {
        return window.hasRoom() && isWritable();
    }

    void send(KeptMessage message, Target target, QoS wanted, long entry, long nowMs) {
        Outbound to = out;
        assert to != null;
        QoS lowered = to.lower(wanted);
        if (intercepted != null) {
            intercepted.ask(message, target, lowered, entry, (m, qos) -> send(to, m, target, qos, entry, nowMs));
        } else {
            send(to, message, target, lowered, entry, nowMs);
        }
    }

    private void send(Outbound to, KeptMessage message, Target target, QoS qos, long entry, long nowMs) {
        if (!maySend(to, message, target, qos, entry)) {
            return;
        }
        if (qos == QoS.AT_MOST_ONCE) {
            append(to, message, target, qos, false, 0, nowMs);
            settle(message, target, entry);
            return;
        }
        message.retain();
        byte state = qos == QoS.AT_LEAST_ONCE ? OutboundWindow.SENT_QOS_1 : OutboundWindow.SENT_QOS_2;
        int packetId = window.add(message, target, state, entry);
        log.packetIdUsed(window.next());
        if (state == OutboundWindow.SENT_QOS_2 && entry != EntryId.NONE) {
            long ticket = log.sent(packetId, entry);
            loop.gate().hold(ticket, () -> sendHeld(to, packetId, entry));
        } else {
            boolean dup = EntryId.isMaybeSent(entry) && qos == QoS.AT_LEAST_ONCE;
            append(to, message, target, qos, dup, packetId, nowMs);
        }
    }

    /** Sends a message that a shared group has given to it. There is room. Borrows the message. */
    void sendShared(SessionMember from, KeptMessage message, Target target, long entry) {
        Outbound to = out;
        assert to != null;
        QoS lowered = to.lower(effectiveQoS(message, target));
        if (intercepted != null) {
            intercepted.ask(message, target, lowered, entry, (m, qos) -> sendShared(from, to, m, target, qos, entry));
        } else {
            sendShared(from, to, message, target, lowered, entry);
        }
    }

    private void sendShared(SessionMember from, Outbound to, KeptMessage message, Target target, QoS qos, long entry) {
        if (qos != QoS.EXACTLY_ONCE || entry == EntryId.NONE) {
            send(to, message, target, qos, entry, loop.nowMs());
        } else if (maySend(to, message, target, qos, entry)) {
            message.retain();
            long own = log.isOn() ? entry : EntryId.NONE;
            int packetId = window.add(message, target, OutboundWindow.SENT_QOS_2, own);
            log.packetIdUsed(window.next());
            from.moved(message, target, entry);
            long ticket = log.isOn() ? log.sent(packetId, own) : loop.changes().submit();
            loop.gate().hold(ticket, () -> sendHeld(to, packetId, own));
        }
    }

    /** That this QoS 2 message is under way is durable now: after a crash it would be sent under the same packet id. */
    private void sendHeld(Outbound to, int packetId, long entry) {
        long counter = out == to ? window.find(packetId) : -1;
        if (counter < 0 || window.entry(counter) != entry || to.isClosed()) {
            return; // another connection sends it again
        }
        KeptMessage message = window.message(counter);
        if (message == null) {
            return;
        }
        Target target = window.target(counter);
        DropReason refusal = whyNotAgain(to, message, target, QoS.EXACTLY_ONCE);
        if (refusal != null) { // its topic has lost its alias meanwhile, or its client a permission
            giveUp(counter, message, refusal);
            pump();
        } else {
            append(to, message, target, QoS.EXACTLY_ONCE, false, packetId, loop.nowMs());
        }
    }

    /** Drops and accounts for what must not be sent any more, or can't be. */
    private boolean maySend(Outbound to, KeptMessage message, Target target, QoS qos, long entry) {
        boolean expired = message.isExpired(loop.nowMs()); // [5.0:MQTT-3.3.2-5]
        DropReason refusal = expired ? DropReason.EXPIRED : to.refusal(message, target, qos);
        if (refusal != null) {
            dropUnsent(message, target, entry, refusal);
        }
        return refusal == null;
    }

    void dropUnsent(KeptMessage message, Target target, long entry, DropReason reason) {
        if (target.destination() == this) {
            drop(message, entry, reason);
        } else {
            ((SessionMember) target.destination()).drop(message, target, entry, reason);
        }
    }

    private void append(
            Outbound to, KeptMessage message, Target target, QoS qos, boolean dup, int packetId, long nowMs) {
        boolean retain = target.retainAsPublished() && message.retainFlag(); // [5.0:MQTT-3.3.1-12], [5.0:MQTT-3.3.1-13]
        PublishFrame frame = to.frame(message, target, qos);
        loop.traffic().publishSent(qos, frame.payloadBytes());
        long expirySeconds = message.expirySeconds(nowMs);
        OutboundAliases aliases = to.aliases();
        Alias alias = aliases == null ? null : aliases.of(message.topic(), frame, to.packetBytesMax());
        if (alias == null) {
            MqttEncoder.publish(to.room(frame.headBytes()), frame, dup, qos, retain, packetId, expirySeconds);
        } else {
            boolean isNew = alias.isNew();
            ByteBuf room = to.room(frame.headBytesWithAlias(isNew));
            MqttEncoder.publishWithAlias(room, frame, alias.number, isNew, dup, qos, retain, packetId, expirySeconds);
            alias.sent();
        }
        ByteBuf large = frame.largePayload();
        if (large != null) {
            to.append(large);
        }
    }

    @Override
    public void drop(@Nullable KeptMessage message, long entry, DropReason reason) {
        loop.drops().count(clientId, message == null ? "(stored)" : message.topic(), reason, 1);
        log.entryGone(entry);
    }

    // ---- pumping

    /** Sends what can be sent now: what is to be sent again, then the queue, then retained messages. */
    @Override
    public void pump() {
        Outbound to = out;
        if (to == null) {
            return;
        }
        long nowMs = loop.nowMs();
        resend(to, nowMs);
        if (members != null) {
            members.pump(nowMs);
        }
        while (canSend() && queue.isReady()) {
            Target target = queue.headTarget();
            long entry = queue.headEntry();
            KeptMessage message = queue.remove();
            sendQueued(message, target, entry, nowMs);
            message.release();
        }
        if (queue.isEmpty()) {
            if (replays != null) {
                replays.pump(nowMs);
            }
        } else if (canSend()) {
            queue.read();
        }
        if (members != null) {
            members.unblock();
        }
    }

    private void sendQueued(KeptMessage message, Target target, long entry, long nowMs) {
        QoS qos = effectiveQoS(message, target);
        if (!rights.mayReceive(message.topic())) { // any more
            drop(message, entry, DropReason.NOT_AUTHORIZED);
        } else if (qos == QoS.AT_MOST_ONCE) {
            deliverAtMostOnce(message, target, nowMs);
        } else {
            send(message, target, qos, entry, nowMs);
        }
    }

    private void resend(Outbound to, long nowMs) {
        while (to.isWritable()) {
            long counter = window.nextResend();
            if (counter < 0) {
                return;
            }
            KeptMessage message = window.message(counter);
            if (message == null) {
                pubrel(OutboundWindow.packetId(counter));
                window.resent();
            } else if (intercepted == null || intercepted.mayResend(counter, message)) {
                resend(to, counter, nowMs);
            }
        }
    }

    private void resend(Outbound to, long counter, long nowMs) {
        KeptMessage message = Objects.requireNonNull(window.message(counter), "released");
        QoS qos = window.qos(counter);
        Target target = window.target(counter);
        DropReason refusal = whyNotAgain(to, message, target, qos);
        if (refusal != null) { // there was none for the connection before
            giveUp(counter, message, refusal);
        } else { // [5.0:MQTT-3.3.1-1], [3.1.1:MQTT-3.3.1-1]; sent once, it no longer expires [5.0:MQTT-4.3.3-7]
            append(to, message, target, qos, true, OutboundWindow.packetId(counter), nowMs);
            window.resent();
        }
    }

    /** Why a message that is in the window can't be sent any more; null if it can. */
    private @Nullable DropReason whyNotAgain(Outbound to, KeptMessage message, Target target, QoS qos) {
        boolean may = rights.mayReceive(message.origin().topic());
        return may ? to.refusal(message, target, qos) : DropReason.NOT_AUTHORIZED;
    }

    void giveUp(long counter, KeptMessage message, DropReason reason) {
        Target target = window.target(counter);
        boolean groups = target.destination() != this && window.state(counter) == OutboundWindow.SENT_QOS_1;
        if (groups && reason == DropReason.NOT_AUTHORIZED) { // another member may have it
            ((SessionMember) target.destination()).giveBack(message, target, window.entry(counter));
            window.complete(counter);
            return;
        }
        loop.drops().count(clientId, message.topic(), reason, 1);
        settle(counter);
        finish(counter);
    }

    /**
     * A message that was sent needs no entry any more: it is acknowledged, or refused by its receiver, which nobody else is
     * sent then [5.0:MQTT-4.8.2-6].
     */
    private void settle(long counter) {
        Target target = window.target(counter);
        if (target.destination() == this || window.state(counter) != OutboundWindow.SENT_QOS_1) {
            log.entryGone(window.entry(counter));
        } else {
            ((SessionMember) target.destination()).entryGone(window.entry(counter));
        }
        doneForGroup(counter);
    }

    /** A message that is sent with QoS 0, although there is an entry for it, is done with. */
    private void settle(KeptMessage message, Target target, long entry) {
        if (target.destination() == this) {
            log.entryGone(entry);
        } else {
            ((SessionMember) target.destination()).entryGone(entry);
            ((SessionMember) target.destination()).done(message, target);
        }
    }

    /** One of a shared group's may take its place. */
    private void doneForGroup(long counter) {
        Target target = window.target(counter);
        KeptMessage message = window.message(counter);
        if (target.destination() != this && message != null) {
            ((SessionMember) target.destination()).done(message, target);
        }
    }

    /** The exchange is over; its entry has been accounted for. */
    private void finish(long counter) {
        if (window.state(counter) != OutboundWindow.SENT_QOS_1) {
            log.completed(OutboundWindow.packetId(counter), window.entry(counter));
        }
        window.complete(counter);
    }

    // ---- acknowledgements of the client

    // An id that isn't in use changes nothing; a packet that its exchange doesn't wait for is a protocol error.

    /**
     * PUBACK.
     *
     * @throws MalformedPacket if the id belongs to a QoS 2 message
     */
    public void puback(int packetId, ReasonCode reason) throws MalformedPacket {
        assert loop.inLoop();
        long counter = window.find(packetId);
        if (counter >= 0) {
            require(window.state(counter) == OutboundWindow.SENT_QOS_1, "PUBACK for a QoS 2 message");
            countRejected(counter, reason);
            settle(counter);
            finish(counter);
            pump();
        }
    }

    /**
     * PUBREC: PUBREL follows [5.0:MQTT-4.3.3-4], unless it is an error [5.0:MQTT-4.4.0-2].
     *
     * @throws MalformedPacket if the id belongs to a QoS 1 message
     */
    public void pubrec(int packetId, ReasonCode reason) throws MalformedPacket {
        assert loop.inLoop();
        long counter = window.find(packetId);
        byte state = counter < 0 ? OutboundWindow.FREE : window.state(counter);
        require(state != OutboundWindow.SENT_QOS_1, "PUBREC for a QoS 1 message");
        if (reason.isError()) {
            if (state == OutboundWindow.SENT_QOS_2) {
                countRejected(counter, reason);
                settle(counter);
                finish(counter);
                pump();
            }
            return;
        }
        if (state == OutboundWindow.SENT_QOS_2) {
            loop.traffic().acknowledged();
            log.released(packetId, window.entry(counter));
            doneForGroup(counter);
            window.release(counter);
        }
        releaseLater(packetId); // also for an id that isn't in use: its receiver has to come to an end
    }

    /** PUBREL, once it is durable that PUBREC has come. */
    private void releaseLater(int packetId) {
        Outbound to = out;
        if (!log.isOn() || loop.gate().passes(log.lastTicket())) {
            pubrel(packetId);
        } else {
            loop.gate().hold(log.lastTicket(), () -> {
                if (out == to) {
                    pubrel(packetId);
                }
            });
        }
    }

    private void pubrel(int packetId) {
        Outbound to = out;
        if (to != null && !to.isClosed()) {
            ReasonCode success = ReasonCode.SUCCESS;
            int bytes = MqttEncoder.ackBytes(to.version(), success, Properties.EMPTY);
            MqttEncoder.ack(to.room(bytes), to.version(), PacketType.PUBREL, packetId, success, Properties.EMPTY);
        }
    }

    /**
     * PUBCOMP: the id is free.
     *
     * @throws MalformedPacket if no PUBREL was sent for it
     */
    public void pubcomp(int packetId) throws MalformedPacket {
        assert loop.inLoop();
        long counter = window.find(packetId);
        if (counter >= 0) {
            require(window.state(counter) == OutboundWindow.RELEASED, "PUBCOMP before PUBREL");
            finish(counter);
            pump();
        }
    }

    private static void require(boolean condition, String otherwise) throws MalformedPacket {
        if (!condition) { // inconsistent with the state of the exchange [5.0 section 1.2]
            throw new MalformedPacket(ReasonCode.PROTOCOL_ERROR, otherwise);
        }
    }

    private void countRejected(long counter, ReasonCode reason) {
        KeptMessage message = window.message(counter);
        if (reason.isError() && message != null) {
            loop.drops().count(clientId, message.topic(), DropReason.REJECTED_BY_RECEIVER, 1);
        } else if (message != null) {
            loop.traffic().acknowledged();
        }
    }

    /** The transport takes more again. */
    public void writable() {
        assert loop.inLoop();
        pump();
    }

    // ---- QoS 2 publishes of the client

    /** The QoS 2 packet ids that are noted; null for none. */
    @Nullable
    BitSet received() {
        return received;
    }

    /** Whether a QoS 2 packet id is noted. */
    boolean hasReceived(int packetId) {
        return received != null && received.get(packetId);
    }

    /** Notes a QoS 2 packet id. */
    void receive(int packetId) {
        if (received == null) {
            received = new BitSet();
        }
        received.set(packetId);
    }

    /** Forgets a QoS 2 packet id; false if it wasn't noted. */
    boolean forget(int packetId) {
        if (received == null || !received.get(packetId)) {
            return false;
        }
        received.clear(packetId);
        return true;
    }

    // ---- the end

    /** Gives everything back, in the store too, and counts what will not be delivered. */
    void discard(DropReason reason) {
        ended = true;
        if (members != null) {
            members.sessionEnds();
        }
        log.discard(received);
        queue.dropAll(reason);
        forget(reason);
        log.discarded();
    }

    /** Gives back what it holds in memory; what is in the store stays there. */
    void leave(DropReason reason) {
        ended = true;
        if (members != null) {
            members.close();
        }
        if (log.isOn()) {
            queue.forget(reason);
            window.clear();
        } else {
            queue.dropAll(reason);
            forget(reason);
        }
    }

    private void forget(DropReason reason) {
        int unacknowledged = window.clear();
        if (unacknowledged > 0) {
            loop.drops().count(clientId, "(in flight)", reason, unacknowledged);
        }
        replays = null;
        received = null;
    }

    @Override
    public String toString() {
        return "session " + clientId;
    }
}
