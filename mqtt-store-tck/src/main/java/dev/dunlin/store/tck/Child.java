package dev.dunlin.store.tck;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A JVM of its own with a {@link ChildMain} that uses a store. */
final class Child implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Process process;
    private final Ledger ledger;
    private final Path ledgerFile;
    private final Path errors;

    private Child(Process process, Ledger ledger, Path ledgerFile, Path errors) {
        this.process = process;
        this.ledger = ledger;
        this.ledgerFile = ledgerFile;
        this.errors = errors;
    }

    /**
     * Starts one.
     *
     * @param work a folder for its ledger and temporary files, on another volume than the store if that is to fill up
     * @param prefix a command that runs the JVM
     */
    static Child start(EngineTck tck, Path store, Path work, ChildPlan plan, List<String> prefix) throws IOException {
        Path own = Files.createTempDirectory(work, "child");
        Path ledgerFile = own.resolve("ledger");
        Path errors = own.resolve("errors");
        Ledger ledger = Ledger.in(ledgerFile);
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-ea",
                "-Xmx768m",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-Djava.io.tmpdir=" + own,
                "-cp",
                System.getProperty("java.class.path"),
                ChildMain.class.getName(),
                tck.getClass().getName(),
                store.toString(),
                ledgerFile.toString(),
                plan.encode()));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(errors.toFile());
        return new Child(builder.start(), ledger, ledgerFile, errors);
    }

    static Child start(EngineTck tck, Path store, Path work, ChildPlan plan) throws IOException {
        return start(tck, store, work, plan, List.of());
    }

    /** A file that the child writes and syncs when the store is open for the first time. */
    Path marker() {
        return ChildMain.marker(ledgerFile);
    }

    Ledger ledger() {
        return ledger;
    }

    long pid() {
        return process.pid();
    }

    /** Waits until the child has come so far. That it ends before, or hangs, is a failure. */
    void awaitAlive(String what, BooleanSupplier condition) {
        try {
            Await.until(what, PATIENCE, () -> condition.getAsBoolean() || !process.isAlive());
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + ": " + this, e);
        }
        assertThat(condition.getAsBoolean()).as("%s: %s", what, this).isTrue();
    }

    /** Kills it as {@code kill -9} does, and waits until it is dead. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .as("dies of SIGKILL")
                .isTrue();
    }

    /** Waits for its end. */
    int awaitEnd() throws InterruptedException {
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .as("ends: %s", this)
                .isTrue();
        return process.exitValue();
    }

    /** Tells it to close its store, and expects it to end well. */
    void finish() throws InterruptedException {
        ledger.finish();
        assertThat(awaitEnd()).as("exit code of %s", this).isZero();
    }

    /** What it has reported, and what it has printed. */
    @Override
    public String toString() {
        try {
            return "child " + ledger + "\n" + Files.readString(errors);
        } catch (IOException e) {
            return "child " + ledger + ", its output can't be read: " + e;
        }
    }

    /** Leaves no process behind. */
    @Override
    public void close() {
        process.destroyForcibly()
                .onExit()
                .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .join();
    }
}
