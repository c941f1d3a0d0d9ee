package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.Limits;
import java.util.concurrent.CompletableFuture;

/** Shows tests of other packages what an event loop goes by. Not for the threads of a broker. */
public final class LoopProbe {
    private LoopProbe() {}

    /** The bounds that a loop goes by, behind what it was handed before. */
    public static Limits limits(SessionLoop loop) {
        return CompletableFuture.supplyAsync(loop::limits, loop::execute).join();
    }
}
