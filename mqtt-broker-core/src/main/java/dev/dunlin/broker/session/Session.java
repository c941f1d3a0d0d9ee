package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Subscription;
import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import io.netty.buffer.ByteBuf;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The state of one client, connected or not [5.0 section 4.1], and what is sent to it. Row 7 of the path of a publish.
 * Touched by its home loop only.
 *
 * <p>A QoS 1 or 2 message that is delivered goes into the window if there is room and the connection takes it, else into
 * the queue behind; the queue is pumped whenever an acknowledgement, a writable connection or a new one makes room.
 * Subscriptions and life cycle are worked on by {@link SubscriptionRequests} and {@link Sessions}.
 */
public final class Session extends Recipient implements RetainedReplay.Receiver { // hot
    private static final int REPLAY_STEPS_PER_PUMP = 1_000;

    final String clientId;
    final Map<String, Subscription> subscriptions = new HashMap<>(4);

    /** By filter, in the order in which they began. */
    final Map<String, RetainedReplay> replays = new LinkedHashMap<>(0);

    private final Limits limits;
    private final OutboundWindow window;
    private final MessageQueue queue = new MessageQueue();
    private @Nullable BitSet received;

    // ---- the connection; the link is set from the opening on, the way out only once CONNACK has left
    @Nullable
    Link link;

    private @Nullable Outbound out;
    private boolean pumpAgain;

    // ---- life cycle, kept by Sessions
    long expirySeconds;

    @Nullable
    PendingWill will;

    SessionLoop.@Nullable Timer willTimer;

    SessionLoop.@Nullable Timer expiryTimer;

    boolean ended;

    Session(long sid, SessionLoop loop, String clientId, Limits limits) {
        super(sid, loop);
        this.clientId = clientId;
        this.limits = limits;
        window = new OutboundWindow(limits.inflightBytesMax());
    }

    @Override
    public boolean isPersistent() {
        return expirySeconds > 0;
    }

    /** The last change of this session that was submitted to a store; replies wait for it. 0: in memory there is none. */
    long lastTicket() {
        return 0;
    }

    /** Messages in the queue. */
    int queued() {
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
        window.connected(receiveMaximum);
        pump();
    }

    /** The connection is gone. */
    void detach() {
        assert loop.inLoop();
        out = null;
        link = null;
    }

    boolean isAttached() {
        return out != null;
    }

    // ---- sending

    @Override
    void deliver(KeptMessage message, Target target, long nowMs) {
        assert loop.inLoop();
        if (isOwn(message, target)) {
            return;
        }
        if (ended) {
            drop(message, DropReason.SESSION_ENDED);
            return;
        }
        QoS qos = effectiveQoS(message, target);
        if (qos == QoS.AT_MOST_ONCE) {
            deliverAtMostOnce(message, target, nowMs);
        } else if (queue.isEmpty() && canSend()) {
            send(message, target, qos, nowMs);
        } else {
            enqueue(message, target);
        }
    }

    /** [5.0:MQTT-3.8.3-3]: it is the client identifier that counts, which may have had another session then. */
    private boolean isOwn(KeptMessage message, Target target) {
        return target.noLocal() && clientId.equals(message.publisher());
    }

    /** [5.0:MQTT-3.8.4-8], [3.1.1:MQTT-3.8.4-6]: the lower of published and granted. */
    private static QoS effectiveQoS(KeptMessage message, Target target) {
        QoS published = message.qos();
        QoS granted = target.qos();
        return published.level() < granted.level() ? published : granted;
    }

    private void deliverAtMostOnce(KeptMessage message, Target target, long nowMs) {
        Outbound to = out;
        if (to == null) {
            drop(message, DropReason.OFFLINE_QOS_0);
        } else if (!to.isWritable()) {
            drop(message, DropReason.SLOW_CONSUMER_QOS_0);
        } else if (maySend(to, message, target, QoS.AT_MOST_ONCE, nowMs)) {
            append(to, message, target, QoS.AT_MOST_ONCE, false, 0, nowMs);
        }
    }

    private boolean canSend() {
        return out != null && window.hasRoom() && out.isWritable();
    }

    private void send(KeptMessage message, Target target, QoS qos, long nowMs) {
        Outbound to = out;
        assert to != null;
        if (!maySend(to, message, target, qos, nowMs)) {
            return;
        }
        message.retain();
        byte state = qos == QoS.AT_LEAST_ONCE ? OutboundWindow.SENT_QOS_1 : OutboundWindow.SENT_QOS_2;
        int packetId = window.add(message, target, state);
        append(to, message, target, qos, false, packetId, nowMs);
    }

