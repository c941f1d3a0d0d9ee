package dev.dunlin.codec;

import org.jspecify.annotations.Nullable;

/** The protocol versions that the codec speaks. */
public enum MqttVersion {
    V3_1(3, "MQIsdp"),
    V3_1_1(4, "MQTT"),
    V5(5, "MQTT");

    private final int level;
    private final String protocolName;

    MqttVersion(int level, String protocolName) {
        this.level = level;
        this.protocolName = protocolName;
    }

    /** The protocol level in CONNECT: 3, 4 or 5. */
    public int level() {
        return level;
    }

    /** The protocol name in CONNECT. */
    public String protocolName() {
        return protocolName;
    }

    /**
     * The version that a CONNECT asks for.
     *
     * @return null when the pair of name and level is not one of ours
     */
    public static @Nullable MqttVersion of(String protocolName, int level) {
        for (MqttVersion version : values()) {
            if (version.level == level && version.protocolName.equals(protocolName)) {
                return version;
            }
        }
        return null;
    }
}
