package dev.dunlin.broker.session;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The connections of one loop whose output waits: which of them take nothing of it, and for how long. A connection that keeps up
 * never comes here, and costs nothing. Loop only, but for {@link #count}.
 */
public final class SlowConsumers {
    private static final long LOOK_MS = 1_000;

    /** A connection whose output waits. Equal only to itself. */
    public interface Watched {
        /** Whether there is still output that waits. */
        boolean isBehind();

        /** A number that is another one as soon as the transport has taken something. */
        long progress();

        /** It has taken nothing for so long. Told once, until it takes something. */
        void slow(long forMs);

        /** It takes something again, after so long. */
        void quick(long afterMs);

        /** It has taken nothing for so long that it has to go. */
        void stuck(long forMs);
    }

    private final SessionLoop loop;
    private long slowMs;
    private long stuckMs;
    private final Map<Watched, Wait> waiting = new LinkedHashMap<>();
    private boolean looking;
    private final AtomicInteger count = new AtomicInteger();

    /**
     * None yet.
     *
     * @param stuckMs 0 for never
     */
    SlowConsumers(SessionLoop loop, long slowMs, long stuckMs) {
        this.loop = loop;
        this.slowMs = slowMs;
        this.stuckMs = stuckMs;
    }

    /** Goes by these from its next look on, which is within a second. Loop only. */
    void limits(long newSlowMs, long newStuckMs) {
        slowMs = newSlowMs;
        stuckMs = newStuckMs;
    }

    private static final class Wait {
        private long progress;
        private long sinceMs;
        private boolean slow;
    }

    /** How many are slow now. Any thread. */
    int count() {
        return count.get();
    }

    /** Whether it is slow now. */
    boolean isSlow(Link connection) {
        assert loop.inLoop();
        Wait wait = connection instanceof Watched watched ? waiting.get(watched) : null;
        return wait != null && wait.slow;
    }

    /** The identifiers of those clients that are slow now. */
    Set<String> clientIds() {
        assert loop.inLoop();
        Set<String> ids = new HashSet<>();
        waiting.forEach((connection, wait) -> {
            if (wait.slow && connection instanceof Link link) {
                ids.add(link.clientId());
            }
        });
        return ids;
    }

    /** Its output waits from now on. */
    public void watch(Watched connection) {
        assert loop.inLoop();
        if (waiting.containsKey(connection)) {
            return;
        }
        Wait wait = new Wait();
        wait.progress = connection.progress();
        wait.sinceMs = loop.nowMs();
        waiting.put(connection, wait);
        lookLater();
    }

    /** It has ended, or leaves this loop. */
    public void forget(Watched connection) {
        Wait wait = waiting.isEmpty() ? null : waiting.remove(connection);
        if (wait != null && wait.slow) {
            count.decrementAndGet();
        }
    }

    private void lookLater() {
        if (!looking) {
            looking = true;
            long shortest = stuckMs == 0 ? slowMs : Math.min(slowMs, stuckMs);
            loop.schedule(Math.max(1, Math.min(LOOK_MS, shortest / 4)), this::look);
        }
    }

    private void look() {
        looking = false;
        List.copyOf(waiting.entrySet()).forEach(each -> look(each.getKey(), each.getValue())); // one may end meanwhile
        if (!waiting.isEmpty()) {
            lookLater();
        }
    }

    private void look(Watched connection, Wait wait) {
        long forMs = loop.nowMs() - wait.sinceMs;
        boolean behind = connection.isBehind();
        long progress = connection.progress();
        if (!behind || progress != wait.progress) {
            wait.progress = progress;
            wait.sinceMs = loop.nowMs();
            if (wait.slow) {
                wait.slow = false;
                count.decrementAndGet();
                connection.quick(forMs);
            }
            if (!behind) {
                waiting.remove(connection);
            }
            return;
        }
        if (!wait.slow && forMs >= slowMs) {
            wait.slow = true;
            count.incrementAndGet();
            connection.slow(forMs);
        }
        if (stuckMs > 0 && forMs >= stuckMs) {
            connection.stuck(forMs);
        }
    }
}
