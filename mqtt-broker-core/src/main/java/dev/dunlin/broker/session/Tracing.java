package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.broker.spi.TraceOptions;
import dev.dunlin.codec.ReasonCode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** Begins and ends the traces of a broker. Any thread. */
public final class Tracing {
    /** So many may be on at a time: each is looked at for every packet. */
    public static final int TRACES_MAX = 16;

    private final Core core;
    private final Executor handlers;

    /** What the loops are told, in this order: changed and handed to them under this object's lock. */
    private List<TraceLines> all = List.of();

    /** Places of those that are just being made. */
    private int reserved;

    private boolean closed;

    /** Makes who takes the lines of a trace: called when there is a place for it. */
    public interface Opening {
        /** Opens it. */
        TraceLines.Taker open() throws IOException;
    }

    /** None is on. */
    public Tracing(Core core, Executor handlers) {
        this.core = core;
        this.handlers = handlers;
    }

    /**
     * Begins a trace.
     *
     * @return completes on a loop when the next packet is in it, whichever loop that is for; fails with {@link
     *     RejectedException} if there are {@link #TRACES_MAX}, and then opens nothing, or as the opening
     */
    public CompletableFuture<TraceLines> begin(TraceOptions options, Opening opening) {
        if (!reserve()) {
            return CompletableFuture.failedFuture(new RejectedException(ReasonCode.QUOTA_EXCEEDED));
        }
        TraceLines trace;
        try {
            trace = new TraceLines(options, handlers, opening.open(), this::ended);
        } catch (Throwable e) { // whoever asked is told
            giveBack();
            return CompletableFuture.failedFuture(e);
        }
        if (!add(trace)) {
            trace.refuse();
            return CompletableFuture.failedFuture(new RejectedException(ReasonCode.SERVER_SHUTTING_DOWN));
        }
        return begin(trace);
    }

    private synchronized boolean reserve() {
        if (closed || all.size() + reserved == TRACES_MAX) {
            return false;
        }
        reserved++;
        return true;
    }

    private synchronized void giveBack() {
        reserved--;
    }

    /** At the place that was reserved. */
    private synchronized boolean add(TraceLines trace) {
        reserved--;
        if (closed) {
            return false;
        }
        List<TraceLines> more = new ArrayList<>(all);
        more.add(trace);
        all = List.copyOf(more);
        return true;
    }

    private CompletableFuture<TraceLines> begin(TraceLines trace) {
        trace.add(PacketText.beginning(trace.options(), core.wallMs()));
        long endMs = trace.options().durationMax().toMillis();
        SessionLoop timekeeper = core.loop(0);
        timekeeper.execute(() -> {
            SessionLoop.Timer timer = timekeeper.schedule(endMs, () -> trace.stop(endMs + " ms"));
            trace.closed().whenComplete((done, failure) -> timekeeper.execute(timer::cancel));
        });
        return tell().thenApply(told -> trace);
    }

    private synchronized void ended(TraceLines trace) {
        List<TraceLines> rest = new ArrayList<>(all);
        rest.remove(trace);
        all = List.copyOf(rest);
        tell();
    }

    private synchronized CompletableFuture<Void> tell() {
        Traces now = all.isEmpty() ? null : new Traces(core, all);
        CompletableFuture<?>[] told = new CompletableFuture<?>[core.loopCount()];
        for (int i = 0; i < told.length; i++) {
            SessionLoop loop = core.loop(i);
            told[i] = CompletableFuture.runAsync(() -> loop.traffic().traces(now), loop::execute);
        }
        return CompletableFuture.allOf(told);
    }

    /** Ends them all: the broker is closed. */
    public void close() {
        List<TraceLines> open;
        synchronized (this) {
            closed = true;
            open = all;
        }
        open.forEach(trace -> trace.stop("the broker is closed"));
    }
}
