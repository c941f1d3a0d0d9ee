package dev.dunlin.server;

import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The storage engines on the class path, by their names. */
final class Engines {
    /** No engine: nothing outlives the process. */
    static final String MEMORY = "memory";

    static final String DEFAULT = "rocksdb";

    private static final String FORMAT = "FORMAT";
    private static final int FORMAT_BYTES_MAX = 256;
    private static final Pattern FORMAT_LINE = Pattern.compile("dunlin-([a-z][a-z0-9]*) .*");

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
     * The name of the engine that the store in a folder belongs to, by the first line of the file that every engine puts there;
     * null if there is no such file, or nothing like that in it: then the engine says what is wrong.
     *
     * @throws StoreException VERSION if that engine is not on the class path
     */
    static @Nullable String nameIn(Path folder) throws StoreException {
        Matcher line = FORMAT_LINE.matcher(firstLine(folder.resolve(FORMAT)));
        if (!line.matches()) {
            return null;
        }
        Set<String> known = all().keySet();
        if (!known.contains(line.group(1))) {
            throw new StoreException(
                    Kind.VERSION,
                    "the store in " + folder + " belongs to " + line.group(1) + ", which is not here, only: "
                            + String.join(", ", known));
        }
        return line.group(1);
    }

    private static String firstLine(Path file) throws StoreException {
        if (!Files.isRegularFile(file)) {
            return "";
        }
        try (InputStream in = Files.newInputStream(file)) {
            String text = new String(in.readNBytes(FORMAT_BYTES_MAX), StandardCharsets.ISO_8859_1);
            return text.lines().findFirst().orElse("");
        } catch (IOException e) {
            throw new StoreException(Kind.IO, "the file " + file + " can't be read: " + Words.of(e), e);
        }
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
