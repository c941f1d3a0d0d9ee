package dev.dunlin.broker.interop;

import dev.dunlin.broker.testkit.TestStore;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.codec.MqttVersion;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** An implementation of MQTT clients, with what it can't do and why. */
enum Library {
    HIVEMQ {
        @Override
        List<MqttVersion> versions() {
            return List.of(MqttVersion.V3_1_1, MqttVersion.V5);
        }

        @Override
        List<TestTransport> transports(MqttVersion version) {
            return version == MqttVersion.V5
                    ? List.of(TestTransport.TCP, TestTransport.WS, TestTransport.WSS)
                    : List.of(TestTransport.TCP);
        }

        @Override
        Map<Feature, String> cannot(MqttVersion version) {
            return Map.of(
                    Feature.SUBSCRIPTION_IDENTIFIER, "it numbers subscriptions by itself and shows no identifier");
        }

        @Override
        TestClient connect(MqttVersion version, Setup setup) throws Exception {
            return version == MqttVersion.V5 ? new HivemqMqtt5Client(setup) : new HivemqMqtt3Client(setup);
        }
    },

    PAHO {
        @Override
        List<MqttVersion> versions() {
            return List.of(MqttVersion.values());
        }

        @Override
        List<TestTransport> transports(MqttVersion version) {
            return version == MqttVersion.V5
                    ? List.of(TestTransport.TCP, TestTransport.WS)
                    : List.of(TestTransport.TCP);
        }

        @Override
        Map<Feature, String> cannot(MqttVersion version) {
            return version == MqttVersion.V5
                    ? Map.of()
                    : Map.of(Feature.FOUR_BYTE_CHARACTERS, "its library for MQTT 3 refuses surrogate pairs");
        }

        @Override
        TestClient connect(MqttVersion version, Setup setup) throws Exception {
            return version == MqttVersion.V5 ? new PahoMqtt5Client(setup) : new PahoMqtt3Client(version, setup);
        }
    },

    MOSQUITTO {
        @Override
        List<MqttVersion> versions() {
            return List.of(MqttVersion.values());
        }

        @Override
        List<TestTransport> transports(MqttVersion version) {
            return version == MqttVersion.V5
                    ? List.of(TestTransport.TCP, TestTransport.TLS)
                    : List.of(TestTransport.TCP);
        }

        @Override
        Map<Feature, String> cannot(MqttVersion version) {
            return Map.of(
                    Feature.SHORT_KEEP_ALIVE, "five seconds is the shortest that it accepts",
                    Feature.NO_LOCAL, "what publishes is another client than what subscribes",
                    Feature.ALIAS_RECEIVED, "libmosquitto 2.0 takes a PUBLISH without a topic for a protocol error");
        }

        @Override
        TestClient connect(MqttVersion version, Setup setup) throws Exception {
            return new MosquittoClient(version, setup);
        }

        @Override
        void visit(MqttVersion version, Setup setup) throws Exception {
            MosquittoClient.visit(version, setup);
        }
    },

    MQTT_JS {
        @Override
        List<MqttVersion> versions() {
            return List.of(MqttVersion.values());
        }

        @Override
        List<TestTransport> transports(MqttVersion version) {
            return version == MqttVersion.V5
                    ? List.of(TestTransport.TCP, TestTransport.WS, TestTransport.WSS)
                    : List.of(TestTransport.TCP, TestTransport.WS);
        }

        @Override
        Map<Feature, String> cannot(MqttVersion version) {
            return Map.of();
        }

        @Override
        TestClient connect(MqttVersion version, Setup setup) throws Exception {
            return new MqttJsClient(version, setup);
        }
    };

    abstract List<MqttVersion> versions();

    /** What it is tested over in this version: TCP, and what else there is at least once. */
    abstract List<TestTransport> transports(MqttVersion version);

    /** What this library doesn't do though the protocol version has it, with the reason. */
    abstract Map<Feature, String> cannot(MqttVersion version);

    /** A connected client, subscribed to what it asks for. */
    abstract TestClient connect(MqttVersion version, Setup setup) throws Exception;

    /** Connects, subscribes, and leaves with DISCONNECT. */
    void visit(MqttVersion version, Setup setup) throws Exception {
        connect(version, setup).close();
    }

    /** All versions over all transports that it is tested over; with a store, which sees nothing of them, over TCP. */
    Stream<Variant> variants() {
        return versions().stream()
                .flatMap(
                        version -> transports(version).stream().map(transport -> new Variant(this, version, transport)))
                .filter(variant -> variant.transport() == TestTransport.TCP || !TestStore.isOn());
    }
}
