package dev.dunlin.broker.interop;

import dev.dunlin.codec.MqttVersion;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The scenarios with hivemq-mqtt-client. */
@ParameterizedClass
@EnumSource(names = {"V3_1_1", "V5"})
final class HivemqTest implements Scenarios {
    private final MqttVersion version;

    HivemqTest(MqttVersion version) {
        this.version = version;
    }

    @Override
    public TestClient connect(Setup setup) throws Exception {
        return version == MqttVersion.V5 ? new HivemqMqtt5Client(setup) : new HivemqMqtt3Client(setup);
    }
}
