package dev.dunlin.broker.routing;

import java.util.Random;
import java.util.function.Consumer;

/** Runs random operations so that a failure can be repeated: it names its seed, and {@code -Dseed=} sets it. */
final class Seeded {
    private Seeded() {}

    static void run(Consumer<Random> test) {
        long seed = Long.getLong("seed", new Random().nextLong());
        try {
            test.accept(new Random(seed));
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError("repeat with -Dseed=" + seed, e);
        }
    }
}
