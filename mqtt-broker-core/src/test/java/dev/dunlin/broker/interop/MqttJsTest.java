package dev.dunlin.broker.interop;

import dev.dunlin.codec.testkit.RequiresTool;
import java.util.stream.Stream;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The scenarios with MQTT.js. */
@RequiresTool({"node", "npm"})
@ParameterizedClass
@MethodSource("variants")
final class MqttJsTest implements Mqtt5Scenarios {
    @Parameter
    private Variant client;

    static Stream<Variant> variants() {
        return Library.MQTT_JS.variants();
    }

    @Override
    public Variant client() {
        return client;
    }
}
