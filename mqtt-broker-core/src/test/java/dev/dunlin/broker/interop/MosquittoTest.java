package dev.dunlin.broker.interop;

import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.testkit.RequiresTool;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The scenarios with mosquitto_sub and mosquitto_pub. */
@RequiresTool({"mosquitto_pub", "mosquitto_sub", "stdbuf"})
@ParameterizedClass
@EnumSource
final class MosquittoTest implements Scenarios {
    private final MqttVersion version;

    MosquittoTest(MqttVersion version) {
        this.version = version;
    }

    @Override
    public TestClient connect(Setup setup) throws Exception {
        return new MosquittoClient(version, setup);
    }

    @Override
    public void visit(Setup setup) throws Exception {
        MosquittoClient.visit(version, setup);
    }
}
