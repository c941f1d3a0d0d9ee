package dev.dunlin.store.tck;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The command {@code strace}, which counts system calls of a child, lets them fail, or kills at one of them. */
final class Strace {
    /** Exit code of a process that SIGKILL has ended. */
    static final int KILLED = 128 + 9;

    private static final String NAME = "strace";
    /** The second half of a line about a call, which another thread's has come between. */
    private static final String RESUMED = "resumed>";

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

    static Strace watching(Path log, Syscalls... calls) {
        return new Strace(log, command(log, Syscalls.names(calls), "--seccomp-bpf"));
    }

    /** Kills the child at the n-th call of one of its threads. Without seccomp: with it strace 6.1 doesn't kill. */
    static Strace killing(Path log, Syscalls calls, long call) {
        String inject = "inject=" + calls.names() + ":signal=SIGKILL:when=" + call;
        return new Strace(log, command(log, calls.names(), "-e", inject));
    }

    /**
     * Lets calls fail, counted in each thread.
     *
     * @param error as ENOSPC
     * @param when as {@code 20}, only that one, or {@code 20+}, all from it on
     */
    static Strace failing(Path log, Syscalls calls, String error, String when) {
        String inject = "inject=" + calls.names() + ":error=" + error + ":when=" + when;
        return new Strace(log, command(log, calls.names(), "--seccomp-bpf", "-e", inject));
    }

    /** -D: our child is the JVM, which is to be killed, and not strace. -y: the log names files. */
    private static List<String> command(Path log, String names, String... more) {
        Stream<String> always = Stream.of(NAME, "-D", "-f", "-y", "-qq", "-o", log.toString(), "-e", "trace=" + names);
        return Stream.concat(always, Stream.of(more)).toList();
    }

    /** What is put before the command of the child. */
    List<String> command() {
        return command;
    }

    /** The calls of a kind of the thread that made the most of them. */
    long callsOfBusiestThread(Syscalls kind) {
        try (Stream<String> lines = Files.lines(log)) {
            Map<String, Long> calls = lines.filter(line -> kind.isCalledIn(line) && !line.contains(RESUMED))
                    .collect(Collectors.groupingBy(Strace::thread, Collectors.counting()));
            return calls.values().stream().mapToLong(Long::longValue).max().orElse(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How many calls a thread has made when it comes to a file, that one included. */
    long callsUntil(Path file) throws IOException {
        List<String> lines = Files.readAllLines(log);
        String name = file.toRealPath().toString();
        int at = 0;
        while (!lines.get(at).contains(name)) {
            at++;
        }
        String thread = thread(lines.get(at));
        return lines.subList(0, at + 1).stream()
                .filter(line -> thread(line).equals(thread) && !line.contains(RESUMED))
                .count();
    }

    private static String thread(String line) {
        return line.split(" ", 2)[0];
    }

    /** Whether any call was let fail. */
    boolean hasInjected() throws IOException {
        try (Stream<String> lines = Files.lines(log)) {
            return lines.anyMatch(line -> line.contains("(INJECTED)"));
        }
    }
}
