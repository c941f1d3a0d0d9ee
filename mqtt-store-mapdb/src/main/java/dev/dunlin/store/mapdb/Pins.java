package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.StoreException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is to be closed or deleted as soon as no view that was open then is open any more. Any thread. */
final class Pins {
    private static final Logger LOG = LoggerFactory.getLogger(Pins.class);

    private final TreeSet<Long> open = new TreeSet<>();
    private final Deque<Retired> waiting = new ArrayDeque<>();
    private long next;

    /** Lets go of something. */
    @FunctionalInterface
    interface Release {
        /** Lets go. What fails is only logged: it is no file that a store needs. */
        void run() throws IOException, StoreException;
    }

    private record Retired(long after, Release release) {}

    /** A pin for a new view. */
    synchronized long pin() {
        open.add(next);
        return next++;
    }

    /** The view of a pin is closed. */
    void unpin(long pin) {
        synchronized (this) {
            open.remove(pin);
        }
        releaseDue();
    }

    /** Lets go of something when all views of now are closed: perhaps at once. */
    void retire(Release release) {
        synchronized (this) {
            waiting.add(new Retired(next, release));
        }
        releaseDue();
    }

    private void releaseDue() {
        for (Release release : due()) {
            try {
                release.run();
            } catch (IOException | StoreException e) {
                LOG.warn("store: a file that isn't needed any more stays: {}", e.toString());
            }
        }
    }

    private synchronized List<Release> due() {
        List<Release> due = new ArrayList<>();
        while (!waiting.isEmpty() && (open.isEmpty() || open.first() >= waiting.peek().after)) {
            due.add(waiting.remove().release);
        }
        return due;
    }
}
