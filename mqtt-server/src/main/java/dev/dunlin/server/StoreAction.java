package dev.dunlin.server;

import dev.dunlin.broker.spi.StoreException;
import java.io.PrintStream;

/** What a command does that isn't the broker itself. */
interface StoreAction {
    /** It went well. */
    int OK = 0;

    /** It did what it was asked, and what it found is bad. */
    int BAD = 1;

    /**
     * Does it.
     *
     * @param out for what a person wants to know
     * @param err for what a person wants to know while standard output carries something else
     * @return the exit code, {@link #OK} or {@link #BAD}
     * @throws StoreException if it failed: with a sentence for a person
     */
    int run(PrintStream out, PrintStream err) throws StoreException, InterruptedException;
}
