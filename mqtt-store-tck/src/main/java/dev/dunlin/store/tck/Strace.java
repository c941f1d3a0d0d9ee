package dev.dunlin.store.tck;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The command {@code strace}, which counts system calls of a child, lets them fail, or kills at one of them. */
final class Strace {
    /** Exit code of a process that SIGKILL has ended. */
    static final int KILLED = 128 + 9;

    private static final String NAME = "strace";

    private final Path log;
    private final List<String> command;

    private Strace(Path log, List<String> command) {
        this.log = log;
        this.command = command;
    }

    /** Skips the test where there is none. */
    static void require() {
        Tool.require(NAME);
    }

    static Strace watching(Path log, Syscalls calls) {
        // -D: our child is the JVM, which is to be killed, and not strace
        return new Strace(
                log,
                List.of(
                        NAME,
                        "-D",
                        "-f",
                        "--seccomp-bpf",
                        "-qq",
                        "-o",
                        log.toString(),
                        "-e",
                        "trace=" + calls.names()));
    }

    /** Kills the child at the n-th call of one of its threads. Without seccomp: with it strace 6.1 doesn't kill. */
    static Strace killing(Path log, Syscalls calls, long call) {
        String inject = "inject=" + calls.names() + ":signal=SIGKILL:when=" + call;
        return new Strace(
                log,
                List.of(NAME, "-D", "-f", "-qq", "-o", log.toString(), "-e", "trace=" + calls.names(), "-e", inject));
    }

    /**
     * Lets calls fail, counted in each thread.
     *
     * @param error as ENOSPC
     * @param when as {@code 20}, only that one, or {@code 20+}, all from it on
     */
    static Strace failing(Path log, Syscalls calls, String error, String when) {
        String inject = "inject=" + calls.names() + ":error=" + error + ":when=" + when;
        Strace watching = watching(log, calls);
        return new Strace(
                log,
                Stream.concat(watching.command.stream(), Stream.of("-e", inject))
                        .toList());
    }

    /** What is put before the command of the child. */
    List<String> command() {
        return command;
    }

    /** The calls of the thread that made the most. */
    long callsOfBusiestThread() throws IOException {
        try (Stream<String> lines = Files.lines(log)) {
            Map<String, Long> calls = lines.filter(line -> !line.contains("resumed>"))
                    .map(line -> line.split(" ", 2)[0])
                    .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
            return calls.values().stream().mapToLong(Long::longValue).max().orElse(0);
        }
    }

    /** Whether any call was let fail. */
    boolean hasInjected() throws IOException {
        try (Stream<String> lines = Files.lines(log)) {
            return lines.anyMatch(line -> line.contains("(INJECTED)"));
        }
    }
}