    /** Drops and accounts for what must not be sent any more, or can't be. */
    private boolean maySend(Outbound to, KeptMessage message, Target target, QoS qos, long nowMs) {
        if (message.isExpired(nowMs)) { // [5.0:MQTT-3.3.2-5]
            drop(message, DropReason.EXPIRED);
            return false;
        }
        if (isTooLarge(to, message, target, qos)) {
            drop(message, DropReason.PACKET_TOO_LARGE); // [5.0:MQTT-3.1.2-24], [5.0:MQTT-3.1.2-25]
            return false;
        }
        return true;
    }

    private static boolean isTooLarge(Outbound to, KeptMessage message, Target target, QoS qos) {
        PublishFrame frame = message.frame(to.version(), qos != QoS.AT_MOST_ONCE, target.subscriptionIds());
        return frame.packetBytes() > to.packetBytesMax();
    }

    private static void append(
            Outbound to, KeptMessage message, Target target, QoS qos, boolean dup, int packetId, long nowMs) {
        boolean retain = target.retainAsPublished() && message.retainFlag(); // [5.0:MQTT-3.3.1-12], [5.0:MQTT-3.3.1-13]
        PublishFrame frame = message.frame(to.version(), qos != QoS.AT_MOST_ONCE, target.subscriptionIds());
        ByteBuf room = to.room(frame.headBytes());
        MqttEncoder.publish(room, frame, dup, qos, retain, packetId, message.expirySeconds(nowMs));
        ByteBuf large = frame.largePayload();
        if (large != null) {
            to.append(large);
        }
    }

    private void drop(KeptMessage message, DropReason reason) {
        loop.drops().count(clientId, message.topic(), reason, 1);
    }

    // ---- queueing

    private void enqueue(KeptMessage message, Target target) {
        if (isFull(message)) {
            dropExpiredHeads(loop.nowMs()); // before anything that is still good
        }
        if (isFull(message)) {
            overflow(message);
            if (isFull(message)) {
                return;
            }
        }
        message.retain();
        queue.add(message, target);
        loop.queuedBytes(message.footprintBytes());
    }

    /** Whether the queue can't take the message as it is. */
    private boolean isFull(KeptMessage message) {
        return isFull(message, queue.size(), queue.bytes());
    }

    /**
     * Whether the queue couldn't take the message with this content. While <em>we</em> have paused the client's reading it
     * can't acknowledge: then its own bounds don't count, only the loop's share of the broker-wide one.
     */
    private boolean isFull(KeptMessage message, int queuedMessages, long queuedBytes) {
        long bytes = queuedBytes + message.footprintBytes();
        long otherSessions = loop.queuedBytes() - queue.bytes();
        if (otherSessions + bytes > loop.queueBytesShare()) {
            return true;
        }
        boolean ourFault = link != null && link.isPausedByUs();
        return !ourFault && (queuedMessages >= limits.queueMessagesMax() || bytes > limits.queueBytesMax());
    }

    /** Applies the policy: after it there is room, or the message is dropped and accounted for. */
    private void overflow(KeptMessage message) {
        switch (limits.queueOverflow()) {
            case DROP_OLDEST -> {
                if (isFull(message, 0, 0)) { // nothing older would make room for it
                    drop(message, DropReason.QUEUE_FULL);
                    return;
                }
                while (isFull(message)) {
                    dropHead(DropReason.QUEUE_FULL);
                }
            }
            case DROP_NEWEST -> drop(message, DropReason.QUEUE_FULL);
            case DISCONNECT -> {
                drop(message, DropReason.QUEUE_FULL);
                Link slow = link;
                if (slow != null) { // not inside a fan-out that is under way
                    loop.runLater(() -> slow.disconnect(ReasonCode.QUOTA_EXCEEDED, "too many messages queued"));
                }
            }
        }
    }

    private void dropExpiredHeads(long nowMs) {
        for (KeptMessage head = queue.peek(); head != null && head.isExpired(nowMs); head = queue.peek()) {
            dropHead(DropReason.EXPIRED);
        }
    }

    private void dropHead(DropReason reason) {
        KeptMessage oldest = removeHead();
        drop(oldest, reason);
        oldest.release();
    }

    private KeptMessage removeHead() {
        KeptMessage head = queue.remove();
        loop.queuedBytes(-head.footprintBytes());
        return head;
    }

