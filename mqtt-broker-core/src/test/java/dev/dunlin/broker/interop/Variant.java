package dev.dunlin.broker.interop;

import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.codec.MqttVersion;
import java.util.List;

/** A library that speaks one protocol version over one transport. */
record Variant(Library library, MqttVersion version, TestTransport transport) {

    boolean has(Feature feature) {
        return feature.isIn(version) && !library.cannot(version).containsKey(feature);
    }

    boolean runs(Scenario scenario) {
        return List.of(scenario.value()).stream().allMatch(this::has)
                && (transport == TestTransport.TCP || !scenario.takesTime());
    }

    TestClient connect(Setup setup) throws Exception {
        return library.connect(version, setup);
    }

    /** Connects, subscribes, and leaves with DISCONNECT. */
    void visit(Setup setup) throws Exception {
        library.visit(version, setup);
    }

    @Override
    public String toString() {
        return library + " " + version + " over " + transport;
    }
}
