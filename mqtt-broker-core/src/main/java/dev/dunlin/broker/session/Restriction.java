package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.spi.Features;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Publish;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.WillMessage;
import org.jspecify.annotations.Nullable;

/**
 * In what the messages of a listener's clients differ from what MQTT allows: of most listeners in nothing, so that their
 * connections have none of these.
 *
 * @param mount null for none
 */
public record Restriction(
        QoS maximumQoS, boolean retainAvailable, @Nullable MountPoint mount) {

    /** That of these features; null if they are all of MQTT. */
    static @Nullable Restriction of(Features features) {
        boolean all = features.maximumQoS() == QoS.EXACTLY_ONCE
                && features.retainAvailable()
                && features.mountPoint().isEmpty();
        return all
                ? null
                : new Restriction(
                        features.maximumQoS(),
                        features.retainAvailable(),
                        features.mountPoint().isEmpty() ? null : new MountPoint(features.mountPoint()));
    }

    /**
     * The whole topic of a publish that a client may make.
     *
     * @param topic its own, which an alias may have told
     * @param known the whole of it, if that was made before; else empty
     * @throws MalformedPacket if it may not, which it has been told, or if what it says can't be made whole
     */
    String admit(Publish publish, String topic, String known) throws MalformedPacket {
        if (publish.qos().level() > maximumQoS.level()) { // [5.0 section 3.2.2.3.4]
            throw new MalformedPacket(ReasonCode.QOS_NOT_SUPPORTED, "the maximum QoS is " + maximumQoS.level());
        }
        if (publish.retain() && !retainAvailable) { // [5.0 section 3.2.2.3.5]
            throw new MalformedPacket(ReasonCode.RETAIN_NOT_SUPPORTED, "no message is retained here");
        }
        if (mount == null) {
            return topic;
        }
        String whole = known.isEmpty() ? mount.whole(topic) : known;
        if (known.isEmpty() && Topics.isLonger(whole, Topics.BYTES_MAX)) {
            throw new MalformedPacket(ReasonCode.TOPIC_NAME_INVALID, "a topic is too long behind the mount point");
        }
        if ((long) publish.packetBytes() + mount.bytes() > Limits.PROTOCOL_PACKET_BYTES_MAX) {
            throw new MalformedPacket(ReasonCode.PACKET_TOO_LARGE, "a packet is too large behind the mount point");
        }
        return whole;
    }

    /**
     * A will as {@link #admit(Publish, String, String)} does it, told in CONNACK.
     *
     * @throws MalformedPacket if the client may not have it
     */
    public WillMessage admit(WillMessage will) throws MalformedPacket {
        if (will.qos().level() > maximumQoS.level()) { // [5.0:MQTT-3.2.2-12]
            throw new MalformedPacket(ReasonCode.QOS_NOT_SUPPORTED, "the maximum QoS is " + maximumQoS.level());
        }
        if (will.retain() && !retainAvailable) { // [5.0:MQTT-3.2.2-13]
            throw new MalformedPacket(ReasonCode.RETAIN_NOT_SUPPORTED, "no message is retained here");
        }
        if (mount == null) {
            return will;
        }
        String whole = mount.whole(will.topic());
        if (Topics.isLonger(whole, Topics.BYTES_MAX)) {
            throw new MalformedPacket(ReasonCode.TOPIC_NAME_INVALID, "the will's topic is too long");
        }
        return new WillMessage(whole, will.payload(), will.qos(), will.retain(), will.properties());
    }

    /** The lower of a QoS and the highest one. */
    QoS lower(QoS qos) {
        return qos.level() > maximumQoS.level() ? maximumQoS : qos;
    }

    /** The encoding of a message that isn't hidden; as {@link KeptMessage#frame(MqttVersion, boolean, int[])}. */
    PublishFrame frame(KeptMessage message, MqttVersion version, boolean withPacketId, int[] subscriptionIds) {
        return mount == null
                ? message.frame(version, withPacketId, subscriptionIds)
                : message.frameWithout(mount.bytes(), version, withPacketId, subscriptionIds);
    }

    /** Whether its clients can't be told of this whole topic. */
    boolean hides(String topic) {
        return mount != null && !mount.covers(topic);
    }
}
