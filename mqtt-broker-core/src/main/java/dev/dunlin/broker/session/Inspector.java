package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Subscription;
import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.InflightMessage;
import dev.dunlin.broker.spi.InflightMessage.State;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Page;
import dev.dunlin.broker.spi.QueuedMessage;
import dev.dunlin.broker.spi.SessionState;
import dev.dunlin.broker.spi.SubscriptionState;
import dev.dunlin.broker.store.StoredSession;
import dev.dunlin.codec.QoS;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What an administrator sees of sessions. Names are looked for on any thread, in maps that only loops change; all else is asked
 * of a session's loop, of a bounded number of sessions at a time, so that a broker with a million of them goes on undisturbed.
 */
public final class Inspector {
    private static final int PACKET_ID_MAX = 65_535;

    private final Core core;

    /** Of the sessions of this broker. */
    public Inspector(Core core) {
        this.core = core;
    }

    /** The client identifiers of sessions behind this one, in their order. Any thread but a loop's: looks at all of them. */
    public List<String> clientIds(String after, int max) {
        return FirstNames.after(
                after,
                max,
                IntStream.range(0, core.loopCount())
                        .mapToObj(i -> core.loop(i).sessions().clientIds())
                        .toList());
    }

    /** The first of these names behind {@code after}, in their order. Any thread. */
    public static List<String> first(String after, int max, List<Set<String>> names) {
        return FirstNames.after(after, max, names);
    }

    // ---- on the home loop

    /** The clients of a loop that are slow now. That loop only. */
    public Set<String> slowClientIds(SessionLoop loop) {
        return loop.slowConsumers().clientIds();
    }

    /** How these sessions of a loop are, as far as they are still there, in the same order. That loop only. */
    public List<SessionState> states(SessionLoop loop, List<String> clientIds) {
        assert loop.inLoop();
        Map<String, Map<DropReason, Long>> dropped = loop.drops().of(new HashSet<>(clientIds));
        List<SessionState> states = new ArrayList<>(clientIds.size());
        for (String clientId : clientIds) {
            Session session = loop.sessions().of(clientId);
            if (session != null) {
                states.add(state(session, dropped.getOrDefault(clientId, Map.of())));
            }
        }
        return states;
    }

    private SessionState state(Session session, Map<DropReason, Long> dropped) {
        Link link = session.isAttached() ? session.link : null;
        PendingWill will = session.will;
        StoredSession unloaded = session.log.unloaded();
        Instant since = Instant.ofEpochMilli(core.wallMs() - (core.monotonicMs() - session.sinceMs));
        boolean ends = link == null && session.expirySeconds != Limits.NEVER_EXPIRES;
        return new SessionState(
                session.clientId,
                link == null ? null : link.client(),
                since,
                session.expirySeconds,
                ends ? since.plusSeconds(session.expirySeconds) : null,
                link == null ? 0 : link.keepAliveSeconds(),
                will == null ? null : will.message().topic(),
                session.subscriptions.size(),
                session.queue.messages(),
                session.queue.bytes(),
                unloaded == null ? session.inflight() : unloaded.sequences().length,
                session.log.isOn(),
                link != null && session.loop.slowConsumers().isSlow(link),
                dropped);
    }

    /** The subscriptions of a session behind this filter, in their order; null if there is no session. Its loop only. */
    public @Nullable Page<SubscriptionState> subscriptions(
            SessionLoop loop, String clientId, String afterFilter, int max) {
        Session session = loop.sessions().of(clientId);
        if (session == null) {
            return null;
        }
        Map<String, Subscription> all = session.subscriptions;
        List<String> filters = FirstNames.after(afterFilter, max + 1, List.of(all.keySet()));
        List<SubscriptionState> found = filters.stream()
                .limit(max)
                .map(filter -> state(filter, Objects.requireNonNull(all.get(filter))))
                .toList();
        return new Page<>(found, filters.size() > max ? filters.get(max - 1) : null);
    }

    private static SubscriptionState state(String filter, Subscription of) {
        assert filter.endsWith(of.filter()) || Topics.isShared(filter) : filter;
        return new SubscriptionState(filter, of.qos(), of.noLocal(), of.retainAsPublished(), of.subscriptionId());
    }

