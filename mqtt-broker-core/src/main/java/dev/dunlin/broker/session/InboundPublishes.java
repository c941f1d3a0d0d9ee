package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Targets;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.Publish;
import dev.dunlin.codec.ReasonCode;
import org.jspecify.annotations.Nullable;

/**
 * What one connection publishes: quota, QoS 2 duplicates, routing, acknowledgement. Row 3 of the path of a publish. One
 * per connection; loop only.
 *
 * <p>Remembers the targets of the last topic: a client mostly publishes to one topic again and again, and the decoder
 * hands the same String for the same bytes.
 */
public final class InboundPublishes { // hot
    private final SessionLoop loop;
    private final Session session;
    private final Outbound out;
    private final Replies replies;
    private final Link link;
    private final int receiveMaximum;

    private @Nullable String lastTopic;
    private @Nullable Targets lastTargets;

    /** QoS 1 and 2 publishes whose exchange isn't complete: the quota of a 5.0 client [5.0 section 4.9]. */
    private int open;

    InboundPublishes(Session session, Link link, Outbound out, Replies replies, int receiveMaximum) {
        this.loop = session.loop;
        this.session = session;
        this.link = link;
        this.out = out;
        this.replies = replies;
        this.receiveMaximum = receiveMaximum;
    }

    /**
     * Takes in a PUBLISH. Borrows it.
     *
     * @throws MalformedPacket if the client breaks a rule and must be disconnected
     */
    public void accept(Publish publish) throws MalformedPacket {
        assert loop.inLoop();
        if (publish.topicAlias() != 0) { // [5.0:MQTT-3.2.2-18]: no alias was offered
            throw new MalformedPacket(ReasonCode.TOPIC_ALIAS_INVALID, "topic alias above the maximum of 0");
        }
        switch (publish.qos()) {
            case AT_MOST_ONCE -> loop.router().route(publish, this);
            case AT_LEAST_ONCE -> acceptAtLeastOnce(publish);
            case EXACTLY_ONCE -> acceptExactlyOnce(publish);
        }
    }

    private void acceptAtLeastOnce(Publish publish) throws MalformedPacket {
        begin();
        acknowledge(PacketType.PUBACK, publish.packetId(), loop.router().route(publish, this));
    }

    private void acceptExactlyOnce(Publish publish) throws MalformedPacket {
        int packetId = publish.packetId();
        if (session.hasReceived(
                packetId)) { // [5.0:MQTT-4.3.3-10], [3.1.1:MQTT-4.3.3-2]: not routed, nor counted, again
            acknowledge(PacketType.PUBREC, packetId, ReasonCode.SUCCESS);
            return;
        }
        begin();
        session.receive(packetId);
        ReasonCode outcome = loop.router().route(publish, this);
        if (outcome.isError() && out.version() == MqttVersion.V5) {
            session.forget(packetId); // [5.0:MQTT-4.3.3-9]
        }
        acknowledge(PacketType.PUBREC, packetId, outcome);
    }

    /** Takes in a PUBREL: the packet id is free again [5.0:MQTT-4.3.3-11], [3.1.1:MQTT-4.3.3-2]. */
    public void release(int packetId) {
        assert loop.inLoop();
        boolean known = session.forget(packetId);
        acknowledge(PacketType.PUBCOMP, packetId, known ? ReasonCode.SUCCESS : ReasonCode.PACKET_IDENTIFIER_NOT_FOUND);
    }

    private void begin() throws MalformedPacket {
        if (out.version() == MqttVersion.V5 && open >= receiveMaximum) { // [5.0:MQTT-3.3.4-7]
            throw new MalformedPacket(
                    ReasonCode.RECEIVE_MAXIMUM_EXCEEDED, "more than " + receiveMaximum + " unacknowledged publishes");
        }
        open++;
    }

    private void acknowledge(PacketType type, int packetId, ReasonCode reason) {
        if (replies.mayLeave()) { // no object is made when nothing is held back
            append(type, packetId, reason);
        } else {
            replies.leave(() -> append(type, packetId, reason));
        }
    }

    private void append(PacketType type, int packetId, ReasonCode reason) {
        Properties why = explain(reason);
        MqttVersion version = out.version();
        MqttEncoder.ack(out.room(MqttEncoder.ackBytes(version, reason, why)), version, type, packetId, reason, why);
        if (type != PacketType.PUBREC || reason.isError()) { // [5.0 section 4.9]: the exchange is complete
            open = Math.max(0, open - 1);
        }
    }

    /** A reason string for an error, where it may be sent and fits [5.0:MQTT-3.4.2-2], [5.0:MQTT-3.5.2-2]. */
    private Properties explain(ReasonCode reason) {
        if (!reason.isError() || !out.mayExplain()) {
            return Properties.EMPTY;
        }
        String text = switch (reason) {
            case QUOTA_EXCEEDED -> "too many retained messages";
            case TOPIC_NAME_INVALID -> "too many topic levels";
            case NOT_AUTHORIZED -> "not a topic for clients";
            default -> "";
        };
        if (text.isEmpty()) {
            return Properties.EMPTY;
        }
        Properties why = Properties.builder().add(Property.REASON_STRING, text).build();
        return MqttEncoder.ackBytes(out.version(), reason, why) <= out.packetBytesMax() ? why : Properties.EMPTY;
    }

    /** A loop has been handed more than it can take: this client is read no further until there is room. */
    void waitForRoom(SessionLoop crowded) {
        link.pause(PauseReason.MAILBOX);
        crowded.awaitRoom(loop, () -> link.resume(PauseReason.MAILBOX));
    }

    KeptMessage keep(Publish publish) {
        return KeptMessage.of(publish, out.version(), session.clientId, loop.nowMs());
    }

    Targets targets(String topic) {
        Targets last = lastTargets;
        if (last != null && topic.equals(lastTopic) && loop.router().isCurrent(last)) {
            return last;
        }
        lastTopic = topic;
        lastTargets = loop.router().match(topic);
        return lastTargets;
    }

    String clientId() {
        return session.clientId;
    }
}
