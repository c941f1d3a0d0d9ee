package dev.dunlin.broker.testkit;

import dev.dunlin.codec.MqttVersion;

/**
 * Something that a client waits for.
 *
 * @param <P> what it is once it is here
 */
public interface Expected<P> {
    Class<P> type();

    /** Whether it is what came, in this version; properties count only where they were given. */
    boolean matches(P came, MqttVersion version);
}