    /**
     * The exchanges of a session: those of what it is sent, oldest first, then those of what its client publishes. Null if there
     * is no session. Its loop only.
     *
     * @param after how many of the first and the second kind are over, as {@link Page#next} has said; empty to begin
     */
    public @Nullable Page<InflightMessage> inflight(SessionLoop loop, String clientId, String after, int max) {
        Session session = loop.sessions().of(clientId);
        if (session == null) {
            return null;
        }
        List<InflightMessage> found = new ArrayList<>();
        Place place = Place.of(after, 'w');
        if (place.part() == 'w') {
            String next = sent(session.window, place.number(), max, found);
            if (next != null) {
                return new Page<>(found, next);
            }
            place = new Place('r', 0);
        }
        return new Page<>(found, received(session.received(), place, max, found));
    }

    /** Returns the place of the next exchange that there is no room for; null if all are there. */
    private static @Nullable String sent(OutboundWindow window, long from, int max, List<InflightMessage> to) {
        for (long counter = Math.max(from, window.oldest()); counter < window.next(); counter++) {
            if (window.state(counter) == OutboundWindow.FREE) {
                continue;
            }
            if (to.size() == max) {
                return new Place('w', counter).text();
            }
            to.add(exchange(window, counter));
        }
        return null;
    }

    private static InflightMessage exchange(OutboundWindow window, long counter) {
        KeptMessage message = window.message(counter);
        byte state = window.state(counter);
        return new InflightMessage(
                OutboundWindow.packetId(counter),
                state == OutboundWindow.SENT_QOS_1
                        ? State.PUBACK
                        : state == OutboundWindow.SENT_QOS_2 ? State.PUBREC : State.PUBCOMP,
                message == null ? null : message.topic(),
                state == OutboundWindow.SENT_QOS_1 ? QoS.AT_LEAST_ONCE : QoS.EXACTLY_ONCE,
                message == null ? 0 : message.payloadBytes());
    }

    private static @Nullable String received(@Nullable BitSet ids, Place from, int max, List<InflightMessage> to) {
        int id = ids == null ? -1 : ids.nextSetBit((int) Math.min(PACKET_ID_MAX, from.number()));
        while (ids != null && id >= 0) {
            if (to.size() == max) {
                return new Place('r', id).text();
            }
            to.add(new InflightMessage(id, State.PUBREL, null, QoS.EXACTLY_ONCE, 0));
            id = ids.nextSetBit(id + 1);
        }
        return null;
    }

    /**
     * A page of what waits for a session; null if there is none. Its loop only.
     *
     * @return completes on the loop or a reader thread; fails with {@link dev.dunlin.broker.spi.StoreException}
     */
    public @Nullable CompletableFuture<Page<QueuedMessage>> queue(
            SessionLoop loop, String clientId, String after, int max) {
        Session session = loop.sessions().of(clientId);
        return session == null ? null : QueuePage.read(session, core.store, after, max);
    }

    // ---- changes, on the home loop

    /** Drops what waits for a session, as {@link QueuePurge#of} says; null if there is none. Its loop only. */
    public @Nullable CompletableFuture<Long> purge(SessionLoop loop, String clientId) {
        Session session = loop.sessions().of(clientId);
        return session == null ? null : QueuePurge.of(session, core.store);
    }

    /** Runs a task on a loop when all that was changed there so far is as durable as an acknowledgement. That loop only. */
    public void whenDurable(SessionLoop loop, Runnable task) {
        assert loop.inLoop();
        long ticket = core.store == null ? 0 : loop.submitStaged();
        if (loop.gate().isDurable(ticket)) {
            task.run();
        } else {
            loop.gate().hold(ticket, task);
        }
    }

    /**
     * Checks where a page is to go on.
     *
     * @throws IllegalArgumentException if none can
     */
    public static void requirePlace(String after) {
        Place.of(after, ' ');
    }

    /** Where a page of something with several parts goes on. */
    record Place(char part, long number) {
        Place {
            if (number < 0) {
                throw new IllegalArgumentException("no page goes on at " + number);
            }
        }

        /**
         * Reads it.
         *
         * @param first the part that begins
         * @throws IllegalArgumentException if it is none
         */
        static Place of(String text, char first) {
            if (text.isEmpty()) {
                return new Place(first, 0);
            }
            try {
                return new Place(text.charAt(0), Long.parseLong(text, 1, text.length(), 10));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("no page goes on at '" + text + "'", e);
            }
        }

        String text() {
            return part + Long.toString(number);
        }
    }
}
