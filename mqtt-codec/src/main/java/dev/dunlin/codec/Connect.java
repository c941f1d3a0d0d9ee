package dev.dunlin.codec;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * CONNECT [3.1.1 section 3.1, 5.0 section 3.1]. The password is not copied: leave the array alone. {@code toString} hides it.
 *
 * @param clientId UTF-8, up to 65,535 bytes; may be empty
 * @param cleanStart called clean session in MQTT 3.x
 * @param keepAliveSeconds 0 to 65,535; 0 turns keep alive off
 * @param properties empty in MQTT 3.x
 * @param will null when there is none
 * @param userName null when there is none
 * @param password null when there is none
 */
@SuppressWarnings("ArrayRecordComponent") // equals, hashCode and toString mind the array
public record Connect(
        MqttVersion version,
        String clientId,
        boolean cleanStart,
        int keepAliveSeconds,
        Properties properties,
        @Nullable WillMessage will,
        @Nullable String userName,
        byte @Nullable [] password)
        implements Packet {

    /** Refuses values out of range with an IllegalArgumentException. */
    public Connect(
            MqttVersion version,
            String clientId,
            boolean cleanStart,
            int keepAliveSeconds,
            Properties properties,
            @Nullable WillMessage will,
            @Nullable String userName,
            byte @Nullable [] password) {
        Text.requireRange("keepAliveSeconds", keepAliveSeconds, 0, 65_535);
        this.version = version;
        this.clientId = clientId;
        this.cleanStart = cleanStart;
        this.keepAliveSeconds = keepAliveSeconds;
        this.properties = properties;
        this.will = will;
        this.userName = userName;
        this.password = password;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Connect that
                && version == that.version
                && clientId.equals(that.clientId)
                && cleanStart == that.cleanStart
                && keepAliveSeconds == that.keepAliveSeconds
                && properties.equals(that.properties)
                && Objects.equals(will, that.will)
                && Objects.equals(userName, that.userName)
                && Arrays.equals(password, that.password);
    }

    @Override
    public int hashCode() {
        return 31 * clientId.hashCode() + Arrays.hashCode(password);
    }

    @Override
    public String toString() {
        return "Connect[version=" + version + ", clientId=" + clientId + ", cleanStart=" + cleanStart
                + ", keepAliveSeconds=" + keepAliveSeconds + ", properties=" + properties + ", will=" + will
                + ", userName=" + userName + ", password=" + (password == null ? "none" : "hidden") + "]";
    }
}
