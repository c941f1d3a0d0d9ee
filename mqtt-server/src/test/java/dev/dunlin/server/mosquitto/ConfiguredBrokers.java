package dev.dunlin.server.mosquitto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerBuilder;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;

/** Brokers started from configurations, on ports of their own, for the tests that see what keys do. */
final class ConfiguredBrokers implements AutoCloseable {
    private final Path folder;
    private final List<Broker> brokers = new ArrayList<>();

    ConfiguredBrokers(Path folder) {
        this.folder = folder;
    }

    /** Writes a file; returns its path. */
    Path file(String name, String... lines) {
        try {
            return Files.write(folder.resolve(name), List.of(lines));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    Configuration read(String... lines) {
        return Configuration.read(file("mosquitto.conf", lines));
    }

    ConfiguredBroker configured(String... lines) throws ConfigurationException {
        Configuration configuration = read(lines);
        assertThat(configuration.findings()).isEmpty();
        long ports = configuration.listeners().stream()
                .filter(listener -> !listener.isUnix())
                .count();
        return ConfiguredBroker.of(
                configuration,
                Collections.nCopies((int) ports, 0),
                Limits.STANDALONE.withPacketBytesMax(Limits.EMBEDDED.packetBytesMax()),
                UnaryOperator.identity());
    }

    Broker start(String... lines) throws Exception {
        BrokerBuilder builder = Broker.builder().loops(1);
        configured(lines).configure(builder);
        Broker broker = builder.start();
        brokers.add(broker);
        return broker;
    }

    /** A client at a listener, which has sent nothing yet. */
    static WireClient open(Broker broker, String listener, MqttVersion version) {
        return WireClient.connect(broker.port(listener), version);
    }

    /** A 5.0 client that has sent nothing yet. */
    static WireClient open(Broker broker, String listener) {
        return open(broker, listener, MqttVersion.V5);
    }

    @Override
    public void close() {
        brokers.forEach(Broker::close);
    }
}
