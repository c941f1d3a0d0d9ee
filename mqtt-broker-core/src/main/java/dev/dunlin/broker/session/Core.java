package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.routing.KeyedHash;
import dev.dunlin.broker.routing.RetainedIndex;
import dev.dunlin.broker.routing.SubscriptionTree;
import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.broker.store.DurabilityGate;
import dev.dunlin.broker.store.Store;
import dev.dunlin.codec.QoS;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the loops of one broker share. Everything here is immutable or safe for any thread. */
public final class Core {
    private static final int RANDOM_ID_BYTES = 16;

    /** What the bounds are now: for what is asked rarely. Loops have their own, see {@link SessionLoop#limits}. */
    private volatile Limits limits;

    final SubscriptionTree subscriptions;
    final SharedGroups groups = new SharedGroups(this);
    final RetainedIndex<KeptMessage> retained = new RetainedIndex<>(KeptMessage::footprintBytes);

    /** The present values of {@link SysTopics}. */
    final RetainedIndex<KeptMessage> sysTopics = new RetainedIndex<>(KeptMessage::footprintBytes);

    final @Nullable Store store;
    private final boolean upgradesQoS;

    /** The sessions of all loops, connected or not. */
    final AtomicInteger sessions = new AtomicInteger();

    /** Messages that handlers were given; not on the loops. */
    private final LongAdder handled = new LongAdder();

    /** What has ended on other threads after the loop that it belonged to. Under its own lock. */
    private final Drops lateDrops = new Drops(this);

    private final AtomicInteger connected = new AtomicInteger();
    private final AtomicInteger mostConnected = new AtomicInteger();
    private final long startedWallMs;
    private final long startedMs;

    /**
     * Which loop runs a turn on this thread. Set by the loop's thread for good, or around each turn in a simulation. To be
     * asked by {@code getIfExists}: {@code get} would leave a trace of this broker on a user's thread, for its life.
     */
    final FastThreadLocal<SessionLoop> running = new FastThreadLocal<>();

    private Authorizers authorizers = new Authorizers(null);
    private Interceptors interceptors = Interceptors.NONE;

    /** The listener of the host's own clients. */
    private String exempt = "";

    private @Nullable Events events;

    private final MemoryBudget memory;
    private final TimeSource time;
    private final RandomGenerator random;
    private final KeyedHash homes;
    private final AtomicLong tickets = new AtomicLong();
    private final AtomicLong sids = new AtomicLong();
    private final SessionLoop[] loops;

    /**
     * The shared part of a broker, with its loops, which are not running yet.
     *
     * @param random safe for any thread; also keys the hash that gives client ids their home, per broker, so that
     *     nobody can choose ids that pile up on one loop
     * @param store opened, not begun; null for a broker in memory
     */
    public Core(Limits limits, TimeSource time, RandomGenerator random, int loopCount, @Nullable Store store) {
        this(limits, time, random, loopCount, store, false);
    }

    /**
     * As {@link #Core(Limits, TimeSource, RandomGenerator, int, Store)}.
     *
     * @param upgradesQoS whether subscribers get what they were granted, whatever was published
     */
    public Core(
            Limits limits,
            TimeSource time,
            RandomGenerator random,
            int loopCount,
            @Nullable Store store,
            boolean upgradesQoS) {
        this.upgradesQoS = upgradesQoS;
        this.store = store;
        this.limits = limits;
        this.time = time;
        this.random = random;
        startedWallMs = time.wallMs();
        startedMs = time.monotonicMs();
        memory = new MemoryBudget(this, limits.memoryBudgetBytes());
        homes = new KeyedHash(random.nextLong(), random.nextLong());
        subscriptions = new SubscriptionTree(homes);
        loops = new SessionLoop[loopCount];
        for (int i = 0; i < loopCount; i++) {
            loops[i] =
                    new SessionLoop(this, i, new DurabilityGate(store == null ? DurabilityGate.OPEN : store.durable()));
        }
    }

    /** Who says what the clients of each listener may do. Before anything is restored. */
    public void authorizers(Authorizers all) {
        authorizers = all;
    }

    /** Who is to be told what happens. Before anything runs. */
    public void observe(Events observed) {
        events = observed;
        if (store != null) {
            store.observe(observed);
        }
    }

    /** Where to tell what happens; null if nobody wants to know. */
    public @Nullable Events events() {
        return events;
    }

    /** Events that observers were too slow for. Any thread. */
    public long eventsLost() {
        return events == null ? 0 : events.lost();
    }

    Authorizers authorizers() {
        return authorizers;
    }

