package dev.dunlin.server;

import dev.dunlin.broker.spi.StorageEngineProvider;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The storage engines on the class path, by their names. */
final class Engines {
    /** No engine: nothing outlives the process. */
    static final String MEMORY = "memory";

    static final String DEFAULT = "rocksdb";

    private Engines() {}

    /** The engine of this name, which is one of those that the converters let through. */
    static StorageEngineProvider.Named of(String name) {
        StorageEngineProvider.Named engine = all().get(name);
        if (engine == null) {
            throw new IllegalStateException("no engine " + name + " on the class path");
        }
        return engine;
    }

    /** Sorted by name. */
    private static Map<String, StorageEngineProvider.Named> all() {
        Map<String, StorageEngineProvider.Named> engines = new TreeMap<>();
        ServiceLoader.load(StorageEngineProvider.Named.class).forEach(engine -> engines.put(engine.name(), engine));
        return engines;
    }

    /** Takes the name of an engine. */
    static final class Converter implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            return known(text, all().keySet());
        }
    }

    /** Takes the name of an engine, or {@link #MEMORY}. */
    static final class OrMemoryConverter implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            Set<String> names = new LinkedHashSet<>(all().keySet());
            names.add(MEMORY);
            return known(text, names);
        }
    }

    private static String known(String text, Set<String> names) {
        if (names.contains(text)) {
            return text;
        }
        throw new TypeConversionException("'" + text + "' is not a store, known: " + String.join(", ", names));
    }
}
