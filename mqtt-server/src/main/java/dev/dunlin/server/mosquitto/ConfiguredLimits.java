package dev.dunlin.server.mosquitto;

import dev.dunlin.broker.spi.Limits;

/** The bounds that a configuration asks for. What Mosquitto has no key for is as without a configuration. */
final class ConfiguredLimits {
    private static final int WINDOW_MAX = 65_535;

    private ConfiguredLimits() {}

    /** Those of the broker: {@code server} with what the file says, or Mosquitto's default. */
    static Limits of(Section broker, Limits server) {
        Limits limits = server.withKeepAliveMaxSeconds((int) broker.number(Key.MAX_KEEPALIVE))
                .withTopicAliasMax((int) new Section(java.util.Map.of()).number(Key.MAX_TOPIC_ALIAS))
                .withInflightMessagesMax((int) orMost(broker.number(Key.MAX_INFLIGHT_MESSAGES), WINDOW_MAX))
                .withInflightBytesMax(orMost(broker.number(Key.MAX_INFLIGHT_BYTES), Long.MAX_VALUE))
                .withQueueMessagesMax((int) orMost(broker.number(Key.MAX_QUEUED_MESSAGES), Integer.MAX_VALUE))
                .withQueueBytesMax(orMost(broker.number(Key.MAX_QUEUED_BYTES), Long.MAX_VALUE))
                .withQueueQos0Offline(broker.flag(Key.QUEUE_QOS0_MESSAGES));
        if (broker.has(Key.MAX_PACKET_SIZE)) {
            int bytes = (int) Math.min(limits.packetBytesMax(), broker.number(Key.MAX_PACKET_SIZE));
            limits = limits.withPacketBytesMax(bytes)
                    .withConnectPacketBytesMax(Math.min(bytes, limits.connectPacketBytesMax()));
        }
        if (broker.number(Key.MEMORY_LIMIT) > 0) {
            limits = limits.withMemoryBudgetBytes(broker.number(Key.MEMORY_LIMIT));
        }
        if (broker.has(Key.PERSISTENT_CLIENT_EXPIRATION)) {
            long seconds = broker.number(Key.PERSISTENT_CLIENT_EXPIRATION);
            limits = limits.withSessionExpiryMaxSeconds(Math.min(seconds, Limits.NEVER_EXPIRES));
        }
        return limits;
    }

    /** Those of a listener: the broker's with what the file says of it. */
    static Limits ofListener(Section listener, Limits broker) {
        Limits limits = broker;
        if (listener.has(Key.MAX_TOPIC_ALIAS)) {
            limits = limits.withTopicAliasMax((int) listener.number(Key.MAX_TOPIC_ALIAS));
        }
        if (listener.number(Key.MAX_CONNECTIONS) > 0) {
            limits = limits.withConnectionsMax((int) listener.number(Key.MAX_CONNECTIONS));
        }
        return limits;
    }

    /** With Mosquitto, 0 and less is no bound. */
    private static long orMost(long number, long most) {
        return number <= 0 ? most : number;
    }
}
