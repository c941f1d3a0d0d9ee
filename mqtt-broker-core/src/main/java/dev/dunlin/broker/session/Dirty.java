package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The connections of one loop that were written to in this turn: each is flushed once, at its end. Loop only. */
final class Dirty { // hot
    private static final Logger LOG = LoggerFactory.getLogger(Dirty.class);

    private final Core core;
    private Outbound[] connections = new Outbound[16];
    private int count;

    Dirty(Core core) {
        this.core = core;
    }

    int count() {
        return count;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** It isn't among them yet. */
    void add(Outbound outbound) {
        if (count == connections.length) {
            connections = Arrays.copyOf(connections, count * 2);
        }
        connections[count++] = outbound;
    }

    /** A flush may make room for more to be appended: that is the next turn's. */
    void flush() {
        int flushing = count;
        for (int i = 0; i < flushing; i++) {
            flush(connections[i]);
        }
        int later = count - flushing;
        System.arraycopy(connections, flushing, connections, 0, later);
        Arrays.fill(connections, later, count, null);
        count = later;
    }

    private void flush(Outbound outbound) {
        try {
            outbound.flush();
        } catch (Throwable e) { // a fault with one connection, be it memory, isn't the others'
            LOG.error("a flush failed", e);
            Events.tellFault(core.events(), "", "a flush failed", e);
        }
    }
}
