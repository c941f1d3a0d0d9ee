package dev.dunlin.broker.session;

import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.WillMessage;
import org.jspecify.annotations.Nullable;

/**
 * The will of a session, until it is published or removed [5.0:MQTT-3.1.2-7], [3.1.1:MQTT-3.1.2-8].
 *
 * @param delaySeconds the will delay interval [5.0 section 3.1.3.2.2]; 0 below 5.0
 */
record PendingWill(WillMessage message, MqttVersion version, long delaySeconds) {

    static @Nullable PendingWill of(Connect connect) {
        WillMessage will = connect.will();
        return will == null
                ? null
                : new PendingWill(will, connect.version(), will.properties().integer(Property.WILL_DELAY_INTERVAL, 0));
    }
}
