package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Printable;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.broker.store.SessionReader;
import dev.dunlin.broker.store.Store;
import dev.dunlin.broker.store.StoredEntry;
import dev.dunlin.broker.store.StoredExchange;
import dev.dunlin.broker.store.StoredSession;
import dev.dunlin.codec.ReasonCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads a session of an earlier process when its client comes back: the QoS 2 packet ids of the client, the exchanges under
 * way with their messages, and the first page of its queue. Reads on a reader thread, meanwhile the connection isn't read;
 * everything else is on the loop.
 */
final class SessionLoad {
    private static final Logger LOG = LoggerFactory.getLogger(SessionLoad.class);
    private static final long READ_AGAIN_MS = 100;

    private final Session session;
    private final Store store;
    private final StoredSession record;
    private final List<Waiting> waiting = new ArrayList<>(1);

    private record Waiting(Runnable then, Runnable damaged) {}

    SessionLoad(Session session, StoredSession record, Store store) {
        this.session = session;
        this.record = record;
        this.store = store;
    }

    /** Runs {@code then} on the loop when it is loaded, also if the session has ended by then. */
    void whenDone(Runnable then) {
        whenDone(then, () -> {});
    }

    /** As {@link #whenDone(Runnable)}, or runs {@code damaged} if it can't be read, and never will be. */
    void whenDone(Runnable then, Runnable damaged) {
        waiting.add(new Waiting(then, damaged));
        if (waiting.size() == 1) {
            read();
        }
    }

    private void read() {
        store.read(
                session.sid,
                this::read,
                (found, failure) -> session.loop.execute(() -> {
                    if (found != null) {
                        install(found);
                    } else {
                        failed(failure);
                    }
                }));
    }

    /** What was found. */
    private record Found(
            List<Integer> received,
            List<StoredExchange> exchanges,
            Map<Long, StoredEntry> underWay,
            Set<Long> sequences,
            SessionReader.Page page) {}

    private Found read(SessionReader reader) throws StoreException {
        List<StoredExchange> exchanges = reader.exchanges();
        Set<Long> sequences = new HashSet<>();
        exchanges.stream().filter(each -> !each.released()).forEach(each -> sequences.add(each.sequence()));
        for (long sequence : record.sequences()) {
            sequences.add(sequence);
        }
        Map<Long, StoredEntry> underWay = new HashMap<>();
        for (long sequence : sequences) {
            StoredEntry entry = reader.entry(sequence);
            if (entry != null) {
                underWay.put(sequence, entry);
            }
        }
        SessionReader.Page page = reader.entries(0, store.bootTicket(), sequences);
        return new Found(reader.received(), exchanges, underWay, sequences, page);
    }

    private void failed(@Nullable StoreException failure) {
        if (session.ended) {
            finish();
        } else if (failure != null && failure.kind() == StoreException.Kind.CORRUPT) {
            LOG.error(
                    "client {}: its session can't be read: {}", Printable.text(session.clientId), failure.getMessage());
            List<Waiting> inVain = List.copyOf(waiting);
            Events.tellFault(
                    session.loop.events(), session.clientId, "its stored session can't be read", failure.getMessage());
            waiting.clear();
            inVain.forEach(each -> each.damaged.run());
            Link link = session.link;
            if (link != null) {
                link.disconnect(ReasonCode.SERVER_UNAVAILABLE, "the stored session is damaged");
                session.loop.sessions().connectionClosed(session, link, true);
            }
        } else { // the engine is being opened again
            session.loop.scheduleLook(READ_AGAIN_MS, this::read);
        }
    }

    private void install(Found found) {
        if (!session.ended) {
            found.received.forEach(session::receive);
            session.window.restore(record.nextPacket(), exchanges(found));
            session.queue.older(found.page, found.sequences, record.maybeSent());
            session.log.loaded();
        }
        finish();
    }

    private void finish() {
        List<Waiting> ready = List.copyOf(waiting);
        waiting.clear();
        ready.forEach(each -> each.then.run());
    }

    private List<OutboundWindow.Restored> exchanges(Found found) {
        List<OutboundWindow.Restored> restored = new ArrayList<>();
        Set<Integer> packetIds = new HashSet<>();
        for (StoredExchange each : found.exchanges) {
            packetIds.add(each.packetId());
            if (each.released()) {
                long entry = EntryId.of(each.sequence(), false);
                restored.add(new OutboundWindow.Restored(each.packetId(), OutboundWindow.RELEASED, entry, null, null));
            } else {
                restore(each.packetId(), OutboundWindow.SENT_QOS_2, each.sequence(), found, restored);
            }
        }
        for (int i = 0; i < record.packetIds().length; i++) {
            int packetId = record.packetIds()[i];
            if (packetIds.add(packetId)) { // else its exchange says more
                restore(packetId, OutboundWindow.SENT_QOS_1, record.sequences()[i], found, restored);
            }
        }
        return restored;
    }

    /** One whose entry isn't there any more was acknowledged. */
    private void restore(int packetId, byte state, long sequence, Found found, List<OutboundWindow.Restored> restored) {
        StoredEntry stored = found.underWay.get(sequence);
        long entry = EntryId.of(sequence, stored != null && stored.messageId() != StoredEntry.INLINE);
        KeptMessage message = stored == null ? null : StoredMessages.message(stored, session.loop);
        if (stored != null) {
            session.loop.traffic().restored(1);
        }
        if (stored != null && message != null) {
            restored.add(new OutboundWindow.Restored(
                    packetId, state, entry, message, StoredMessages.target(stored, session)));
            return;
        }
        if (state == OutboundWindow.SENT_QOS_2) {
            session.log.completed(packetId, entry);
        }
        if (stored != null) {
            session.drop(null, entry, DropReason.STORE_DAMAGED);
        }
    }
}
