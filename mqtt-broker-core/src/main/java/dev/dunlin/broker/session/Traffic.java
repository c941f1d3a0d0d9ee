package dev.dunlin.broker.session;

import dev.dunlin.codec.QoS;
import org.jspecify.annotations.Nullable;

/**
 * What one loop counts: packets in and out, and what its sessions have. Written by that loop only, in plain fields, so that
 * counting costs an addition; read by anybody, who may see a figure of a moment ago, and no two of one moment.
 */
public final class Traffic { // hot
    private static final int QOS = 3;

    private final long[] receivedPublishes = new long[QOS];
    private final long[] sentPublishes = new long[QOS];
    private long receivedPackets;
    private long receivedBytes;
    private long receivedPayloadBytes;
    private long sentPackets;
    private long sentBytes;
    private long sentPayloadBytes;
    private long connects;
    private long refusedConnects;
    private long sessionsExpired;
    private long subscriptions;
    private long sharedSubscriptions;
    private long queuedMessages;
    private long queuedBytes;
    private long inflightMessages;
    private long inflightBytes;
    private long targets;
    private long replayed;
    private long restored;
    private long acknowledged;

    /** Of a sum only. */
    private long handled;

    private long withheld;

    /** Who looks on. */
    private @Nullable Traces traces;

    Traffic() {}

    /** The traces that are on; null for none. Its loop only. */
    public @Nullable Traces traces() {
        return traces;
    }

    void traces(@Nullable Traces now) {
        traces = now;
    }

    // ---- counting; its loop only

    /** Bytes of MQTT have come, whole packets or not. */
    public void bytesReceived(int bytes) {
        receivedBytes += bytes;
    }

    /** Packets have come, whatever becomes of them. */
    public void packetsReceived(int packets) {
        receivedPackets += packets;
    }

    void publishReceived(QoS qos, int payloadBytes) {
        receivedPublishes[qos.level()]++;
        receivedPayloadBytes += payloadBytes;
    }

    /** Packets, and bytes of MQTT, are handed to the transport. */
    void sent(int packets, int bytes) {
        sentPackets += packets;
        sentBytes += bytes;
    }

    void publishSent(QoS qos, int payloadBytes) {
        sentPublishes[qos.level()]++;
        sentPayloadBytes += payloadBytes;
    }

    /** A CONNACK with success has left. */
    public void connected() {
        connects++;
    }

    /** A client that has sent CONNECT isn't let in. */
    public void connectRefused() {
        refusedConnects++;
    }

    void sessionExpired() {
        sessionsExpired++;
    }

    /** There are so many subscriptions more, or less. */
    void subscriptions(boolean shared, int change) {
        subscriptions += change;
        sharedSubscriptions += shared ? change : 0;
    }

    /** There are so many messages more in queues, or less. */
    void queued(int change) {
        queuedMessages += change;
    }

    // Every delivery that begins is in one of these three, ...

    /** A publish has so many targets, each of which it is now a delivery to. */
    void routed(int count) {
        targets += count;
    }

    /** A retained message is to be delivered for a new subscription. */
    void replayed() {
        replayed++;
    }

    /** So many deliveries of an earlier process go on, read from the store; or end, without having been read. */
    void restored(int deliveries) {
        restored += deliveries;
    }

    // ... and ends in one of these, in a PUBLISH of QoS 0 that is sent, with a handler ({@code Core.handled}), or in
    // Drops.

    /** The receiver of a message of QoS 1 or 2 has it. */
    void acknowledged() {
        acknowledged++;
    }

    /** A client isn't sent what it has published itself [5.0:MQTT-3.8.3-3]. */
    void withheld() {
        withheld++;
    }

    // ---- reading; any thread

    /** The sum of what all loops have counted up to now. */
    static Traffic sum(Core core) {
        Traffic sum = new Traffic();
        for (int i = 0; i < core.loopCount(); i++) {
            SessionLoop loop = core.loop(i);
            loop.traffic().addTo(sum);
            sum.queuedBytes += loop.queuedBytes();
            sum.inflightMessages += loop.unacknowledged().messages();
            sum.inflightBytes += loop.unacknowledged().get();
        }
        sum.handled = core.handedOut();
        return sum;
    }

    private void addTo(Traffic sum) {
        for (int i = 0; i < QOS; i++) {
            sum.receivedPublishes[i] += receivedPublishes[i];
            sum.sentPublishes[i] += sentPublishes[i];
        }
        sum.receivedPackets += receivedPackets;
        sum.receivedBytes += receivedBytes;
        sum.receivedPayloadBytes += receivedPayloadBytes;
        sum.sentPackets += sentPackets;
        sum.sentBytes += sentBytes;
        sum.sentPayloadBytes += sentPayloadBytes;
        sum.connects += connects;
        sum.refusedConnects += refusedConnects;
        sum.sessionsExpired += sessionsExpired;
        sum.subscriptions += subscriptions;
        sum.sharedSubscriptions += sharedSubscriptions;
        sum.queuedMessages += queuedMessages;
        sum.targets += targets;
        sum.replayed += replayed;
        sum.restored += restored;
        sum.acknowledged += acknowledged;
        sum.withheld += withheld;
    }

    /** Deliveries that have begun: to the targets of publishes, of retained messages, and of an earlier process. */
    public long begun() {
        return targets + replayed + restored;
    }

    /** Deliveries that were made: sent with QoS 0, acknowledged, or given to a handler, which may have failed on it. */
    public long made() {
        return sentPublishes(QoS.AT_MOST_ONCE) + acknowledged + handled;
    }

    /** Deliveries that weren't to be made after all: to who has published it, and asked not to be sent that. */
    public long withheldFromPublishers() {
        return withheld;
    }

    /** PUBLISH packets of this QoS that have come, refused and repeated ones too. */
    public long receivedPublishes(QoS qos) {
        return receivedPublishes[qos.level()];
    }

    /** PUBLISH packets of this QoS that were sent, repeated ones too. */
    public long sentPublishes(QoS qos) {
        return sentPublishes[qos.level()];
    }

    public long receivedPackets() {
        return receivedPackets;
    }

    public long receivedBytes() {
        return receivedBytes;
    }

    public long receivedPayloadBytes() {
        return receivedPayloadBytes;
    }

    public long sentPackets() {
        return sentPackets;
    }

    public long sentBytes() {
        return sentBytes;
    }

    public long sentPayloadBytes() {
        return sentPayloadBytes;
    }

    public long connects() {
        return connects;
    }

    public long refusedConnects() {
        return refusedConnects;
    }

    public long sessionsExpired() {
        return sessionsExpired;
    }

    /** Of sessions, shared ones included. */
    public long subscriptions() {
        return subscriptions;
    }

    public long sharedSubscriptions() {
        return sharedSubscriptions;
    }

    /** Messages in queues, of those that are known: without those of an earlier process that are only in the store. */
    public long queuedMessages() {
        return queuedMessages;
    }

    /** What they occupy in memory. */
    public long queuedBytes() {
        return queuedBytes;
    }

    /** Messages sent and not acknowledged. */
    public long inflightMessages() {
        return inflightMessages;
    }

    /** What they occupy in memory. */
    public long inflightBytes() {
        return inflightBytes;
    }
}
