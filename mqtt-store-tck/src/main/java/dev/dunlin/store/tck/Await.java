package dev.dunlin.store.tck;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what another process does. */
final class Await {
    private static final long LOOK_AGAIN_NS = 200_000;
    private static final long MOMENT_NS = 20_000_000;

    private Await() {}

    static void until(String what, Duration patience, BooleanSupplier condition) {
        long endNs = System.nanoTime() + patience.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > endNs) {
                throw new AssertionError("waited in vain for " + what + ", " + patience.toSeconds() + " s");
            }
            LockSupport.parkNanos(LOOK_AGAIN_NS);
        }
    }

    /** Between two attempts at something that fails. */
    static void aMoment() {
        LockSupport.parkNanos(MOMENT_NS);
    }
}
