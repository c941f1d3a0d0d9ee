package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.StoreException;
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
    private final long to;
    private long from;

    Purge(Store store, long sid, long from, long to) {
        this.store = store;
        this.sid = sid;
        this.from = from;
        this.to = to;
    }

    void run() {
        store.read(sid, reader -> reader.identities(from, to), this::page);
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
        if (page.next() == SessionReader.Page.END) {
            changes.noEntries();
        }
        writer.submit();
        if (page.next() != SessionReader.Page.END) {
            from = page.next();
            run();
        }
    }
}
