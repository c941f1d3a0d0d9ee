package dev.dunlin.broker.testkit;

import dev.dunlin.codec.MqttVersion;
import io.netty.buffer.ByteBuf;

/** Something that a client sends. */
@FunctionalInterface
public interface Sendable {
    /** Appends itself as this version has it. */
    void encode(ByteBuf out, MqttVersion version);
}
