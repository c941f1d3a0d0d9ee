package dev.dunlin.broker.testkit;

import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Where test clients connect to: the port of the broker, or of somebody who sits in between. For the tests of the tests
 * alone, which run one at a time.
 */
public final class Detour {
    private static volatile @Nullable IntUnaryOperator detour;

    private Detour() {}

    /** The port to connect to if one wants to reach this port of the broker. */
    public static int to(int port) {
        IntUnaryOperator by = detour;
        return by == null ? port : by.applyAsInt(port);
    }

    /** From now on clients connect to the ports that this makes of the broker's; null ends it. */
    public static void set(@Nullable IntUnaryOperator by) {
        detour = by;
    }
}
