package dev.dunlin.broker.spi;

import dev.dunlin.codec.QoS;

/**
 * A member of a shared group.
 *
 * @param name its client identifier
 * @param qos as granted
 * @param connected whether it has a connection
 * @param hasRoom whether it would be given a QoS 1 message now: its connection takes more, and its window isn't full
 */
public record GroupMember(String name, QoS qos, boolean connected, boolean hasRoom) {}
