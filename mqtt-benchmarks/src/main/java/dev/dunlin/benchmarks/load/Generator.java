package dev.dunlin.benchmarks.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The load generator, {@code src/main/c/mqload.c}, on a core of its own if there are two. */
final class Generator {
    private final Path program;

    private Generator(Path program) {
        this.program = program;
    }

    /**
     * Compiles it, if that hasn't been done since its source was changed.
     *
     * @param source its source
     * @param folder where the program goes
     * @throws IllegalStateException if there is no C compiler, or it refuses
     */
    static Generator compile(Path source, Path folder) throws IOException, InterruptedException {
        Path program = folder.resolve("mqload");
        boolean isFresh = Files.exists(program)
                && Files.getLastModifiedTime(program).compareTo(Files.getLastModifiedTime(source)) > 0;
        if (!isFresh) {
            Files.createDirectories(folder);
            List<String> command = List.of("cc", "-O2", "-std=c11", "-o", program.toString(), source.toString());
            try {
                Process cc = new ProcessBuilder(command).inheritIO().start();
                if (cc.waitFor() != 0) {
                    throw new IllegalStateException(
                            "the load generator can't be compiled: " + String.join(" ", command));
                }
            } catch (IOException e) {
                throw new IllegalStateException("the load generator is in C, and there is no C compiler (cc)", e);
            }
        }
        return new Generator(program);
    }

    /** Runs it to its end. */
    Figures run(Stream<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(Cores.pinned(1));
        command.add(program.toString());
        arguments.forEach(command::add);
        Process running = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader lines = running.inputReader(StandardCharsets.UTF_8)) {
            String printed = lines.readLine(); // not to the end: a broker that it has started holds its output open
            if (running.waitFor() != 0 || printed == null) {
                throw new IllegalStateException("the load generator failed: " + String.join(" ", command));
            }
            return Figures.parse(printed);
        } finally {
            running.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        }
    }
}
