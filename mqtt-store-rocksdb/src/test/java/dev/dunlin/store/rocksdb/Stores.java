package dev.dunlin.store.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Stores with batches that are easy to count: batch i puts the key i in QUEUE. */
final class Stores {
    private Stores() {}

    static ByteBuffer key(int i) {
        return ByteBuffer.allocate(4).putInt(0, i);
    }

    static void put(StorageEngine engine, int i, boolean sync) throws StoreException {
        put(engine, Space.QUEUE, i, new byte[] {(byte) i, 1, 2, 3}, sync);
    }

    static void put(StorageEngine engine, Space space, int i, byte[] value, boolean sync) throws StoreException {
        OpBuffer ops = new OpBuffer();
        ops.put(space, key(i), ByteBuffer.wrap(value));
        engine.write(ops, sync);
    }

    static List<Integer> keys(StorageEngine engine) throws StoreException {
        List<Integer> keys = new ArrayList<>();
        try (View view = engine.view()) {
            view.scan(Space.QUEUE, new byte[0], null, (key, value) -> keys.add(key.getInt(key.position())));
        }
        return keys;
    }

    static List<Integer> range(int from, int to) {
        return Stream.iterate(from, i -> i < to, i -> i + 1).toList();
    }

    /** What a kill would leave of an open store: a copy of its files, as they are. */
    static Path copy(Path store, Path target) throws IOException {
        Files.createDirectories(target);
        try (Stream<Path> files = Files.list(store)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, target.resolve(file.getFileName()));
            }
        }
        return target;
    }

    static Path only(Path store, String glob) throws IOException {
        List<Path> found = all(store, glob);
        assertThat(found).as(glob).hasSize(1);
        return found.get(0);
    }

    static List<Path> all(Path store, String glob) throws IOException {
        List<Path> found = new ArrayList<>();
        try (var files = Files.newDirectoryStream(store, glob)) {
            files.forEach(found::add);
        }
        found.sort(null);
        return found;
    }

    static void edit(Path file, UnaryOperator<byte[]> change) {
        try {
            Files.write(file, change.apply(Files.readAllBytes(file)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void flip(Path file, long at, int bit) {
        edit(file, bytes -> {
            bytes[(int) at] ^= (byte) (1 << bit);
            return bytes;
        });
    }

    static void cut(Path file, int length) {
        edit(file, bytes -> Arrays.copyOf(bytes, length));
    }

    static StoreException failure(StoreException.Kind kind, ThrowingCallable call) {
        StoreException e = catchThrowableOfType(StoreException.class, call);
        assertThat(e).isNotNull();
        assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind);
        return e;
    }

    /** Opens, expects CORRUPT, a message that helps, and every file as it was, RocksDB's own text log aside. */
    static StoreException assertCorrupt(Path store) throws IOException {
        Map<String, Integer> before = hashes(store);
        StoreException e = failure(
                StoreException.Kind.CORRUPT, () -> RocksDb.at(store).open().close());
        assertThat(hashes(store)).isEqualTo(before);
        assertThat(e).hasMessageContaining(store.toString()).hasMessageContaining("dunlin store recover --data");
        return e;
    }

    private static Map<String, Integer> hashes(Path store) throws IOException {
        Map<String, Integer> hashes = new TreeMap<>();
        try (Stream<Path> files = Files.walk(store)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = store.relativize(file).toString();
                if (!name.startsWith("LO")) {
                    hashes.put(name, Arrays.hashCode(Files.readAllBytes(file)));
                }
            }
        }
        return hashes;
    }
}
