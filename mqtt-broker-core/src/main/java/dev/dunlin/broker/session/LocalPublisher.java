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
import java.util.ArrayDeque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Publishes from within the process: on one home loop, in the order of the calls, with a bounded number under way. While
 * a mailbox is over its budget publishes wait here. Results are completed on the handlers' threads, never on a loop.
 */
public final class LocalPublisher implements Router.Source {
    private final Core core;
    private final SessionLoop home;
    private final AtomicInteger underWay = new AtomicInteger();
    private final Set<Pending> pending = ConcurrentHashMap.newKeySet();
    private final Set<Pending> durable = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;
    private final ArrayDeque<Pending> waiting = new ArrayDeque<>(0); // home loop only
    private boolean awaitingRoom; // home loop only
    private long ticket; // home loop only
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
        if (underWay.incrementAndGet() > core.limits.localPublishesMax()) {
            underWay.decrementAndGet();
            tellLimit();
            return CompletableFuture.failedFuture(new RejectedException(ReasonCode.QUOTA_EXCEEDED));
        }
        Pending made;
        try { // here, not on the loop: the caller learns what is wrong, and the loop has less to do
            made = new Pending(
                    KeptMessage.of(message, core.kept(message.qos()), core.monotonicMs()), new CompletableFuture<>());
        } catch (IllegalArgumentException e) {
            underWay.decrementAndGet();
            throw e;
        }
        pending.add(made);
        if (closed) { // noted first, then asked: either this or close() sees it
            rejectPending();
        } else {
            home.execute(() -> accept(made));
        }
        return made.result;
    }

    private void tellLimit() {
        Events events = core.events();
        if (events != null) {
            events.limit(name(), "localPublishesMax", "a publish fails: too many are under way");
        }
    }

    /** Rejects what is still under way and all that comes. After the loops have ended; not on one. */
    public void close() {
        closed = true;
        rejectPending();
    }

    private void rejectPending() {
        for (Pending each : List.copyOf(durable)) { // whether it is durable nobody can tell any more
            if (durable.remove(each)) {
                each.result.completeExceptionally(new RejectedException(ReasonCode.SERVER_SHUTTING_DOWN));
            }
        }
        for (Pending each : List.copyOf(pending)) {
            if (pending.remove(each)) {
                each.message.release();
                each.result.completeExceptionally(new RejectedException(ReasonCode.SERVER_SHUTTING_DOWN));
            }
        }
    }

    private void accept(Pending accepted) {
        assert home.inLoop();
        waiting.add(accepted);
        if (!awaitingRoom) {
            routeWaiting();
        }
    }

    private void routeWaiting() {
        Store store = core.store;
        while (!waiting.isEmpty()) {
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
            route(waiting.remove());
        }
    }

    private void goOn() {
        awaitingRoom = false;
        routeWaiting();
    }

    private void route(Pending routed) {
        if (!pending.remove(routed)) {
            return; // rejected by close()
        }
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
        message.release();
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
        completions.add(() -> {
            if (outcome.isError()) {
                routed.result.completeExceptionally(new RejectedException(outcome));
            } else {
                routed.result.complete(outcome);
            }
        });
    }

    // ---- for the router

    @Override
    public String name() {
        return "(local client)";
    }

    @Override
    public Limits limits() {
        return core.limits;
    }

    @Override
    public boolean mayPublish(String topic, QoS qos, boolean retain) {
        return true;
    }

    @Override
    public Targets targets(String topic) {
        return home.router().match(topic);
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

    /** A publish on its way to the router, which borrows the message. */
    private record Pending(KeptMessage message, CompletableFuture<ReasonCode> result) {}
}
