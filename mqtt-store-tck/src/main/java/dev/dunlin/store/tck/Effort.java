package dev.dunlin.store.tck;

import java.time.Duration;

/**
 * How much is tried: a little in every build, everything with {@code -Ddunlin.tck.long=true}. A seed that has failed is given
 * again by {@code -Ddunlin.tck.seed=...}.
 */
final class Effort {
    static final String OPERATIONS = "dunlin.tck.operations";

    private static final boolean LONG = Boolean.getBoolean("dunlin.tck.long");

    private Effort() {}

    static long modelOperations() {
        return Long.getLong(OPERATIONS, LONG ? 10_000_000 : 1_000_000);
    }

    static int kills() {
        return LONG ? 200 : 6;
    }

    /** Kills at each kind of system call. */
    static int killsPerPoint() {
        return LONG ? 40 : 2;
    }

    /** One in so many bytes of a log is damaged. */
    static int damageStep() {
        return LONG ? 1 : 13;
    }

    static Duration growth() {
        return LONG ? Duration.ofMinutes(10) : Duration.ofSeconds(10);
    }

    static boolean isLong() {
        return LONG;
    }

    /** The seed of a test, printed with what failed. */
    static long seed() {
        Long given = Long.getLong("dunlin.tck.seed");
        return given == null ? System.nanoTime() : given;
    }
}
