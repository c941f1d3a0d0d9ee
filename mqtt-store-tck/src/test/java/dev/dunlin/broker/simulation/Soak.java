package dev.dunlin.broker.simulation;

import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * The clients and the {@link Model} of the simulation, over real sockets and with a real engine, in real time: a broker in a JVM of its own is
 * killed and started again on one folder. What happens depends on the machine, too: a seed says what clients are up to, not
 * when what arrives.
 */
final class Soak {
    private final Path store;
    private final Random random;
    private final Figures figures = new Figures();

    Soak(Path store, long seed) {
        this.store = store;
        random = new Random(seed);
    }

    /** Runs chapters of so many milliseconds until so much time is over. */
    Figures run(long ms, long chapterMs, Chapter.Pace pace) {
        long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms);
        do {
            Chapter chapter = new Chapter(store, pace, figures, random.nextInt());
            try {
                chapter.run(chapterMs);
            } catch (Violation e) {
                Path all = store.resolveSibling("trace.txt");
                chapter.write(all);
                throw new AssertionError(
                        e.getMessage() + "\n" + chapter.describe() + "\n" + chapter.trace(e.getMessage()) + "\n"
                                + figures + "\nthe whole trace is in " + all,
                        e);
            }
        } while (System.nanoTime() < endNs);
        return figures;
    }
}
