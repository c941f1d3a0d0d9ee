package dev.dunlin.broker.simulation;

import dev.dunlin.broker.spi.StoreException;
import org.jspecify.annotations.Nullable;

/** Runs seeds. */
public final class Simulations {
    private static final int SHORT_LIVES = 80;

    private Simulations() {}

    /**
     * The first of these seeds that fails within so many steps, in words; null if none does. Of a hundred
     * seeds the last twenty run three times as long: some things need a long life.
     *
     * @param firstSeed any number; the seeds that follow are counted up
     */
    public static @Nullable String firstFailure(long firstSeed, int seeds, int steps) {
        for (long seed = firstSeed; seed < firstSeed + seeds; seed++) {
            boolean longLife = Math.floorMod(seed - 1, 100L) >= SHORT_LIVES;
            String failure = failure(seed, longLife ? 3 * steps : steps);
            if (failure != null) {
                return failure;
            }
        }
        return null;
    }

    /** What goes wrong with this seed, with the last things that bear on it; null if nothing does. */
    static @Nullable String failure(long seed, int steps) {
        World world = null;
        try {
            world = new World(seed);
            world.run(steps);
            return null;
        } catch (StoreException | RuntimeException | Error e) {
            String where = world == null ? "" : world.describe() + "\n" + world.trace(String.valueOf(e.getMessage()));
            return "seed " + seed + ", step " + (world == null ? 0 : world.steps()) + ": " + reason(e) + "\n" + where;
        } finally {
            Logs.listen(null);
        }
    }

    private static String reason(Throwable e) {
        java.io.StringWriter text = new java.io.StringWriter();
        if (e instanceof Violation && e.getCause() == null) {
            text.append(e.getMessage());
        } else {
            e.printStackTrace(new java.io.PrintWriter(text));
        }
        return text.toString();
    }

    /** A number for all that happens with this seed, which is the same each time. */
    static long digest(long seed, int steps) throws StoreException {
        World world = new World(seed);
        try {
            world.run(steps);
        } catch (Violation expected) { // of a seed that is being looked into
            return world.digest();
        } finally {
            Logs.listen(null);
        }
        return world.digest();
    }

    /** {@code [first seed] [seeds] [steps]}: runs them all, prints what fails, and how fast it was. */
    public static void main(String[] args) {
        long first = args.length > 0 ? Long.parseLong(args[0]) : 1;
        int seeds = args.length > 1 ? Integer.parseInt(args[1]) : 1;
        int steps = args.length > 2 ? Integer.parseInt(args[2]) : 2_000;
        long begun = System.nanoTime();
        int failed = 0;
        for (long seed = first; seed < first + seeds; seed++) {
            String failure = failure(seed, steps);
            if (failure != null) {
                failed++;
                System.out.println(failure);
            }
        }
        double seconds = (System.nanoTime() - begun) / 1e9;
        System.out.printf("%d of %d seeds failed, %.1f s%n", failed, seeds, seconds);
    }
}
