package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.broker.store.StoredSubscription;
import dev.dunlin.codec.QoS;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The retained messages that a session is still to be sent for its subscriptions, one subscription after the other, at the
 * pace of its window and connection. Loop only.
 */
final class RetainedReplays implements RetainedReplay.Receiver {
    private static final int STEPS_PER_PUMP = 1_000;

    private final Session session;

    /** By filter, in the order in which they began. */
    private Map<String, RetainedReplay> byFilter = Map.of();

    /** SUBSCRIBEs of this connection whose SUBACK hasn't left. */
    private int unanswered;

    private boolean pumpAgain;

    RetainedReplays(Session session) {
        this.session = session;
    }

    boolean isEmpty() {
        return byFilter.isEmpty();
    }

    /** One per subscription: it begins anew. */
    void begin(RetainedReplay replay) {
        if (byFilter.isEmpty()) {
            byFilter = new LinkedHashMap<>(4);
        }
        byFilter.remove(replay.filter());
        byFilter.put(replay.filter(), replay);
    }

    /** There is a connection: nothing of it waits for an answer yet. One that takes no retained messages ends them all. */
    void attached(@Nullable Restriction of) {
        unanswered = 0;
        if (of != null && !of.retainAvailable()) {
            byFilter.keySet().forEach(filter -> session.log.replayed(session.subscriptions.get(filter)));
            clear();
        }
    }

    /** A SUBSCRIBE is worked on: nothing is sent until its SUBACK has left, {@link #answered}. */
    void subscribing() {
        unanswered++;
    }

    /** A SUBACK has left. */
    void answered() {
        unanswered--;
    }

    /** How far the replay for a filter has come; null if there is none, or no more. */
    StoredSubscription.@Nullable Replay place(String filter) {
        RetainedReplay replay = byFilter.get(filter);
        return replay == null ? null : replay.place();
    }

    /** Sends no more retained messages for the subscription with this filter. */
    void stop(String filter) {
        if (!byFilter.isEmpty()) {
            byFilter.remove(filter);
        }
        if (byFilter.isEmpty()) {
            clear();
        }
    }

    void clear() {
        byFilter = Map.of();
    }

    /** Sends what can be sent now. */
    void pump(long nowMs) {
        if (unanswered > 0) {
            return; // SUBACK first: when it has left we are asked again
        }
        int steps = STEPS_PER_PUMP;
        while (!byFilter.isEmpty()) {
            RetainedReplay replay = byFilter.values().iterator().next();
            while (steps > 0 && !replay.isDone() && canSend(replay)) {
                steps--;
                if (replay.next()) {
                    replay.sendTo(this, nowMs);
                }
            }
            if (!replay.isDone()) {
                if (steps == 0) {
                    pumpLater();
                }
                return;
            }
            stop(replay.filter());
            session.log.replayed(session.subscriptions.get(replay.filter()));
        }
    }

    /** Others have a turn meanwhile. */
    private void pumpLater() {
        if (!pumpAgain) {
            pumpAgain = true;
            session.loop.execute(() -> {
                pumpAgain = false;
                session.pump();
            });
        }
    }

    private boolean canSend(RetainedReplay replay) {
        return session.isWritable() && (replay.isAtMostOnce() || session.window.hasRoom());
    }

    /** Sends a retained message for a new subscription. There is room in the window. Borrows the message. */
    @Override
    public void retained(KeptMessage message, Target target, long nowMs) {
        if (session.isOwn(message, target) || !session.rights.mayReceive(message.topic())) {
            return;
        }
        session.loop.traffic().replayed();
        QoS qos = Recipient.effectiveQoS(message, target);
        if (qos == QoS.AT_MOST_ONCE) {
            session.deliverAtMostOnce(message, target, nowMs);
            return;
        }
        RetainedReplay replay = byFilter.values().iterator().next();
        long entry = session.log.isOn()
                ? session.log.retained(message, target, session.subscriptions.get(replay.filter()), replay)
                : EntryId.NONE;
        session.send(message, target, qos, entry, nowMs);
    }
}
