package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A child process, killed on close, with its standard output and error as lines. It runs in an empty folder, deleted on close,
 * unless it is told another one: there a broker makes its store.
 */
final class Child implements AutoCloseable {
    /** Five times what a start or stop takes on a slow machine: only a hang reaches it. */
    private static final long TIMEOUT_S = 30;

    private final Process process;
    private final BufferedReader out;
    private final Path scratch;
    private final Path err;

    private Child(Process process, Path scratch, Path err) {
        this.process = process;
        this.out = process.inputReader();
        this.scratch = scratch;
        this.err = err;
    }

    static Child start(ProcessBuilder builder) throws IOException {
        Path scratch = Files.createTempDirectory("child");
        if (builder.directory() == null) {
            builder.directory(Files.createDirectory(scratch.resolve("cwd")).toFile());
        }
        Path err = scratch.resolve("err");
        builder.redirectError(err.toFile());
        return new Child(builder.start(), scratch, err);
    }

    /** The broker's {@code Main} in a JVM of its own, on the class path of this test. */
    static ProcessBuilder broker(String... args) {
        return java("dev.dunlin.server.Main", args);
    }

    static ProcessBuilder java(String mainClass, String... args) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // Starts faster; nothing here runs long enough for more.
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                mainClass));
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().remove("DUNLIN_LOG");
        return builder;
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    /** The next line of standard output, waited for; null at its end. */
    String readLine() throws Exception {
        return CompletableFuture.supplyAsync(() -> {
                    try {
                        return out.readLine();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                })
                .get(TIMEOUT_S, TimeUnit.SECONDS);
    }

    /** Ends the standard input of a {@link WatchedMain}; returns the most direct memory that it has had, in bytes. */
    long tellsDirect() throws Exception {
        process.getOutputStream().close();
        return Long.parseLong(readLine().replace("direct ", ""));
    }

    /** Sends SIGTERM. */
    Child terminate() {
        // Process.destroy would close the streams as well.
        process.toHandle().destroy();
        return this;
    }

    /** Sends any signal. */
    Child signal(String name) throws Exception {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
        return this;
    }

    /** Waits for the end. */
    Ended end() throws Exception {
        assertThat(process.waitFor(TIMEOUT_S, TimeUnit.SECONDS))
                .as("the child ended")
                .isTrue();
        return new Ended(process.exitValue(), out.lines().toList(), Files.readAllLines(err));
    }

    /** Runs a command to its end. */
    static Ended run(ProcessBuilder command) throws Exception {
        try (Child child = start(command)) {
            return child.end();
        }
    }

    /** Runs a command that fails, with one line on standard error that contains this. */
    static void assertRefused(ProcessBuilder command, String message) throws Exception {
        Ended ended = run(command);
        assertThat(ended.err())
                .singleElement()
                .asString()
                .startsWith("dunlin: ")
                .contains(message);
        assertThat(ended.out()).isEmpty();
        assertThat(ended.code()).isEqualTo(1);
    }

    /** Exit code and what was printed and not yet read. */
    record Ended(int code, List<String> out, List<String> err) {}

    @Override
    public void close() throws IOException {
        process.destroyForcibly().onExit().join();
        List<Path> files;
        try (Stream<Path> walk = Files.walk(scratch)) {
            files = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.delete(file);
        }
    }
}
