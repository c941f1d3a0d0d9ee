package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.events.Flight;
import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Printable;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accounts for every message that ends without delivery: {@link #count} is the only way to end one. Counters per loop,
 * written by that loop, read by anybody.
 */
public final class Drops {
    private static final Logger LOG = LoggerFactory.getLogger(Drops.class);

    /** Of so many clients each loop knows what they lost: those that lost something last. */
    private static final int CLIENTS_MAX = 1_024;

    private final Map<String, long[]> byClient = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, long[]> eldest) {
            return size() > CLIENTS_MAX;
        }
    };

    private final AtomicLongArray counts = new AtomicLongArray(DropReason.values().length);
    private final Core core;

    /** What is still to be told of; null as long as nobody wants to know. */
    private @Nullable DropLedger ledger;

    private boolean waitsForRoom;

    Drops(Core core) {
        this.core = core;
    }

    /**
     * Counts {@code n} deliveries that will not happen. Loop only.
     *
     * @param session who would have received them, or who published what was refused
     * @param filter the topic of the messages, or the filter they came by
     */
    void count(String session, String filter, DropReason reason, long n) {
        counts.lazySet(reason.ordinal(), counts.get(reason.ordinal()) + n);
        if (reason != DropReason.OFFLINE_QOS_0) {
            byClient.computeIfAbsent(session, client -> new long[DropReason.values().length])[reason.ordinal()] += n;
        }
        if (core.events() != null || Flight.recordsDrops()) {
            ledger().add(session, filter, reason, n);
        }
        if (LOG.isDebugEnabled()) {
            LOG.debug("client {}: dropped {} on {}: {}", Printable.text(session), n, Printable.text(filter), reason);
        }
    }

    /**
     * Counts deliveries that are not made because the broker is closed; those that have an entry the next process makes. Loop
     * only.
     *
     * @param from the first of the targets
     */
    void countClosed(String to, KeptMessage message, Target[] targets, int from, long entry) {
        int lost = 0;
        for (int i = from; i < targets.length; i++) {
            Recipient recipient = (Recipient) targets[i].destination();
            lost += recipient.isKept(message, targets[i], entry) ? 0 : 1;
        }
        if (lost > 0) {
            count(to, message.topic(), DropReason.BROKER_CLOSED, lost);
        }
    }

    private DropLedger ledger() {
        DropLedger made = ledger;
        if (made == null) {
            made = new DropLedger();
            ledger = made;
        }
        return made;
    }

    /** Whether the end of the turn has something to hand over, and somebody can take it. Loop only. */
    boolean isToldAtTheEndOfTheTurn() {
        return ledger != null && !ledger.isEmpty() && !waitsForRoom;
    }

    /** Tells the observers; what finds no room waits for it. At the end of a turn of {@code loop}. */
    void tell(SessionLoop loop) {
        Events events = core.events();
        ledger().handOver(events);
        if (events != null && !ledger().isEmpty()) {
            waitsForRoom = true;
            events.whenRoom(() -> loop.execute(() -> waitsForRoom = false)); // which is followed by the end of a turn
        }
    }

    /** Tells the observers what is left. After the loop has ended; one thread. */
    void tellRest(Events events) {
        if (ledger != null) {
            ledger.handOverRest(events);
        }
    }

    /** Adds what was counted, by client and reason; of two clients of one name on two loops the sum. Loop only. */
    public void byClient(Map<String, Map<DropReason, Long>> sums) {
        byClient.forEach((client, of) -> sums.merge(client, sums(of), Drops::sum));
    }

    /** What these clients have lost, as far as that is known. Loop only. */
    Map<String, Map<DropReason, Long>> of(Set<String> clients) {
        Map<String, Map<DropReason, Long>> found = new HashMap<>();
        byClient.forEach((client, counted) -> { // a look-up would count as a loss
            if (clients.contains(client)) {
                found.put(client, sums(counted));
            }
        });
        return found;
    }

    private static Map<DropReason, Long> sums(long[] of) {
        Map<DropReason, Long> sums = new EnumMap<>(DropReason.class);
        for (DropReason reason : DropReason.values()) {
            if (of[reason.ordinal()] > 0) {
                sums.put(reason, of[reason.ordinal()]);
            }
        }
        return sums;
    }

    private static Map<DropReason, Long> sum(Map<DropReason, Long> one, Map<DropReason, Long> other) {
        Map<DropReason, Long> sum = new EnumMap<>(one);
        other.forEach((reason, n) -> sum.merge(reason, n, Long::sum));
        return sum;
    }

    /** How many were counted for a reason. Any thread; may trail the loop by a moment. */
    public long of(DropReason reason) {
        return counts.get(reason.ordinal());
    }
}
