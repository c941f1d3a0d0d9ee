package dev.dunlin.store.mapdb;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** An open store in the words of a test: a key is a text, a value is told by its seed and its size. */
final class TestStore implements AutoCloseable {
    /** Small, so that a few hundred KiB make a generation. */
    static final MapDbOptions SMALL = MapDbOptions.DEFAULT.withJournalBytes(1 << 20);

    static final int LARGE = OpBuffer.INLINE_BYTES + 1;

    private final StorageEngine engine;
    private final OpBuffer ops = new OpBuffer();

    TestStore(StorageEngine engine) {
        this.engine = engine;
    }

    static TestStore open(Path dir) throws StoreException {
        return new TestStore(MapDb.at(dir).options(SMALL).open());
    }

    StorageEngine engine() {
        return engine;
    }

    TestStore put(String key, int bytes) throws StoreException {
        ops.clear();
        ops.put(Space.MESSAGE, key(key), ByteBuffer.wrap(value(key, bytes)));
        engine.write(ops, true);
        return this;
    }

    TestStore putUnsynced(String key, int bytes) throws StoreException {
        ops.clear();
        ops.put(Space.MESSAGE, key(key), ByteBuffer.wrap(value(key, bytes)));
        engine.write(ops, false);
        return this;
    }

    TestStore delete(String key) throws StoreException {
        ops.clear();
        ops.delete(Space.MESSAGE, key(key));
        engine.write(ops, true);
        return this;
    }

    /** Makes a generation of everything. */
    TestStore generation() throws StoreException {
        engine.compact(Space.MESSAGE);
        return this;
    }

    /** Sizes of what is there, by key; -1 if the content is not what was put. */
    Map<String, Integer> contents() throws StoreException {
        try (View view = engine.view()) {
            return contents(view);
        }
    }

    static Map<String, Integer> contents(View view) throws StoreException {
        Map<String, Integer> found = new TreeMap<>();
        view.scan(Space.MESSAGE, new byte[0], null, (key, value) -> {
            String text = UTF_8.decode(key).toString();
            byte[] bytes = new byte[value.remaining()];
            value.duplicate().get(bytes);
            found.put(text, Arrays.equals(bytes, value(text, bytes.length)) ? bytes.length : -1);
            return true;
        });
        return found;
    }

    private static ByteBuffer key(String key) {
        return ByteBuffer.wrap(key.getBytes(UTF_8));
    }

    private static byte[] value(String key, int bytes) {
        byte[] value = new byte[bytes];
        new Random(key.hashCode()).nextBytes(value);
        return value;
    }

    @Override
    public void close() throws StoreException {
        engine.close();
    }

    // ---- files

    /** The files of a kind, by their names; of all kinds without one. */
    static String[] files(Path dir, @Nullable String prefix) throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> prefix == null || name.startsWith(prefix))
                    .sorted()
                    .toArray(String[]::new);
        }
    }

    /** What lies in a folder, but for the lock. */
    static Map<String, Integer> hashes(Path dir) throws IOException {
        Map<String, Integer> hashes = new HashMap<>();
        for (String name : files(dir, null)) {
            if (!name.startsWith("LOCK") && Files.isRegularFile(dir.resolve(name))) {
                hashes.put(name, Arrays.hashCode(Files.readAllBytes(dir.resolve(name))));
            }
        }
        return hashes;
    }

    /** Turns one bit over. */
    static void flip(Path file, long at) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[(int) at] ^= 1;
        Files.write(file, bytes);
    }

    /** Copies an open store's folder, as a crash would leave it. */
    static Path copy(Path dir, Path target) throws IOException {
        Files.createDirectory(target);
        for (String name : files(dir, null)) {
            if (Files.isRegularFile(dir.resolve(name))) {
                Files.copy(dir.resolve(name), target.resolve(name));
            }
        }
        return target;
    }
}
