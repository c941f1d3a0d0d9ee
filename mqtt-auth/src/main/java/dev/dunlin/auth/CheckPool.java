package dev.dunlin.auth;

import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.codec.ReasonCode;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Few threads for what takes too long for an event loop, with a bounded queue in front of them. Any thread.
 *
 * <p>Who wants to be checked takes a place first, of which each address has few: a single one that sends guesses keeps nobody
 * else out. Whoever has waited for {@link #WAIT_NS} is refused unchecked, as its client doesn't wait any more: work for those who
 * are gone isn't done.
 */
final class CheckPool implements AutoCloseable {
    static final int THREADS = Math.max(1, Math.min(2, Runtime.getRuntime().availableProcessors() / 2));

    /** Some seconds of work: who came later than that would hardly be waited for. */
    static final int WAITING_MAX = 200;

    /** Places of one address, those under check among them: 25 addresses fill the queue. */
    static final int PLACES_PER_ADDRESS = 8;

    /** By then the broker has closed a connection whose CONNECT isn't answered, unless its connectTimeoutMs is longer. */
    static final long WAIT_NS = TimeUnit.SECONDS.toNanos(10);

    private static final Logger LOG = LoggerFactory.getLogger(CheckPool.class);

    private final ThreadPoolExecutor checkers;
    private final int placesMax;
    private final LongSupplier nanoTime;
    private final RareLine refusals;

    /** By address: places that are taken, 1 to PLACES_PER_ADDRESS. Under this object's lock, as is the sum. */
    private final Map<Object, Integer> places = new HashMap<>();

    private int placesTaken;

    /**
     * No thread runs yet, nor when there has been nothing to do for a while.
     *
     * @param name of its threads, with a number behind it
     */
    CheckPool(String name, int threads, int waitingMax, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        placesMax = threads + waitingMax;
        refusals = new RareLine(nanoTime);
        AtomicInteger number = new AtomicInteger();
        // A place is given back before its thread is at the queue again: there is room for as many as there are places.
        checkers = new ThreadPoolExecutor(
                threads, threads, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(placesMax), task -> {
                    Thread thread = new Thread(task, name + "-" + number.getAndIncrement());
                    thread.setDaemon(true);
                    return thread;
                });
        checkers.allowCoreThreadTimeOut(true);
    }

    /** A place for one check. Whoever took it gives it to {@link #answer}, or back. */
    final class Place {
        private final Object address;

        private Place(Object address) {
            this.address = address;
        }

        void giveBack() {
            leave(address);
        }
    }

    /**
     * Takes a place.
     *
     * @throws RejectedExecutionException if there is none, in all or for this address; logged, one line every ten seconds at
     *     most
     */
    Place place(SocketAddress from) {
        Object address = address(from);
        if (!enter(address)) {
            report();
            throw new RejectedExecutionException("too many wait");
        }
        return new Place(address);
    }

    /**
     * What counts as one address: in IPv4 an address, in IPv6 the 64 bits of a network, as whoever has one has all of them;
     * else whatever the text is.
     */
    private static Object address(SocketAddress from) {
        InetAddress address = from instanceof InetSocketAddress inet ? inet.getAddress() : null;
        if (address == null) {
            return from.toString();
        }
        return address instanceof Inet6Address
                ? (Object) ByteBuffer.wrap(address.getAddress()).getLong()
                : address;
    }

    private synchronized boolean enter(Object address) {
        int taken = places.getOrDefault(address, 0);
        if (placesTaken == placesMax || taken == PLACES_PER_ADDRESS) {
            return false;
        }
        placesTaken++;
        places.put(address, taken + 1);
        return true;
    }

    private synchronized void leave(Object address) {
        placesTaken--;
        places.computeIfPresent(address, (same, taken) -> taken == 1 ? null : taken - 1);
    }

    /**
     * Runs a check on one of its threads, and gives the place back. Who has waited too long is refused with 0x89 instead.
     *
     * @throws RejectedExecutionException if it is closed
     */
    CompletionStage<AuthResult> answer(Place place, Supplier<AuthResult> check) {
        long sinceNs = nanoTime.getAsLong();
        try {
            return CompletableFuture.supplyAsync(() -> answer(place, check, sinceNs), checkers);
        } catch (RejectedExecutionException e) {
            place.giveBack();
            throw e;
        }
    }

    private AuthResult answer(Place place, Supplier<AuthResult> check, long sinceNs) {
        try {
            if (nanoTime.getAsLong() - sinceNs >= WAIT_NS) {
                report();
                return AuthResult.refuse(ReasonCode.SERVER_BUSY);
            }
            return check.get();
        } finally {
            place.giveBack();
        }
    }

    private void report() {
        int refused = refusals.due();
        if (refused > 0) {
            LOG.warn(
                    "refused as too many wait to be checked: {} since the last such line; {} are taken on at once,"
                            + " {} of one address, on {} threads",
                    refused,
                    placesMax,
                    PLACES_PER_ADDRESS,
                    checkers.getCorePoolSize());
        }
    }

    /** Who comes from now on is refused; who waits is still checked. The threads end with that. */
    @Override
    public void close() {
        checkers.shutdown();
    }
}