    /**
     * Who sees what clients do. Before anything is restored.
     *
     * @param hosts the name of the listener whose clients are the host's own: nobody sees what these do
     */
    public void interceptors(Interceptors all, String hosts) {
        interceptors = all;
        exempt = hosts;
    }

    /** Who sees what the clients of a listener do. */
    public Interceptors interceptors(String listener) {
        return listener.equals(exempt) ? Interceptors.NONE : interceptors;
    }

    /** Who sees what clients do whose listener isn't known yet. */
    Interceptors interceptors() {
        return interceptors;
    }

    /** What the client of a stored session may do, as far as is known before it comes back. */
    Rights rightsAtStart() {
        return authorizers.isEmpty() ? Rights.ALL : Rights.UNKNOWN;
    }

    /** The bounds of this broker, as they are now. */
    public Limits limits() {
        return limits;
    }

    /**
     * Takes other bounds. What is above one stays; nothing is added to it. One caller at a time, any thread.
     *
     * @return completes when the loops go by them, on one of these; never, if they end before
     */
    public CompletableFuture<Void> limits(Limits changed) {
        limits = changed;
        memory.budget(changed.memoryBudgetBytes());
        if (store != null) {
            store.limits(changed);
        }
        if (events != null) {
            events.max(changed.queuedEventsMax());
        }
        return CompletableFuture.allOf(Stream.of(loops)
                .map(loop -> CompletableFuture.runAsync(loop::takeLimits, loop::execute))
                .toArray(CompletableFuture<?>[]::new));
    }

    /** Where the messages are that a new subscription with this filter gets; a wildcard never begins those of the broker. */
    RetainedIndex<KeptMessage> retainedFor(String filter) {
        return filter.startsWith(SysTopics.PREFIX) ? sysTopics : retained;
    }

    /** The QoS with which a message is kept that was published with this one. */
    QoS kept(QoS published) {
        return upgradesQoS ? QoS.EXACTLY_ONCE : published;
    }

    /** What it holds in memory, and whether that is too much. */
    public MemoryBudget memory() {
        return memory;
    }

    /** How many loops there are. */
    public int loopCount() {
        return loops.length;
    }

    /** The loop with this index. */
    public SessionLoop loop(int index) {
        return loops[index];
    }

    /** The home loop of a client id. */
    public SessionLoop home(String clientId) {
        return loops[homes.index(clientId, loops.length)];
    }

    /** The loop that runs a turn on this thread; null outside of the broker's loops. */
    public @Nullable SessionLoop running() {
        return running.getIfExists();
    }

    /** The store; null for a broker in memory. */
    public @Nullable Store store() {
        return store;
    }

    /** Milliseconds of the monotonic clock. On a loop prefer {@link SessionLoop#nowMs}, which reads it once a turn. */
    public long monotonicMs() {
        return time.monotonicMs();
    }

    /** See {@link TimeSource#monotonicNanos}. */
    long monotonicNanos() {
        return time.monotonicNanos();
    }

    /** See {@link TimeSource#alarm}. */
    @Nullable
    Runnable alarm(long delayMs, Runnable ring) {
        return time.alarm(delayMs, ring);
    }

    /** Milliseconds of wall time; with a store never before what that has seen. */
    public long wallMs() {
        return store == null ? time.wallMs() : store.wallMs();
    }

    /** Wakes the loops: changes have become durable. Commit thread. */
    public void wakeAll() {
        for (SessionLoop loop : loops) {
            loop.commitAdvanced();
        }
    }

    /** A client id that nobody else has [5.0:MQTT-3.2.2-16], [3.1.1:MQTT-3.1.3-6]. */
    public String newClientId(String prefix) {
        byte[] id = new byte[RANDOM_ID_BYTES];
        random.nextBytes(id);
        return prefix + java.util.HexFormat.of().formatHex(id);
    }

    /** Whether {@link #newClientId} can put this in front: text, and not too long with what follows. */
    public static boolean canBeginClientId(String prefix) {
        String id = prefix + "0".repeat(2 * RANDOM_ID_BYTES);
        return Topics.isValidTopic(id.replace('+', '-').replace('#', '-')); // the same text, in which these two may be
    }

    long newSid() {
        return sids.incrementAndGet();
    }

    /** The next ticket: a position in the order of retained changes. */
    long newTicket() {
        return tickets.incrementAndGet();
    }

    long lastTicket() {
        return store == null ? tickets.get() : store.lastTicket();
    }

