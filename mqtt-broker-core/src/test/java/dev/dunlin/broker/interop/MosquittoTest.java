package dev.dunlin.broker.interop;

import dev.dunlin.codec.testkit.RequiresTool;
import java.util.stream.Stream;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The scenarios with mosquitto_sub and mosquitto_pub. */
@RequiresTool({"mosquitto_pub", "mosquitto_sub", "stdbuf"})
@ParameterizedClass
@MethodSource("variants")
final class MosquittoTest implements Mqtt5Scenarios {
    @Parameter
    private Variant client;

    static Stream<Variant> variants() {
        return Library.MOSQUITTO.variants();
    }

    @Override
    public Variant client() {
        return client;
    }
}
