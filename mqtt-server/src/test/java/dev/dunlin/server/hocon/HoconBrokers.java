package dev.dunlin.server.hocon;

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
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Brokers started from configuration files, on ports of their own, for the tests that see what keys do. */
final class HoconBrokers implements AutoCloseable {
    /** Any port, whatever the defaults say; a file can't, as listeners may have theirs from there. */
    private static final Given FREE_PORTS =
            new Given(Map.of("DUNLIN_CONFIG_LISTENER_DEFAULTS__PORT", "0"), List.of(), List.of());

    /** What a server has where the file says nothing. */
    static final Limits SERVER = Limits.STANDALONE.withPacketBytesMax(Limits.EMBEDDED.packetBytesMax());

    private final Path folder;
    private final List<Broker> brokers = new ArrayList<>();

    HoconBrokers(Path folder) {
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

    HoconFile read(String... lines) {
        return HoconFile.read(file("dunlin.conf", lines), Given.NOTHING);
    }

    /** What is wrong, without the folder. */
    List<String> faults(String... lines) {
        return withoutFolder(read(lines).faults());
    }

    List<String> withoutFolder(List<String> lines) {
        return lines.stream().map(line -> line.replace(folder + "/", "")).toList();
    }

    /** What a file says, on the ports that it says. */
    HoconBroker broker(String... lines) {
        return configured(read(lines));
    }

    HoconBroker configured(String... lines) {
        return configured(HoconFile.read(file("dunlin.conf", lines), FREE_PORTS));
    }

    static HoconBroker configured(HoconFile file) {
        assertThat(file.faults()).isEmpty();
        return new HoconBroker(file, SERVER, new TreeSet<>(Set.of("memory", "rocksdb")));
    }

    Broker start(String... lines) throws Exception {
        return start(configured(lines));
    }

    Broker start(HoconBroker configured) throws Exception {
        assertThat(configured.faults()).isEmpty();
        BrokerBuilder builder = Broker.builder();
        configured.configure(builder);
        Broker broker = builder.loops(1).start();
        brokers.add(broker);
        return broker;
    }

    /** A client at a listener, which has sent nothing yet. */
    static WireClient open(Broker broker, String listener) {
        return WireClient.connect(broker.port(listener), MqttVersion.V5);
    }

    static WireClient open(Broker broker) {
        return open(broker, "tcp");
    }

    @Override
    public void close() {
        brokers.forEach(Broker::close);
    }
}
