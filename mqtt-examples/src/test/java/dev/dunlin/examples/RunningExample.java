package dev.dunlin.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** An example in a JVM of its own, as a person would run it. */
final class RunningExample implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 30;
    private static final String READY = "clients connect to port ";

    private final Process process;
    private final BufferedReader out;

    RunningExample(Class<?> example, String... args) throws IOException {
        this(Map.of(), example, args);
    }

    RunningExample(Map<String, String> variables, Class<?> example, String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                example.getName()));
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(variables);
        process = builder.start();
        out = process.inputReader(StandardCharsets.UTF_8);
    }

    /** The next line that it prints; null when it has ended. */
    String line() throws Exception {
        return CompletableFuture.supplyAsync(() -> {
                    try {
                        return out.readLine();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                })
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** The port in a line that says so. */
    static int port(String line) {
        assertThat(line).startsWith(READY);
        return Integer.parseInt(line.substring(READY.length()));
    }

    /** Presses Enter; it must end well, without another word. */
    void end() throws Exception {
        press();
        awaitEnd();
    }

    /** Presses Enter. */
    void press() throws IOException {
        process.outputWriter().append('\n').close();
    }

    /** It must end well, without another word. */
    void awaitEnd() throws Exception {
        assertThat(line()).isNull();
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }

    /** Kills it, as by {@code kill -9}; returns when it has ended. */
    void kill() throws InterruptedException {
        assertThat(process.destroyForcibly().waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
                .isTrue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
