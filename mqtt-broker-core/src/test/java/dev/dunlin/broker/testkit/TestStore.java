package dev.dunlin.broker.testkit;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerBuilder;
import dev.dunlin.broker.spi.StorageEngineProvider;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Stream;

/**
 * The store of a broker under test, in a folder that is deleted on close; none, unless a property names an engine. So the same
 * tests run in memory here, and with an engine in its module.
 */
public final class TestStore implements AutoCloseable {
    private static final String ENGINE = System.getProperty("dunlin.test.store", "");

    private final Optional<Path> folder = isOn() ? Optional.of(newFolder()) : Optional.empty();

    /** Whether brokers under test have a store. */
    public static boolean isOn() {
        return !ENGINE.isEmpty();
    }

    /** A broker that listens on a port of its own over the chosen transport, with this store. */
    public BrokerBuilder builder() {
        BrokerBuilder builder = Broker.builder().listen(TestTransport.chosen().listener());
        folder.ifPresent(dir -> builder.storage(engine().at(dir)));
        return builder;
    }

    private static StorageEngineProvider.Named engine() {
        return ServiceLoader.load(StorageEngineProvider.Named.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(engine -> engine.name().equals(ENGINE))
                .findAny()
                .orElseThrow(() -> new AssertionError("no engine " + ENGINE));
    }

    private static Path newFolder() {
        try {
            return Files.createTempDirectory("dunlin-test");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        folder.ifPresent(TestStore::delete);
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