    /** Sends what can be sent now: what is to be sent again, then the queue, then retained messages. */
    void pump() {
        Outbound to = out;
        if (to == null) {
            return;
        }
        long nowMs = loop.nowMs();
        resend(to, nowMs);
        while (!queue.isEmpty() && canSend()) {
            Target target = queue.peekTarget();
            KeptMessage message = removeHead();
            send(message, target, effectiveQoS(message, target), nowMs);
            message.release();
        }
        if (!replays.isEmpty() && queue.isEmpty()) {
            replayRetained(nowMs);
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
                pubrel(OutboundWindow.packetId(counter), ReasonCode.SUCCESS);
                window.resent();
            } else {
                resend(to, counter, message, nowMs);
            }
        }
    }

    private void resend(Outbound to, long counter, KeptMessage message, long nowMs) {
        QoS qos = window.state(counter) == OutboundWindow.SENT_QOS_1 ? QoS.AT_LEAST_ONCE : QoS.EXACTLY_ONCE;
        Target target = window.target(counter);
        if (isTooLarge(to, message, target, qos)) { // it wasn't for the connection before
            drop(message, DropReason.PACKET_TOO_LARGE);
            window.complete(counter);
        } else { // [5.0:MQTT-3.3.1-1], [3.1.1:MQTT-3.3.1-1]; sent once, it no longer expires [5.0:MQTT-4.3.3-7]
            append(to, message, target, qos, true, OutboundWindow.packetId(counter), nowMs);
            window.resent();
        }
    }

    private void replayRetained(long nowMs) {
        int steps = REPLAY_STEPS_PER_PUMP;
        while (!replays.isEmpty()) {
            RetainedReplay replay = replays.values().iterator().next();
            while (steps > 0 && !replay.isDone() && canReplay(replay)) {
                steps--;
                if (replay.next()) {
                    replay.sendTo(this, nowMs);
                }
            }
            if (!replay.isDone()) {
                if (steps == 0 && !pumpAgain) { // others have a turn meanwhile
                    pumpAgain = true;
                    loop.execute(() -> {
                        pumpAgain = false;
                        pump();
                    });
                }
                return;
            }
            replays.remove(replay.filter());
        }
    }

    /** Sends no more retained messages for the subscription with this filter. */
    void stopReplay(String filter) {
        replays.remove(filter);
    }

    private boolean canReplay(RetainedReplay replay) {
        return out != null && out.isWritable() && (replay.isAtMostOnce() || window.hasRoom());
    }

    /** Sends a retained message for a new subscription. There is room in the window. Borrows the message. */
    @Override
    public void retained(KeptMessage message, Target target, long nowMs) {
        if (isOwn(message, target)) {
            return;
        }
        QoS qos = effectiveQoS(message, target);
        if (qos == QoS.AT_MOST_ONCE) {
            deliverAtMostOnce(message, target, nowMs);
        } else {
            send(message, target, qos, nowMs);
        }
    }

    // ---- acknowledgements of the client

    /** PUBACK. An id that isn't in use, or belongs to QoS 2, changes nothing. */
    public void puback(int packetId, ReasonCode reason) {
        assert loop.inLoop();
        long counter = window.find(packetId);
        if (counter >= 0 && window.state(counter) == OutboundWindow.SENT_QOS_1) {
            countRejected(counter, reason);
            window.complete(counter);
            pump();
        }
    }

    /** PUBREC: PUBREL follows [5.0:MQTT-4.3.3-4], unless it is an error [5.0:MQTT-4.4.0-2]. */
    public void pubrec(int packetId, ReasonCode reason) {
        assert loop.inLoop();
        long counter = window.find(packetId);
        byte state = counter < 0 ? OutboundWindow.FREE : window.state(counter);
        if (reason.isError()) {
            if (state == OutboundWindow.SENT_QOS_2) {
                countRejected(counter, reason);
                window.complete(counter);
                pump();
            }
            return;
        }
        if (state == OutboundWindow.SENT_QOS_2) {
            window.release(counter);
            pubrel(packetId, ReasonCode.SUCCESS);
        } else if (state == OutboundWindow.RELEASED) {
            pubrel(packetId, ReasonCode.SUCCESS);
        } else {
            pubrel(packetId, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND);
        }
    }

    private void pubrel(int packetId, ReasonCode reason) {
        Outbound to = out;
        if (to != null) {
            int bytes = MqttEncoder.ackBytes(to.version(), reason, Properties.EMPTY);
            MqttEncoder.ack(to.room(bytes), to.version(), PacketType.PUBREL, packetId, reason, Properties.EMPTY);
        }
    }

    /** PUBCOMP: the id is free. */
    public void pubcomp(int packetId) {
        assert loop.inLoop();
        long counter = window.find(packetId);
        if (counter >= 0 && window.state(counter) == OutboundWindow.RELEASED) {
            window.complete(counter);
            pump();
        }
    }

    private void countRejected(long counter, ReasonCode reason) {
        KeptMessage message = window.message(counter);
        if (reason.isError() && message != null) {
            drop(message, DropReason.REJECTED_BY_RECEIVER);
        }
    }

    /** The transport takes more again. */
    public void writable() {
        assert loop.inLoop();
        pump();
    }

    // ---- QoS 2 publishes of the client

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

    /** Gives everything back and counts what will not be delivered. */
    void discard(DropReason reason) {
        ended = true;
        while (!queue.isEmpty()) {
            dropHead(reason);
        }
        int unacknowledged = window.clear();
        if (unacknowledged > 0) {
            loop.drops().count(clientId, "(in flight)", reason, unacknowledged);
        }
        replays.clear();
        received = null;
    }

    @Override
    public String toString() {
        return "session " + clientId;
    }
}
