package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.routing.Targets;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.broker.store.Store;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import io.netty.util.internal.PlatformDependent;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes from within the process: on one home loop, in the order of the calls, with a bounded number under way. While
 * a mailbox is over its budget publishes wait here. Results are completed by {@link Completions}, in order; those that one
 * task of the home loop has are handed over together, so that many publishes cost few atomic operations.
 */
public final class LocalPublisher implements Router.Source { // hot
    private static final Logger LOG = LoggerFactory.getLogger(LocalPublisher.class);
    private static final int PUBLISHES_PER_TURN = 256;

    private final Core core;
    private final SessionLoop home;
    private final AtomicInteger underWay = new AtomicInteger();

    /** Filled by any thread; emptied by the home loop, and after its end by one that closes: see {@link #pollLate}. */
    private final Queue<Pending<?>> incoming = PlatformDependent.newMpscQueue();

    /** Whether the home loop is going to look into it: many publishes cost it one task. */
    private final AtomicBoolean called = new AtomicBoolean();

    private final Set<Pending<?>> durable = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;
    private boolean awaitingRoom; // home loop only
    private long ticket; // home loop only
    private @Nullable Targets lastTargets; // home loop only
    private String lastTopic = ""; // home loop only
    private @Nullable Pending<?> firstFinished; // home loop only, with the next two: in the order in which they were
    private @Nullable Pending<?> lastFinished;
    private int finished;
    private final Completions completions;

    /** A publisher whose results are completed on {@code handlers}. */
    public LocalPublisher(Core core, Executor handlers) {
        this.core = core;
        completions = new Completions(handlers);
        home = core.home("$local/" + core.newSid());
    }

    /** As {@link #publish(Message, Function)}: completes with SUCCESS or NO_MATCHING_SUBSCRIBERS. */
    CompletableFuture<ReasonCode> publish(Message message) {
        return publish(message, Function.identity());
    }

    /**
     * Publishes; any thread, never blocks. Completes with what is made of SUCCESS or NO_MATCHING_SUBSCRIBERS, or fails as
     * refused.
     *
     * @param of never throws; a stage that depended on ours would cost as much as the publish
     * @throws IllegalArgumentException if no PUBLISH can carry what is in the message
     */
    public <T> CompletableFuture<T> publish(Message message, Function<ReasonCode, T> of) {
        if (underWay.incrementAndGet() > core.limits().localPublishesMax()) {
            underWay.decrementAndGet();
            tellLimit();
            return CompletableFuture.failedFuture(new RejectedException(ReasonCode.QUOTA_EXCEEDED));
        }
        Pending<T> made;
        try { // here, not on the loop: the caller learns what is wrong, and the loop has less to do
            long nowMs = message.expirySeconds() < 0 ? 0 : core.monotonicMs(); // of no use to one that never expires
            made = new Pending<>(KeptMessage.of(message, core.kept(message.qos()), nowMs), of);
        } catch (IllegalArgumentException e) {
            underWay.decrementAndGet();
            throw e;
        }
        incoming.add(made);
        if (closed) { // noted first, then asked: either this or close() sees it
            rejectPending();
        } else if (!called.get() && called.compareAndSet(false, true)) {
            home.execute(this::look);
        }
        return made;
    }

    private void tellLimit() {
        Events events = core.events();
        if (events != null) {
            events.limit(name(), "localPublishesMax", "a publish fails: too many are under way");
        }
    }

    /** Rejects what is still under way and all that comes, on this thread. After the loops have ended; not on one. */
    public void close() {
        closed = true;
        rejectPending();
    }

    private void rejectPending() {
        for (Pending<?> each : List.copyOf(durable)) { // whether it is durable nobody can tell any more
            if (durable.remove(each)) {
                reject(each);
            }
        }
        for (Pending<?> each = pollLate(); each != null; each = pollLate()) {
            each.takeMessage().release();
            reject(each);
        }
    }

    /** Takes one that no loop will. Many threads may come here, and the queue is one for a single taker. */
    private synchronized @Nullable Pending<?> pollLate() {
        return incoming.poll();
    }

    private void reject(Pending<?> each) {
        underWay.decrementAndGet();
        each.completeExceptionally(new RejectedException(ReasonCode.SERVER_SHUTTING_DOWN));
    }

    private void look() {
        assert home.inLoop();
        called.set(false); // before it looks: what comes behind that calls again
        if (!awaitingRoom) {
            routeIncoming();
        }
    }

    private void routeIncoming() {
        try {
            routeSome();
        } finally {
            completeFinished();
        }
    }

