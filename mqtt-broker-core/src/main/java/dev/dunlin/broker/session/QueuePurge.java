package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.store.SessionReader;
import dev.dunlin.broker.store.Store;
import dev.dunlin.broker.store.StoredSession;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Drops what waits for a session, a bounded part in each turn: first what is there since before the start, page by page of the
 * store, then what was queued when it came to that. What is in flight stays. On the session's loop.
 */
final class QueuePurge {
    private static final int MESSAGES_PER_TURN = 256;

    private final Session session;
    private final SessionLoop loop;
    private final @Nullable Store store;
    private final CompletableFuture<Long> result = new CompletableFuture<>();
    private long dropped;

    private QueuePurge(Session session, @Nullable Store store) {
        this.session = session;
        this.loop = session.loop;
        this.store = store;
    }

    /**
     * Begins.
     *
     * @return how many it has dropped, on the session's loop; fails with {@link StoreException} if the store can't be read, and
     *     may have dropped some
     */
    static CompletableFuture<Long> of(Session session, @Nullable Store store) {
        assert session.loop.inLoop();
        QueuePurge purge = new QueuePurge(session, store);
        StoredSession unloaded = session.log.unloaded();
        if (unloaded == null || store == null) {
            purge.older();
        } else { // what of it is in flight only the load tells
            session.log.load(unloaded, store).whenDone(purge::older, purge::damaged);
        }
        return purge.result;
    }

    private void damaged() {
        result.completeExceptionally(new StoreException(
                StoreException.Kind.CORRUPT, "the stored session is damaged: end it, or mend the store"));
    }

    private void older() {
        dropped += session.queue.purgeRead();
        long from = session.queue.olderFrom();
        if (store == null || session.ended || from == SessionReader.Page.END) {
            MessageQueue recent = session.queue.recent();
            recent(recent.removed() + recent.size());
            return;
        }
        long end = store.bootTicket();
        Set<Long> underWay = session.queue.olderUnderWay();
        store.<SessionReader.Identities>read(
                session.storedSid(),
                reader -> reader.identities(from, end, underWay),
                (page, failure) -> loop.execute(() -> purged(from, page, failure)));
    }

    private void purged(long from, SessionReader.@Nullable Identities page, @Nullable StoreException failure) {
        if (page == null) {
            result.completeExceptionally(Objects.requireNonNull(failure));
        } else {
            dropped += session.ended ? 0 : session.queue.purgeStored(from, page);
            older();
        }
    }

    /** Drops what was queued before this number. */
    private void recent(long until) {
        int now = session.ended ? 0 : session.queue.purge(until, MESSAGES_PER_TURN);
        dropped += now;
        if (now == MESSAGES_PER_TURN) {
            loop.execute(() -> recent(until));
            return;
        }
        if (!session.ended) {
            session.pump(); // retained messages may have waited behind
        }
        result.complete(dropped);
    }
}
