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
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes from within the process: on one home loop, in the order of the calls, with a bounded number under way. While
 * a mailbox is over its budget publishes wait here. Results are completed by {@link Completions}, in order.
 */
public final class LocalPublisher implements Router.Source {
    private static final Logger LOG = LoggerFactory.getLogger(LocalPublisher.class);
    private static final int PUBLISHES_PER_TURN = 256;

    private final Core core;
    private final SessionLoop home;
    private final AtomicInteger underWay = new AtomicInteger();

    /** Filled by any thread; emptied by the home loop, and after its end by whoever closes. */
    private final Queue<Pending> incoming = new ConcurrentLinkedQueue<>();

    /** Whether the home loop is going to look into it: many publishes cost it one task. */
    private final AtomicBoolean called = new AtomicBoolean();

    private final Set<Pending> durable = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;
    private boolean awaitingRoom; // home loop only
    private long ticket; // home loop only
    private @Nullable Targets lastTargets; // home loop only
    private String lastTopic = ""; // home loop only
    private final Completions completions;

    /** A publisher whose results are completed on {@code handlers}. */
    public LocalPublisher(Core core, Executor handlers) {
        this.core = core;
        completions = new Completions(handlers);
        home = core.home("$local/" + core.newSid());
    }

    /**
     * Publishes; any thread, never blocks. Completes with SUCCESS or NO_MATCHING_SUBSCRIBERS, or fails as refused.
     *
     * @throws IllegalArgumentException if no PUBLISH can carry what is in the message
     */
    public CompletableFuture<ReasonCode> publish(Message message) {
        if (underWay.incrementAndGet() > core.limits().localPublishesMax()) {
            underWay.decrementAndGet();
            tellLimit();
            return CompletableFuture.failedFuture(new RejectedException(ReasonCode.QUOTA_EXCEEDED));
        }
        Pending made;
        try { // here, not on the loop: the caller learns what is wrong, and the loop has less to do
            made = new Pending(KeptMessage.of(message, core.kept(message.qos()), core.monotonicMs()));
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
        return made.result;
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
        for (Pending each : List.copyOf(durable)) { // whether it is durable nobody can tell any more
            if (durable.remove(each)) {
                reject(each);
            }
        }
        for (Pending each = incoming.poll(); each != null; each = incoming.poll()) {
            each.message.release();
            reject(each);
        }
    }

    private void reject(Pending each) {
        underWay.decrementAndGet();
        each.result.completeExceptionally(new RejectedException(ReasonCode.SERVER_SHUTTING_DOWN));
    }

    private void look() {
        assert home.inLoop();
        called.set(false); // before it looks: what comes behind that calls again
        if (!awaitingRoom) {
            routeIncoming();
        }
    }

    private void routeIncoming() {
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
            Pending next = incoming.poll();
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
    private void routeGuarded(Pending routed) {
        try {
            route(routed);
        } catch (Throwable e) { // a fault of ours, or of the machine
            LOG.error("a publish from within the process failed", e);
            finish(routed, ReasonCode.UNSPECIFIED_ERROR);
        } finally {
            routed.message.release();
        }
    }

    private void route(Pending routed) {
        KeptMessage message = routed.message;
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
            });
        }
    }

    private void finish(Pending routed, ReasonCode outcome) {
        underWay.decrementAndGet();
        routed.outcome = outcome;
        completions.add(routed);
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

    /** A publish on its way to the router, which borrows the message; then what completes its result. */
    private static final class Pending implements Runnable {
        private final KeptMessage message;
        private final CompletableFuture<ReasonCode> result = new CompletableFuture<>();
        private ReasonCode outcome = ReasonCode.UNSPECIFIED_ERROR;

        Pending(KeptMessage message) {
            this.message = message;
        }

        @Override
        public void run() {
            if (outcome.isError()) {
                result.completeExceptionally(new RejectedException(outcome));
            } else {
                result.complete(outcome);
            }
        }
    }
}