    /** A loop whose mailbox is over its budget, or null: a source that can wait should. */
    @Nullable
    SessionLoop crowdedLoop() {
        for (SessionLoop loop : loops) {
            if (loop.isCrowded()) {
                return loop;
            }
        }
        return null;
    }

    /**
     * Forgets the removals of retained messages that no change under way can still be older than. A loop notes the last
     * ticket before it takes one; whoever begins after its note was read here takes a higher one than was read first.
     */
    void forgetOldRemovals() {
        long below = lastTicket();
        for (SessionLoop loop : loops) {
            below = Math.min(below, loop.router().ticketsFrom());
        }
        retained.forgetTombstones(below);
    }

    /** A client has got its CONNACK. Any thread. */
    public void connected() {
        mostConnected.accumulateAndGet(connected.incrementAndGet(), Math::max);
    }

    /** A client that had got its CONNACK has none of its connection any more. Any thread. */
    public void disconnected() {
        connected.decrementAndGet();
    }

    /** Clients that are connected now. */
    public int connectedClients() {
        return connected.get();
    }

    /** Clients that were connected at a time, at most. */
    public int mostConnectedClients() {
        return mostConnected.get();
    }

    /** Sessions, connected or not. */
    public int sessionCount() {
        return sessions.get();
    }

    /** Share names with their filters. */
    public int sharedGroups() {
        return groups.size();
    }

    public int retainedMessages() {
        return retained.size();
    }

    public long retainedBytes() {
        return retained.bytes();
    }

    /** What the loops have counted, in sum. Any thread. */
    public Traffic traffic() {
        return Traffic.sum(this);
    }

    /** Wall time of the start, in milliseconds since 1970. */
    public long startedWallMs() {
        return startedWallMs;
    }

    /** For how long it has been there, in milliseconds. */
    public long uptimeMs() {
        return time.monotonicMs() - startedMs;
    }

    /** Deliveries that ended for a reason, over all loops. Any thread. */
    public long dropped(DropReason reason) {
        long sum = lateDrops.of(reason);
        for (SessionLoop loop : loops) {
            sum += loop.drops().of(reason);
        }
        return sum;
    }

    /** How long something has waited on a loop, at most, within the last minute. Any thread. */
    public long loopLagMs() {
        long most = 0;
        for (SessionLoop loop : loops) {
            most = Math.max(most, loop.lag.longestMs(monotonicMs()));
        }
        return most;
    }

    /**
     * The handlers of a session within the process are too slow for a message of QoS 0, which is lost. It was sent on its
     * connection, and isn't a delivery that was made after all. Any thread.
     */
    public void localQueueFull(String clientId, String topic) {
        handled.decrement();
        home(clientId).countDrop(clientId, topic, DropReason.LOCAL_QUEUE_FULL);
    }

    /** Counts a delivery that has ended when its loop can't count any more. Any thread. */
    void droppedLate(String client, String topic, DropReason reason) {
        synchronized (lateDrops) {
            lateDrops.count(client, topic, reason, 1);
        }
    }

    /** Tells the observers of the drops that they haven't been told yet. After all loops have ended, and the handlers. */
    public void tellRestOfDrops(Events to) {
        for (SessionLoop loop : loops) {
            loop.drops().tellRest(to);
        }
        synchronized (lateDrops) {
            lateDrops.tellRest(to);
        }
    }

    /** The handler of a local subscription is given a message. If it fails on it, that counts as dropped too. Any thread. */
    void handled() {
        handled.increment();
    }

    long handedOut() {
        return handled.sum();
    }

    /** How many connections take nothing of what waits for them. Any thread. */
    public int slowConsumers() {
        int sum = 0;
        for (SessionLoop loop : loops) {
            sum += loop.slowConsumers().count();
        }
        return sum;
    }

    /**
     * How often, in the last ten seconds, it was measured how long a publish waits for its acknowledgement, and how long half of
     * them, and 99 of 100, have waited at most, in nanoseconds. Any thread.
     */
    public long[] acknowledgementNanos() {
        long[] sum = new long[AcknowledgementTimes.BUCKETS];
        long measures = 0;
        long nowMs = monotonicMs();
        for (SessionLoop loop : loops) {
            measures += loop.acknowledgements().addTo(sum, nowMs);
        }
        return new long[] {
            measures,
            AcknowledgementTimes.nanos(AcknowledgementTimes.quantile(sum, 0.5)),
            AcknowledgementTimes.nanos(AcknowledgementTimes.quantile(sum, 0.99))
        };
    }

    /** Releases the retained messages. After all loops have ended. */
    public void close() {
        retained.clear(KeptMessage::release);
        sysTopics.clear(KeptMessage::release);
    }
}
