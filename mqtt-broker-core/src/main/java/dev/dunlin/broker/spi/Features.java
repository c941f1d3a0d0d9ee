package dev.dunlin.broker.spi;

import dev.dunlin.codec.QoS;

/**
 * What of MQTT the clients of a listener may use. Change one by its {@code with} method, from {@link #ALL}.
 *
 * @param maximumQoS the highest QoS of what they publish and are sent; announced to 5.0 clients if it isn't 2 [5.0 section
 *     3.2.2.3.4]. A publish above it ends the connection with 0x9B (QoS not supported) [5.0:MQTT-3.2.2-11]; a subscription is
 *     granted no more
 * @param retainAvailable whether they may publish messages to be retained; announced to 5.0 clients if not [5.0 section
 *     3.2.2.3.5]. Such a publish, or will, ends the connection with 0x9A (retain not supported) [5.0:MQTT-3.2.2-13]; they are
 *     sent no retained messages
 * @param emptyClientIds whether they may leave the choice of their client identifier to the broker; otherwise they are refused
 *     with 0x85 (client identifier not valid)
 * @param clientIdPrefix what the identifiers begin with that the broker chooses; 32 random characters follow
 * @param mountPoint put before every topic and filter that they name, and taken away again from what they are sent; {@link
 *     Permissions} and limits are about the whole. Response topics stay as they are. A topic without wildcards, with "/" at
 *     its end; empty for nothing
 */
public record Features(
        QoS maximumQoS, boolean retainAvailable, boolean emptyClientIds, String clientIdPrefix, String mountPoint) {
    /** All of MQTT, and the topics as they are. */
    public static final Features ALL = new Features(QoS.EXACTLY_ONCE, true, true, "auto-", "");

    /** The same with {@link #maximumQoS()}. */
    public Features withMaximumQoS(QoS highest) {
        return new Features(highest, retainAvailable, emptyClientIds, clientIdPrefix, mountPoint);
    }

    /** The same with {@link #retainAvailable()}. */
    public Features withRetainAvailable(boolean available) {
        return new Features(maximumQoS, available, emptyClientIds, clientIdPrefix, mountPoint);
    }

    /** The same with {@link #emptyClientIds()}. */
    public Features withEmptyClientIds(boolean allowed) {
        return new Features(maximumQoS, retainAvailable, allowed, clientIdPrefix, mountPoint);
    }

    /** The same with {@link #clientIdPrefix()}. */
    public Features withClientIdPrefix(String prefix) {
        return new Features(maximumQoS, retainAvailable, emptyClientIds, prefix, mountPoint);
    }

    /** The same with {@link #mountPoint()}. */
    public Features withMountPoint(String prefix) {
        return new Features(maximumQoS, retainAvailable, emptyClientIds, clientIdPrefix, prefix);
    }
}
