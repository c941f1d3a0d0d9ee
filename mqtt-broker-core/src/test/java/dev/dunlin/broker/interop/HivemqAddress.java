package dev.dunlin.broker.interop;

import com.hivemq.client.mqtt.MqttClientBuilderBase;

/** Where a client of hivemq-mqtt-client connects to, and as who. */
final class HivemqAddress {

    private HivemqAddress() {}

    static <B extends MqttClientBuilderBase<B>> B set(B builder, Setup setup) {
        B addressed = builder.serverHost("127.0.0.1").serverPort(setup.port());
        return setup.clientId().isEmpty() ? addressed : addressed.identifier(setup.clientId());
    }
}
