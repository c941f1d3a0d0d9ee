package dev.dunlin.store.rocksdb;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Uses a store in a JVM of its own, which may be killed. Speaks by lines on its standard output. */
final class ChildStore {
    private ChildStore() {}

    public static void main(String[] args) throws Exception {
        RocksDb store = RocksDb.at(Path.of(args[1]));
        switch (args[0]) {
            case "open" -> open(store);
            case "write" -> write(store.options(RocksDbOptions.DEFAULT.withMemoryBytes(8 << 20)));
            case "fill" -> fill(store);
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    /**
     * Starts one.
     *
     * @param limit a shell command that is run before
     */
    static Process start(String limit, String verb, Path dir) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String command = limit + " exec \"$0\" \"$@\"";
        ProcessBuilder builder = new ProcessBuilder(
                "sh",
                "-c",
                command,
                java,
                "-Djava.library.path=" + UnpackedLibrary.folder(),
                "-cp",
                System.getProperty("java.class.path"),
                ChildStore.class.getName(),
                verb,
                dir.toString());
        return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    static BufferedReader lines(Process child) {
        return new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8));
    }

    private static void open(RocksDb store) throws Exception {
        try (StorageEngine engine = store.open()) {
            System.out.println("open " + engine.recovery().created());
            System.in.read();
        } catch (StoreException e) {
            System.out.println(e.kind());
        }
    }

    /** Batches of some KiB, every third one synced, until it is killed. */
    private static void write(RocksDb store) throws Exception {
        try (StorageEngine engine = store.open()) {
            for (int i = Stores.keys(engine).size(); ; i++) {
                Stores.put(engine, Space.QUEUE, i, new byte[i * 7 % 9_000], i % 3 == 0);
                System.out.println(i);
            }
        }
    }

    /** Until the disk is full, then checks that nothing more is taken and that it reads and closes. */
    private static void fill(RocksDb store) throws Exception {
        int i = 0;
        try (StorageEngine engine = store.open()) {
            try {
                while (true) {
                    Stores.put(engine, Space.QUEUE, i, new byte[100_000], true);
                    i++;
                }
            } catch (StoreException e) {
                System.out.println(e.kind());
            }
            Stores.failure(StoreException.Kind.IO, () -> Stores.put(engine, 0, false));
            Stores.failure(StoreException.Kind.IO, engine::sync);
            try (View view = engine.view()) {
                view.get(Space.QUEUE, Stores.key(0).array());
            }
        }
        System.out.println(i);
    }
}
