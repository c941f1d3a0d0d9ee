package dev.dunlin.server;

import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.StoreFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
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

    /** The store in a folder, for a broker: of this engine, unless the folder says that it belongs to another one. */
    static StorageEngineProvider forBroker(String name, Path folder) throws StoreException {
        String belongsTo = nameIn(folder);
        if (belongsTo != null && !belongsTo.equals(name)) {
            throw new StoreException(
                    Kind.VERSION,
                    "the store in " + folder + " belongs to " + belongsTo + ", not to " + name + ": start with --store "
                            + belongsTo + ", or move it with \"dunlin store dump --data " + folder
                            + " | dunlin store load --data NEWDIR --store " + name + "\"");
        }
        return of(name).at(folder);
    }

    /**
     * The name of the engine that the store in a folder belongs to, as the folder says; null if it says nothing of the kind.
     *
     * @throws StoreException VERSION if that engine is not on the class path
     */
    static @Nullable String nameIn(Path folder) throws StoreException {
        String name;
        try {
            name = StoreFolder.engineIn(folder);
        } catch (IOException e) {
            throw new StoreException(Kind.IO, "the store in " + folder + " can't be read: " + Words.of(e), e);
        }
        Set<String> known = all().keySet();
        if (name != null && !known.contains(name)) {
            throw new StoreException(
                    Kind.VERSION,
                    "the store in " + folder + " belongs to " + name + ", which is not here, only: "
                            + String.join(", ", known));
        }
        return name;
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
            return known(text, orMemory());
        }
    }

    /** Their names, and {@link #MEMORY}. */
    static Set<String> orMemory() {
        Set<String> names = new LinkedHashSet<>(all().keySet());
        names.add(MEMORY);
        return names;
    }

    private static String known(String text, Set<String> names) {
        if (names.contains(text)) {
            return text;
        }
        throw new TypeConversionException("'" + text + "' is not a store, known: " + String.join(", ", names));
    }
}
