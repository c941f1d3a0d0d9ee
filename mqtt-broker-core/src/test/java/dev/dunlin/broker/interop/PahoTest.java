package dev.dunlin.broker.interop;

import dev.dunlin.codec.MqttVersion;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The scenarios with Eclipse Paho. */
@ParameterizedClass
@EnumSource
final class PahoTest implements Scenarios {
    private final MqttVersion version;

    PahoTest(MqttVersion version) {
        this.version = version;
    }

    @Override
    public TestClient connect(Setup setup) throws Exception {
        return version == MqttVersion.V5 ? new PahoMqtt5Client(setup) : new PahoMqtt3Client(version, setup);
    }

    /** Version 1.2.5 for MQTT 3 refuses surrogate pairs. */
    @Override
    public boolean sendsFourByteCharacters() {
        return version == MqttVersion.V5;
    }
}
