package dev.dunlin.broker;

import dev.dunlin.broker.session.TraceLines;
import dev.dunlin.broker.spi.TraceOptions;
import java.util.concurrent.CompletionStage;

/**
 * A trace that {@link Administration#trace} has begun. It ends by {@link #close}, at its bounds, when its lines can't be taken,
 * or with the broker. Any thread.
 */
public final class Trace implements AutoCloseable {
    private final TraceOptions options;
    private final TraceLines lines;

    Trace(TraceOptions options, TraceLines lines) {
        this.options = options;
        this.lines = lines;
    }

    /** What it shows, and where it ends. */
    public TraceOptions options() {
        return options;
    }

    /** Lines that were handed over so far. */
    public long lines() {
        return lines.taken();
    }

    /** Lines that were lost so far, because those before them were not taken as fast as they came. */
    public long lost() {
        return lines.lost();
    }

    /** Whether it has ended, and all of it was handed over. */
    public boolean isClosed() {
        return lines.closed().isDone();
    }

    /**
     * The end.
     *
     * @return completes when all of it was handed over; fails with what who takes the lines has thrown, or the executor for
     *     handlers when it refused them. On a thread for handlers, or one of its own if they refuse
     */
    public CompletionStage<Void> closed() {
        return lines.closed().minimalCompletionStage();
    }

    /** Ends it. Returns at once: what waits is still handed over, with a last line that says why it ends. */
    @Override
    public void close() {
        lines.stop("it was closed");
    }
}
