package dev.dunlin.benchmarks;

import dev.dunlin.benchmarks.trees.Fleet;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.QoS;

/** What a packet is. A payload has 64 bytes, a topic some 25. */
public enum PacketKind {
    QOS_0(MqttVersion.V3_1_1, QoS.AT_MOST_ONCE),
    QOS_1(MqttVersion.V3_1_1, QoS.AT_LEAST_ONCE),
    QOS_2(MqttVersion.V3_1_1, QoS.EXACTLY_ONCE),
    /** Every packet of a segment has a topic of its own. */
    QOS_1_TOPICS(MqttVersion.V3_1_1, QoS.AT_LEAST_ONCE),
    V5_QOS_0(MqttVersion.V5, QoS.AT_MOST_ONCE),
    V5_QOS_1(MqttVersion.V5, QoS.AT_LEAST_ONCE),
    /** QoS 1 with format indicator, expiry, content type and a user property. */
    V5_PROPERTIES(MqttVersion.V5, QoS.AT_LEAST_ONCE),
    /** The same, and the user property of every packet of a segment has a value of its own. */
    V5_TRACES(MqttVersion.V5, QoS.AT_LEAST_ONCE),
    PUBACK(MqttVersion.V3_1_1, QoS.AT_LEAST_ONCE);

    final MqttVersion version;
    final QoS qos;

    PacketKind(MqttVersion version, QoS qos) {
        this.version = version;
        this.qos = qos;
    }

    /** Whether it has four properties; the others have none. */
    boolean hasProperties() {
        return this == V5_PROPERTIES || this == V5_TRACES;
    }

    /** The value of its user property. */
    String trace(int number) {
        return this == V5_TRACES ? "4bf92f3577b3%04x".formatted(number) : Samples.USER_VALUE;
    }

    String topic(int number) {
        return Fleet.status(this == QOS_1_TOPICS ? 7_000 + number : 7_000);
    }
}
