package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.spi.TraceOptions;
import java.io.IOException;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One trace: its lines on their way from the loops to who takes them. Loops add, any number of them; one task at a time on the
 * handlers' threads hands over. What doesn't fit in between is lost, and said so where it is missing.
 */
public final class TraceLines {
    private static final Logger LOG = LoggerFactory.getLogger(TraceLines.class);
    private static final int LINES_PER_FLUSH = 256;

    /** Who takes the lines: on the handlers' threads, one call at a time. */
    public interface Taker {
        /** Takes a line, without a line break. */
        void take(String line) throws IOException;

        /** No further line is there at the moment. */
        void flush() throws IOException;

        /** No further line will come. */
        void close() throws IOException;
    }

    private final TraceOptions options;
    private final Executor handlers;
    private final Taker taker;
    private final Consumer ended;
    private final Queue<String> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicLong lost = new AtomicLong();
    private final AtomicBoolean handingOver = new AtomicBoolean();

    /** Why it has ended; null as long as it hasn't. */
    private final AtomicReference<@Nullable String> end = new AtomicReference<>();

    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final AtomicLong taken = new AtomicLong();
    private volatile long lostSaid; // written by who hands over

    /** Told that it has ended. */
    interface Consumer {
        void ended(TraceLines trace);
    }

    TraceLines(TraceOptions options, Executor handlers, Taker taker, Consumer ended) {
        this.options = options;
        this.handlers = handlers;
        this.taker = taker;
        this.ended = ended;
    }

    // ---- what it shows

    TraceOptions options() {
        return options;
    }

    boolean isOf(String clientId) {
        return options.clientId().isEmpty() || options.clientId().equals(clientId);
    }

    boolean showsAllPackets() {
        return options.topicFilter().isEmpty();
    }

    /** Whether a PUBLISH with this topic is shown; one that nobody knows is no match. */
    boolean shows(String topic) {
        return showsAllPackets() || (!topic.isEmpty() && Topics.matches(options.topicFilter(), topic));
    }

    // ---- lines

    /** Adds a line. Any thread; doesn't block. */
    void add(String line) {
        if (end.get() != null) {
            return;
        }
        if (waiting.incrementAndGet() > options.waitingLinesMax()) {
            waiting.decrementAndGet();
            lost.incrementAndGet();
        } else {
            queue.add(line);
        }
        handOver();
    }

    private void handOver() {
        if (handingOver.compareAndSet(false, true)) {
            try {
                handlers.execute(this::handOverAll);
            } catch (Throwable e) { // the user's executor; or ours, without a thread or at its end
                refused(e);
            }
        }
    }

    /** Nobody takes lines any more, and nobody but who is called here hands over: it stays so. */
    private void refused(Throwable e) {
        LOG.warn("a trace ends, because the handlers' executor refuses its lines: {}", e.toString());
        if (end.compareAndSet(null, "its lines are refused by the executor for handlers")) {
            ended.ended(this);
        }
        queue.clear();
        OwnThread.run(() -> close(e)); // who takes the lines is user code, or a file
    }

    private void handOverAll() {
        do {
            try {
                hand();
            } catch (Throwable e) { // user code, or the disk: the trace ends, and whoever asks is told
                LOG.warn("a trace ends, because its lines can't be taken: {}", e.toString());
                if (end.compareAndSet(null, "its lines can't be taken")) {
                    ended.ended(this);
                }
                close(e);
            }
            handingOver.set(false);
        } while (hasMore() && handingOver.compareAndSet(false, true));
    }

    private boolean hasMore() {
        return !closed.isDone() && (!queue.isEmpty() || lost.get() != lostSaid || end.get() != null);
    }

    private void hand() throws IOException {
        if (closed.isDone()) {
            return;
        }
        boolean last = end.get() != null; // asked first: what was added before is in the queue
        for (int left = LINES_PER_FLUSH; left > 0 && taken.get() < options.linesMax(); left--) {
            String line = queue.poll();
            if (line == null) {
                break;
            }
            waiting.decrementAndGet();
            taker.take(line);
            taken.incrementAndGet();
        }
        sayLost();
        boolean full = taken.get() == options.linesMax();
        if (full) {
            stop(taken + " lines");
            queue.clear();
        }
        taker.flush();
        if ((last && queue.isEmpty()) || full) {
            taker.take("# ends: " + Objects.requireNonNull(end.get()));
            taker.flush();
            close(null);
        }
    }

    private void sayLost() throws IOException {
        long now = lost.get();
        if (now != lostSaid) {
            taker.take("# " + (now - lostSaid) + " lines lost about here");
            lostSaid = now;
        }
    }

    private void close(@Nullable Throwable failure) {
        Throwable first = failure;
        try {
            taker.close();
        } catch (Throwable e) { // as above
            LOG.warn("a trace can't be closed: {}", e.toString());
            first = first == null ? e : first;
        }
        if (first == null) {
            closed.complete(null);
        } else {
            closed.completeExceptionally(first);
        }
    }

    // ---- the end

    /** It doesn't even begin. */
    void refuse() {
        end.set("refused");
        close(null);
    }

    /** Ends it: what waits is still handed over. Any thread; doesn't wait. */
    public void stop(String why) {
        if (end.compareAndSet(null, why)) {
            ended.ended(this);
            handOver();
        }
    }

    /** Lines that were handed over. Any thread. */
    public long taken() {
        return taken.get();
    }

    /** Lines that were lost. Any thread. */
    public long lost() {
        return lost.get();
    }

    /**
     * Completes on a handlers' thread when all was handed over; fails as who takes the lines has, or, on a thread of its own, as
     * the executor for handlers.
     */
    public CompletableFuture<Void> closed() {
        return closed;
    }
}
