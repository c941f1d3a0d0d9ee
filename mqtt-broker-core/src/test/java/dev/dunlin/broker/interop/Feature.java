package dev.dunlin.broker.interop;

import dev.dunlin.codec.MqttVersion;

/** What not every library can do, or not every protocol version has. */
enum Feature {
    /** A topic with characters of four bytes in UTF-8. */
    FOUR_BYTE_CHARACTERS(MqttVersion.V3_1),
    /** A keep-alive of one second. */
    SHORT_KEEP_ALIVE(MqttVersion.V3_1),
    /** Connecting without a client identifier of one's own. */
    NO_CLIENT_ID(MqttVersion.V3_1_1),
    SHARED_SUBSCRIPTION(MqttVersion.V3_1),

    /** Content type, response topic, correlation data and user properties. */
    PROPERTIES(MqttVersion.V5),
    WILL_DELAY(MqttVersion.V5),
    SESSION_EXPIRY(MqttVersion.V5),
    MESSAGE_EXPIRY(MqttVersion.V5),
    SUBSCRIPTION_IDENTIFIER(MqttVersion.V5),
    NO_LOCAL(MqttVersion.V5),
    RETAIN_AS_PUBLISHED(MqttVersion.V5),
    /** Retain Handling 2: no retained messages. */
    RETAIN_HANDLING(MqttVersion.V5),
    /** Topic aliases in what the client publishes. */
    ALIAS_SENT(MqttVersion.V5),
    /** Topic aliases in what the client receives. */
    ALIAS_RECEIVED(MqttVersion.V5);

    private final MqttVersion since;

    Feature(MqttVersion since) {
        this.since = since;
    }

    /** Whether the protocol version has it. */
    boolean isIn(MqttVersion version) {
        return version.compareTo(since) >= 0;
    }
}
