package dev.dunlin.broker.net;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.session.TokenBucket;
import dev.dunlin.broker.spi.Limits;
import io.netty.channel.local.LocalAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which connections may come in, by how many there are and where they come from: the bounds of one listener, or of all that
 * have none of their own. Any thread.
 *
 * <p>An address is all four bytes of an IPv4 one, and the first eight of an IPv6 one: that is what one customer is given, who
 * has 2<sup>64</sup> addresses in it. Programs on this machine are not counted: loopback, Unix domain sockets, channels
 * within the process.
 *
 * <p>Memory is bounded. An address with connections has an entry, so there are at most {@link Limits#connectionsMax()} of
 * these. One without has an entry until it has regained its full connect rate, which takes a second, and then until they are
 * looked through: when they are 1,024, and afterwards when they are twice as many, or as many as the others. At
 * {@value #SPENT_MAX} of them, if most have not regained it, what they have spent is forgotten, all at once: who comes from so
 * many addresses within a second gets little more by that.
 */
public final class Admission {
    private static final Logger LOG = LoggerFactory.getLogger(Admission.class);
    private static final long LOG_AGAIN_MS = 1000;
    private static final int IPV4_BYTES = 4;
    private static final int ENTERED = -1;

    /** Where a connection comes from that isn't counted. */
    static final SocketAddress NOT_COUNTED = LocalAddress.ANY;

    /** Entries without a connection that are kept at most. */
    static final int SPENT_MAX = 1 << 16;

    /** So many of them aren't worth looking through. */
    private static final int SPENT_MIN = 1 << 10;

    /** Written under the lock. */
    private volatile Limits limits;

    private final LongSupplier monotonicMs;
    private final Predicate<InetAddress> exempt;
    private @Nullable Events events;

    /** The connections of the whole broker. */
    private final AtomicInteger openInAll;

    /** Those that these bounds are about, if they aren't the whole broker's. */
    private final @Nullable AtomicInteger openHere;

    // Guarded by this. Its keys are the peers' to choose, but a tree is made of those that collide.
    private final Map<Long, Entry> byAddress = new HashMap<>();
    private int spent; // entries without a connection
    private int lookAt = SPENT_MIN;

    /** What is known of one address. */
    private static final class Entry {
        @Nullable
        TokenBucket rate;

        int open;
        int refused;
        long loggedAtMs = Long.MIN_VALUE / 2;

        Entry(@Nullable TokenBucket rate) {
            this.rate = rate;
        }

        boolean isOfUse(long nowMs) {
            return open > 0 || (rate != null && !rate.isFull(nowMs));
        }
    }

    /**
     * The bounds of a whole broker.
     *
     * @param monotonicMs the broker's clock
     * @param exempt which addresses not to count by: {@link InetAddress#isLoopbackAddress}, but for tests
     */
    public Admission(Limits limits, LongSupplier monotonicMs, Predicate<InetAddress> exempt) {
        this(limits, monotonicMs, exempt, new AtomicInteger(), null);
    }

    private Admission(
            Limits limits,
            LongSupplier monotonicMs,
            Predicate<InetAddress> exempt,
            AtomicInteger openInAll,
            @Nullable AtomicInteger openHere) {
        this.limits = limits;
        this.monotonicMs = monotonicMs;
        this.exempt = exempt;
        this.openInAll = openInAll;
        this.openHere = openHere;
    }

    /**
     * The bounds of a listener that has its own: its addresses are counted apart; its connections apart, and among those of
     * the broker.
     */
    public Admission ofListener(Limits own) {
        Admission made = new Admission(own, monotonicMs, exempt, openInAll, new AtomicInteger());
        made.events = events;
        return made;
    }

    /** Whom to tell of what is refused. Before anything is. */
    public void observe(@Nullable Events to) {
        events = to;
    }

    /** Connections of the whole broker. */
    int openInAll() {
        return openInAll.get();
    }

    /** The bounds. */
    Limits limits() {
        return limits;
    }

    /** Has other bounds from now on; all addresses have their full connect rate again. Who is there may stay. */
    synchronized void limits(Limits changed) {
        limits = changed;
        byAddress.values().removeIf(entry -> entry.open == 0);
        spent = 0;
        lookAt = SPENT_MIN;
        long nowMs = monotonicMs.getAsLong();
        byAddress.values().forEach(entry -> entry.rate = rate(nowMs));
    }

    private @Nullable TokenBucket rate(long nowMs) {
        int perSecond = limits.connectsPerSecondPerAddress();
        return perSecond == 0 ? null : new TokenBucket(perSecond, nowMs);
    }

    // ---- how many

    /**
     * Counts a connection in; false if it is one too many, and then it isn't counted.
     *
     * @param brokerMax how many the whole broker may have
     */
    boolean open(int brokerMax) {
        if (openInAll.incrementAndGet() > brokerMax) {
            openInAll.decrementAndGet();
            return false;
        }
        if (openHere != null && openHere.incrementAndGet() > limits.connectionsMax()) {
            openHere.decrementAndGet();
            openInAll.decrementAndGet();
            return false;
        }
        return true;
    }

    /** Counts a connection out that was counted in. */
    void close() {
        openInAll.decrementAndGet();
        if (openHere != null) {
            openHere.decrementAndGet();
        }
    }

    // ---- from where

    /**
     * Counts a connection in by where it is {@link #counted}. Refused ones are logged, once per second and address.
     *
     * @return false if it is one too many, or comes too soon; then it isn't counted
     */
    boolean enter(SocketAddress from) {
        if (!counts(from)) {
            return true;
        }
        long nowMs = monotonicMs.getAsLong();
        int refused = enter(key(from), nowMs);
        if (refused > 0) {
            LOG.info(
                    "address {}: connections refused: {} since the last such line; it may have {} at a time, {} per second"
                            + " (0 is any number)",
                    ip(from).getHostAddress(),
                    refused,
                    limits.connectionsPerAddressMax(),
                    limits.connectsPerSecondPerAddress());
            if (events != null) {
                String limit = isFull(key(from)) ? "connectionsPerAddressMax" : "connectsPerSecondPerAddress";
                events.limit("", limit, refused + " connections refused from " + ip(from).getHostAddress());
            }
        }
        return refused == ENTERED;
    }

    private synchronized boolean isFull(long key) {
        Entry entry = byAddress.get(key);
        int max = limits.connectionsPerAddressMax();
        return entry != null && max > 0 && entry.open >= max;
    }

    /** Returns {@link #ENTERED}; or how many refusals are to be logged now, which may be none. */
    private synchronized int enter(long key, long nowMs) {
        Entry entry = byAddress.get(key);
        if (entry == null) {
            forgetSpent(nowMs);
            entry = new Entry(rate(nowMs));
            byAddress.put(key, entry);
            spent++;
        }
        int max = limits.connectionsPerAddressMax();
        boolean oneTooMany = max > 0 && entry.open >= max;
        if (!oneTooMany && (entry.rate == null || entry.rate.take(nowMs))) {
            spent -= entry.open++ == 0 ? 1 : 0;
            return ENTERED;
        }
        entry.refused++;
        if (nowMs - entry.loggedAtMs < LOG_AGAIN_MS) {
            return 0;
        }
        int refused = entry.refused;
        entry.refused = 0;
        entry.loggedAtMs = nowMs;
        return refused;
    }

    /** Counts a connection out that has {@linkplain #enter entered} from this address. */
    void leave(SocketAddress from) {
        if (!counts(from)) {
            return;
        }
        long nowMs = monotonicMs.getAsLong();
        long key = key(from);
        synchronized (this) {
            Entry entry = Objects.requireNonNull(byAddress.get(key), "it has entered");
            entry.open--;
            if (entry.open == 0 && entry.isOfUse(nowMs)) {
                spent++;
            } else if (entry.open == 0) {
                byAddress.remove(key);
            }
        }
    }

    /** By what a connection is counted from there: by its address, or {@link #NOT_COUNTED} while no bound is about addresses. */
    SocketAddress counted(SocketAddress from) {
        return countsAddresses(limits) && counts(from) ? from : NOT_COUNTED;
    }

    /** Whether there is a bound that is about addresses. */
    static boolean countsAddresses(Limits limits) {
        return limits.connectionsPerAddressMax() > 0 || limits.connectsPerSecondPerAddress() > 0;
    }

    /** Counts a connection in that is there already, and so may stay. */
    synchronized void note(SocketAddress from) {
        Entry entry = byAddress.get(key(from));
        if (entry == null) {
            entry = new Entry(rate(monotonicMs.getAsLong()));
            byAddress.put(key(from), entry);
            spent++;
        }
        spent -= entry.open++ == 0 ? 1 : 0;
    }

    /** Whether it is one that can be bounded: not from a program on this machine. */
    private boolean counts(SocketAddress from) {
        return from instanceof InetSocketAddress internet
                && internet.getAddress() != null
                && !exempt.test(internet.getAddress());
    }

    /** Looks through those without a connection, if they are many; if too many are left, all of them go. */
    private void forgetSpent(long nowMs) {
        if (spent < lookAt) {
            return;
        }
        byAddress.values().removeIf(entry -> !entry.isOfUse(nowMs));
        spent = countSpent();
        if (spent > SPENT_MAX / 2) {
            byAddress.values().removeIf(entry -> entry.open == 0);
            spent = 0;
        }
        lookAt = Math.max(SPENT_MIN, Math.min(SPENT_MAX, Math.max(2 * spent, byAddress.size() / 2)));
    }

    private int countSpent() {
        int count = 0;
        for (Entry entry : byAddress.values()) {
            count += entry.open == 0 ? 1 : 0;
        }
        return count;
    }

    /** How many addresses are remembered. */
    synchronized int addresses() {
        return byAddress.size();
    }

    /** IPv4 ones lie below 2<sup>32</sup>, where no IPv6 prefix is given out. */
    private static long key(SocketAddress address) {
        byte[] bytes = ip(address).getAddress();
        int count = bytes.length == IPV4_BYTES ? IPV4_BYTES : Long.BYTES;
        long key = 0;
        for (int i = 0; i < count; i++) {
            key = key << 8 | (bytes[i] & 0xFF);
        }
        return key;
    }

    private static InetAddress ip(SocketAddress address) {
        return ((InetSocketAddress) address).getAddress();
    }
}
