package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.View;
import dev.dunlin.codec.QoS;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads what belongs to one session. On the reader threads. */
public final class SessionReader {
    private static final Logger LOG = LoggerFactory.getLogger(SessionReader.class);
    private static final int PAGE_ENTRIES = 64;
    private static final long PAGE_BYTES = 1 << 20;
    private static final int IDENTITIES = 1_000;

    private final View view;
    private final long sid;

    SessionReader(View view, long sid) {
        this.view = view;
        this.sid = sid;
    }

    /**
     * A part of a queue.
     *
     * @param entries in order; one without a message is damaged
     * @param next the sequence to go on from; -1 if there is no more
     */
    public record Page(List<StoredEntry> entries, long next) {
        /** For {@link #next}. */
        public static final long END = -1;
    }

    /** The QoS 2 packet ids of the client that are in use. */
    public List<Integer> received() throws StoreException {
        List<Integer> ids = new ArrayList<>();
        scan(Keys.RECEIVED, (key, value) -> ids.add(packetId(key)));
        return ids;
    }

    /** The outbound QoS 2 exchanges under way. */
    public List<StoredExchange> exchanges() throws StoreException {
        List<StoredExchange> exchanges = new ArrayList<>();
        scan(Keys.EXCHANGE, (key, value) -> exchanges.add(StoredExchange.read(packetId(key), value)));
        return exchanges;
    }

    private void scan(char kind, View.Visitor visitor) throws StoreException {
        view.scan(Space.SESSION, Keys.ofSession(kind, sid), Keys.ofSession(kind, sid + 1), visitor);
    }

    private static int packetId(ByteBuffer key) {
        return Short.toUnsignedInt(key.getShort(key.position() + Keys.SID_PREFIX_BYTES));
    }

    /** One entry with its message; null if it isn't there. */
    public @Nullable StoredEntry entry(long sequence) throws StoreException {
        ByteBuffer value = view.get(Space.QUEUE, Keys.entry(sid, sequence));
        return value == null ? null : whole(sequence, value);
    }

    /**
     * The entries with these sequences, as many of them as make a page; at least one. One that isn't there, perhaps because it
     * was dropped meanwhile, has no message.
     */
    public Page entries(long[] sequences) throws StoreException {
        List<StoredEntry> entries = new ArrayList<>();
        long bytes = 0;
        for (long sequence : sequences) {
            StoredEntry entry = entry(sequence);
            if (entry == null) {
                entry = missing(sequence);
            }
            entries.add(entry);
            bytes += bytes(entry);
            if (bytes >= PAGE_BYTES) {
                break;
            }
        }
        return new Page(entries, entries.size() == sequences.length ? Page.END : sequences[entries.size()]);
    }

    /**
     * The next entries of a range.
     *
     * @param without entries that are left out
     */
    public Page entries(long from, long to, Set<Long> without) throws StoreException {
        List<StoredEntry> found = new ArrayList<>();
        view.scan(Space.QUEUE, Keys.entry(sid, from), Keys.entry(sid, to), (key, value) -> {
            long sequence = key.getLong(key.position() + Long.BYTES);
            if (!without.contains(sequence)) {
                found.add(part(sequence, value));
            }
            return found.size() < PAGE_ENTRIES;
        });
        List<StoredEntry> whole = new ArrayList<>(found.size());
        long bytes = 0;
        for (StoredEntry entry : found) {
            if (bytes >= PAGE_BYTES) {
                return new Page(whole, entry.sequence());
            }
            StoredEntry read = withMessage(entry);
            whole.add(read);
            bytes += bytes(read);
        }
        boolean more = found.size() == PAGE_ENTRIES;
        return new Page(whole, more ? found.get(found.size() - 1).sequence() + 1 : Page.END);
    }

    /**
     * What entries are called, without their content.
     *
     * @param entries as in {@link EntryId}
     * @param next as in {@link Page}
     */
    public record Identities(List<Long> entries, long next) {}

    /** The next entries of a range, by name only. */
    public Identities identities(long from, long to, Set<Long> without) throws StoreException {
        List<Long> found = new ArrayList<>();
        view.scan(Space.QUEUE, Keys.entry(sid, from), Keys.entry(sid, to), (key, value) -> {
            long sequence = key.getLong(key.position() + Long.BYTES);
            if (!without.contains(sequence)) {
                found.add(EntryId.of(sequence, StoredEntry.messageId(value) != StoredEntry.INLINE));
            }
            return found.size() < IDENTITIES;
        });
        boolean more = found.size() == IDENTITIES;
        return new Identities(found, more ? EntryId.sequence(found.get(found.size() - 1)) + 1 : Page.END);
    }

    private static long bytes(StoredEntry entry) {
        StoredMessage message = entry.message();
        return message == null ? 0 : message.packet().readableBytes();
    }

    private StoredEntry whole(long sequence, ByteBuffer value) throws StoreException {
        return withMessage(part(sequence, value));
    }

    /** One that is damaged is reported and left without its message: the others still arrive. */
    private StoredEntry part(long sequence, ByteBuffer value) throws StoreException {
        try {
            return StoredEntry.read(sequence, value);
        } catch (StoreException e) {
            return damaged(e, missing(sequence));
        }
    }

    private StoredEntry withMessage(StoredEntry entry) throws StoreException {
        if (entry.messageId() == StoredEntry.INLINE) {
            return entry;
        }
        ByteBuffer value = view.get(Space.MESSAGE, Keys.message(entry.messageId()));
        if (value == null) {
            LOG.error("store: message {} of session {} is missing", entry.messageId(), sid);
            return entry;
        }
        try {
            return entry.with(StoredMessage.read(Checksums.checked(value, "a message")));
        } catch (StoreException e) {
            return damaged(e, entry);
        }
    }

    private StoredEntry damaged(StoreException e, StoredEntry rest) throws StoreException {
        if (e.kind() != Kind.CORRUPT) {
            throw e;
        }
        LOG.error("store: entry {} of session {}: {}", rest.sequence(), sid, e.getMessage());
        return rest;
    }

    private static StoredEntry missing(long sequence) {
        return new StoredEntry(sequence, QoS.AT_LEAST_ONCE, false, false, new int[0], StoredEntry.INLINE, null);
    }
}
