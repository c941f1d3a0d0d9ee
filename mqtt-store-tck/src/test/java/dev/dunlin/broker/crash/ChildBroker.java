package dev.dunlin.broker.crash;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.StorageEngineProvider;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
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

    /** The process that is to be killed: looking for it takes time, in which a broker gets much done. */
    private final ProcessHandle broker;

    private ChildBroker(Process process, int port) {
        this.process = process;
        this.port = port;
        broker = broker(process);
    }

    /**
     * How a child is started.
     *
     * @param store the folder of its store
     * @param isRestless whether the store rewrites its files in the middle of the traffic
     * @param sync what becomes of its syncs
     * @param wrapper a command that runs it, in front of its own; empty for none
     */
    record Setting(Path store, Durability level, boolean isRestless, Sync sync, List<String> wrapper) {
        Setting(Path store, Durability level) {
            this(store, level, false, Sync.REAL, List.of());
        }

        Setting restless() {
            return new Setting(store, level, true, sync, wrapper);
        }

        Setting sync(Sync other) {
            return new Setting(store, level, isRestless, other, wrapper);
        }

        Setting wrapper(List<String> command) {
            return new Setting(store, level, isRestless, sync, command);
        }
    }

    /** What becomes of the syncs of a child. */
    enum Sync {
        /** They are the engine's. */
        REAL,
        /** They do nothing and say that all is well. */
        NONE
    }

    // ---- in the child

    /** Arguments: folder, level, whether the store is restless, what becomes of syncs. */
    public static void main(String[] args) throws Exception {
        Setting setting = new Setting(
                Path.of(args[0]),
                Durability.valueOf(args[1]),
                Boolean.parseBoolean(args[2]),
                Sync.valueOf(args[3]),
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
        EngineUnderTest engine = EngineUnderTest.here();
        StorageEngineProvider store = setting.isRestless ? engine.restless(setting.store) : engine.at(setting.store);
        return setting.sync == Sync.REAL ? store : new UnsyncedStore(store);
    }

    // ---- in the test

    /** Starts one; returns when it accepts connections. */
    static ChildBroker start(Setting setting) {
        try {
            Process process = launch(setting);
            return new ChildBroker(process, port(process));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts one and kills it after so many milliseconds, whatever it is doing by then. */
    static void startAndKill(Setting setting, int afterMs) {
        try {
            Process process = launch(setting);
            if (process.waitFor(afterMs, TimeUnit.MILLISECONDS)) {
                throw new Violation("the broker does not start");
            }
            do {
                broker(process).destroyForcibly(); // which a command that wraps it may not have started yet
            } while (!process.waitFor(100, TimeUnit.MILLISECONDS));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** What a command that wraps it has started, or the process itself. */
    private static ProcessHandle broker(Process process) {
        return process.children().findFirst().orElse(process.toHandle());
    }

    private static Process launch(Setting setting) throws IOException {
        List<String> command = new ArrayList<>(setting.wrapper);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(EngineUnderTest.here().jvmOptions());
        command.addAll(List.of(
                "-ea",
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                ChildBroker.class.getName(),
                setting.store.toString(),
                setting.level.name(),
                Boolean.toString(setting.isRestless),
                setting.sync.name()));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
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

    /** Of its process. */
    long pid() {
        return broker.pid();
    }

    /** Kills it at once, as {@code kill -9} does, and waits until it is dead. */
    void kill() {
        broker.destroyForcibly();
        awaitEnd(); // a command that wraps it ends by itself when it has written down what there was
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
