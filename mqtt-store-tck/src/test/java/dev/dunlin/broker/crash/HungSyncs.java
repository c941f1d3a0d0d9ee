package dev.dunlin.broker.crash;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** While it is open, no sync of a process returns: each waits at its beginning. */
final class HungSyncs implements AutoCloseable {
    private static final long DELAY_MICROS = TimeUnit.MINUTES.toMicros(10);
    private static final long PATIENCE_SECONDS = 10;

    private final Process strace;

    private HungSyncs(Process strace) {
        this.strace = strace;
    }

    /** Skips the test where this needs rights that the user doesn't have. */
    static HungSyncs of(long pid) throws IOException {
        Process strace = new ProcessBuilder(
                        "strace",
                        "-f",
                        "-o",
                        "/dev/null",
                        "-e",
                        "trace=fdatasync,fsync",
                        "-e",
                        "inject=fdatasync,fsync:delay_enter=" + DELAY_MICROS,
                        "-p",
                        Long.toString(pid))
                .start();
        String first =
                new BufferedReader(new InputStreamReader(strace.getErrorStream(), StandardCharsets.UTF_8)).readLine();
        if (first == null || !first.contains(" attached")) {
            strace.destroy();
            Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "only root may watch it: " + first);
            throw new AssertionError("strace: " + first);
        }
        return new HungSyncs(strace);
    }

    /** What waits goes on. */
    @Override
    public void close() throws InterruptedException {
        strace.destroy();
        if (!strace.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("strace does not end");
        }
    }
}
