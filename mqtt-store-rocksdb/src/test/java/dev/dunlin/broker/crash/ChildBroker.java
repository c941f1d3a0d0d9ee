package dev.dunlin.broker.crash;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.store.rocksdb.RocksDb;
import dev.dunlin.store.rocksdb.RocksDbOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A broker in a JVM of its own, which may be killed. It prints the port that it listens on; it ends when its standard input
 * does, so that it never outlives the test.
 */
final class ChildBroker implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 30;

    private final Process process;
    private final int port;

    private final boolean wrapped;

    private ChildBroker(Process process, int port, boolean wrapped) {
        this.process = process;
        this.port = port;
        this.wrapped = wrapped;
    }

    /**
     * How a child is started.
     *
     * @param store the folder of its store
     * @param sync what becomes of its syncs
     * @param walBytesMax bound of its log: a small one has tables written in the middle of the traffic
     * @param wrapper a command that runs it, in front of its own; empty for none
     */
    record Setting(Path store, Durability level, Sync sync, long walBytesMax, List<String> wrapper) {
        Setting(Path store, Durability level) {
            this(store, level, Sync.REAL, RocksDbOptions.DEFAULT.walBytesMax(), List.of());
        }

        Setting sync(Sync other) {
            return new Setting(store, level, other, walBytesMax, wrapper);
        }

        Setting walBytesMax(long bytes) {
            return new Setting(store, level, sync, bytes, wrapper);
        }

        Setting wrapper(List<String> command) {
            return new Setting(store, level, sync, walBytesMax, command);
        }

        /** Where the child notes what it has synced: beside the store, not in it. */
        Path notes() {
            return store.resolveSibling(store.getFileName() + ".synced");
        }
    }

    /** What becomes of the syncs of a child. */
    enum Sync {
        /** They are the engine's. */
        REAL,
        /** They are the engine's, and {@link SyncNotes} are taken after each. */
        NOTED,
        /** They do nothing and say that all is well. */
        NONE
    }

    // ---- in the child

    /** Arguments: folder, level, what becomes of syncs, bound of the log. */
    public static void main(String[] args) throws Exception {
        Setting setting = new Setting(
                Path.of(args[0]),
                Durability.valueOf(args[1]),
                Sync.valueOf(args[2]),
                Long.parseLong(args[3]),
                List.of());
        try (Broker broker = Broker.builder()
                .tcp(0)
                .loops(2)
                .limits(Limits.EMBEDDED.withQueueMessagesMax(1_000_000).withQueueBytesMax(256 << 20))
                .storage(engine(setting), setting.level)
                .start()) {
            System.out.println("port " + broker.port("tcp"));
            while (System.in.read() >= 0) {
                Thread.onSpinWait(); // nothing is ever sent
            }
        }
    }

    private static StorageEngineProvider engine(Setting setting) {
        RocksDbOptions options =
                RocksDbOptions.DEFAULT.withMemoryBytes(32 << 20).withWalBytesMax(setting.walBytesMax);
        RocksDb store = RocksDb.at(setting.store).options(options);
        return setting.sync == Sync.REAL ? store : new SyncNotes(setting, store);
    }

    // ---- in the test

    /** Starts one; returns when it accepts connections. */
    static ChildBroker start(Setting setting) {
        try {
            Process process = launch(setting);
            return new ChildBroker(process, port(process), !setting.wrapper.isEmpty());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts one and kills it after so many milliseconds, whatever it is doing by then. */
    static void startAndKill(Setting setting, int afterMs) {
        try {
            Process process = launch(setting);
            boolean ended = process.waitFor(afterMs, TimeUnit.MILLISECONDS);
            process.destroyForcibly().waitFor();
            if (ended) {
                throw new Violation("the broker does not start");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static Process launch(Setting setting) throws IOException {
        List<String> command = new ArrayList<>(setting.wrapper);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-ea",
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                ChildBroker.class.getName(),
                setting.store.toString(),
                setting.level.name(),
                setting.sync.name(),
                Long.toString(setting.walBytesMax)));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        // Otherwise each one that is killed leaves a copy of the native library among the temporary files.
        Path libraries = Files.createDirectories(Path.of("target", "native"));
        builder.environment()
                .put("ROCKSDB_SHAREDLIB_DIR", libraries.toAbsolutePath().toString());
        return builder.start();
    }

    private static int port(Process process) throws IOException {
        String line =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)).readLine();
        if (line == null) { // it has said why on its standard error
            process.destroyForcibly();
            throw new Violation("the broker does not start");
        }
        return Integer.parseInt(line.substring("port ".length()));
    }

    int port() {
        return port;
    }

    /** Kills it at once, as {@code kill -9} does, and waits until it is dead. */
    void kill() {
        if (wrapped) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
        }
        process.destroyForcibly();
        awaitEnd();
    }

    /** Has it close in order, and waits until it has ended. */
    void stop() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        awaitEnd();
        if (process.exitValue() != 0) {
            throw new AssertionError("the broker ended with " + process.exitValue());
        }
    }

    private void awaitEnd() {
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("the broker does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            kill();
        }
    }
}