    private void routeSome() {
        Store store = core.store;
        for (int n = 0; !incoming.isEmpty(); n++) {
            if (n == PUBLISHES_PER_TURN) { // others have their turn
                if (called.compareAndSet(false, true)) {
                    home.execute(this::look);
                }
                return;
            }
            SessionLoop crowded = core.crowdedLoop();
            if (crowded != null) {
                awaitingRoom = true;
                crowded.awaitRoom(home, this::goOn);
                return;
            }
            if (store != null && store.isCrowded()) {
                awaitingRoom = true;
                home.storeRoom().await(store, this::goOn);
                return;
            }
            Pending<?> next = incoming.poll();
            if (next != null) {
                routeGuarded(next);
            }
        }
    }

    private void goOn() {
        awaitingRoom = false;
        routeIncoming();
    }

    /** A fault with one isn't the others', which no task of their own is going to route. */
    private void routeGuarded(Pending<?> routed) {
        KeptMessage message = routed.takeMessage();
        try {
            route(message, routed);
        } catch (Throwable e) { // a fault of ours, or of the machine
            LOG.error("a publish from within the process failed", e);
            finish(routed, ReasonCode.UNSPECIFIED_ERROR);
        } finally {
            message.release();
        }
    }

    private void route(KeptMessage message, Pending<?> routed) {
        ticket = 0;
        ReasonCode outcome;
        if (home.router()
                .isRefusedByStore(message.topic(), message.qos(), message.retainFlag(), message.payloadBytes(), this)) {
            home.drops().count(name(), message.topic(), DropReason.REFUSED, 1);
            outcome = ReasonCode.QUOTA_EXCEEDED;
        } else {
            outcome = home.router().route(message, this);
        }
        if (home.gate().passes(ticket)) {
            finish(routed, outcome);
        } else {
            durable.add(routed);
            home.gate().hold(ticket, () -> {
                durable.remove(routed);
                finish(routed, outcome);
                completeFinished();
            });
        }
    }

    /** To be completed with the next {@link #completeFinished}, of the same task. */
    private void finish(Pending<?> routed, ReasonCode outcome) {
        routed.outcome = outcome;
        if (lastFinished == null) {
            firstFinished = routed;
        } else {
            lastFinished.next = routed;
        }
        lastFinished = routed;
        finished++;
    }

    private void completeFinished() {
        Pending<?> first = firstFinished;
        if (first != null) {
            underWay.addAndGet(-finished); // first: what depends on one may publish the next
            finished = 0;
            completions.add(() -> completeFrom(first));
            firstFinished = null; // last: if there is no room for the task, they go with the next
            lastFinished = null;
        }
    }

    private static void completeFrom(Pending<?> first) {
        for (Pending<?> each = first; each != null; ) {
            Pending<?> next = each.next;
            each.next = null; // whoever keeps one result keeps no other
            try {
                each.complete();
            } catch (Throwable e) { // no room for a result, say: the others of the batch have theirs
                LOG.error("the result of a publish is lost", e);
                each.completeExceptionally(e);
            }
            each = next;
        }
    }

    // ---- for the router

    @Override
    public String name() {
        return "(local client)";
    }

    @Override
    public Limits limits() {
        return home.limits();
    }

    @Override
    public boolean mayPublish(String topic, QoS qos, boolean retain) {
        return true;
    }

    @Override
    public Targets targets(String topic) {
        Targets last = lastTargets;
        if (last == null || !topic.equals(lastTopic) || !home.router().isCurrent(last)) {
            last = home.router().match(topic);
            lastTopic = topic;
            lastTargets = last;
        }
        return last;
    }

    @Override
    public boolean storesState(QoS qos) {
        return false;
    }

    @Override
    public void stage(QoS qos) {
        // it has no state
    }

    @Override
    public void submitted(long last) {
        ticket = last;
    }

    @Override
    public void crowded(SessionLoop target) {
        // looked at before the next publish
    }

    /** A publish on its way to the router, which borrows the message, and its result: one object, as there is one per message. */
    private static final class Pending<T> extends CompletableFuture<T> {
        private @Nullable KeptMessage message;
        private final Function<ReasonCode, T> of;
        private ReasonCode outcome = ReasonCode.UNSPECIFIED_ERROR;
        private @Nullable Pending<?> next;

        Pending(KeptMessage message, Function<ReasonCode, T> of) {
            this.message = message;
            this.of = of;
        }

        /** Once: users may keep the result for long, but not with it what they have published. */
        KeptMessage takeMessage() {
            KeptMessage taken = Objects.requireNonNull(message, "taken once");
            message = null;
            return taken;
        }

        void complete() {
            if (outcome.isError()) {
                completeExceptionally(new RejectedException(outcome));
            } else {
                complete(of.apply(outcome));
            }
        }
    }
}
