package dev.dunlin.broker.interop;

import java.util.stream.Stream;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The scenarios with Eclipse Paho. */
@ParameterizedClass
@MethodSource("variants")
final class PahoTest implements Mqtt5Scenarios {
    @Parameter
    private Variant client;

    static Stream<Variant> variants() {
        return Library.PAHO.variants();
    }

    @Override
    public Variant client() {
        return client;
    }
}
