package dev.dunlin.store.tck;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Assumptions;

/** A command that a test calls. */
final class Tool {
    private Tool() {}

    static boolean isThere(String name) {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
    }

    /** Skips the test where the command is missing, but fails it with {@code CI=true}: there a skip would go unseen. */
    static void require(String name) {
        if (!isThere(name)) {
            skip("not on the PATH: " + name);
        }
    }

    /** Skips the test for a reason outside of it; fails it with {@code CI=true}. */
    static void skip(String reason) {
        if ("true".equals(System.getenv("CI"))) {
            throw new AssertionError(reason + "; with CI=true no test is skipped");
        }
        Assumptions.abort(reason);
    }
}
