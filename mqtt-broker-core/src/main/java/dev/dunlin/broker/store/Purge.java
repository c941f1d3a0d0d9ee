package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.StoreException;
import java.util.Set;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes the old entries of a session that has ended, a page at a time, each page one change. If the broker stops before it
 * is through, the sweep of its next start finds the rest.
 */
final class Purge {
    private static final Logger LOG = LoggerFactory.getLogger(Purge.class);

    private final Store store;
    private final long sid;
    private final Set<Long> without;
    private final IntConsumer removed;
    private long from;

    Purge(Store store, long sid, long from, Set<Long> without, IntConsumer removed) {
        this.removed = removed;
        this.store = store;
        this.sid = sid;
        this.from = from;
        this.without = without;
    }

    void run() {
        store.read(sid, reader -> reader.identities(from, store.bootTicket(), without), this::page);
    }

    private void page(SessionReader.@Nullable Identities page, @Nullable StoreException failure) {
        if (page == null) {
            LOG.warn(
                    "store: what session {} has left is removed at the next start: {}",
                    sid,
                    failure == null ? "" : failure.getMessage());
            return;
        }
        ChangeWriter writer = store.writer();
        SessionChanges changes = new SessionChanges(writer, sid);
        page.entries().forEach(changes::entryGone);
        removed.accept(page.entries().size());
        if (page.next() == SessionReader.Page.END) {
            changes.noEntries();
        }
        if (!writer.isEmpty()) {
            writer.submit();
        }
        if (page.next() != SessionReader.Page.END) {
            from = page.next();
            run();
        }
    }
}
