package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.View;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Once after a start: goes through all queues as they were before the first change of this process, in the background, and
 * counts the references to older messages; finds what sessions have left behind that are gone. The commit thread takes the
 * result over between two groups. If the engine fails meanwhile it begins anew, with what the store holds then.
 */
public final class Sweep {
    private static final Logger LOG = LoggerFactory.getLogger(Sweep.class);
    private static final int ASK_EVERY = 1_024;

    private final long bootTicket;
    private final long[] knownSids;
    private final Executor readers;
    private final References references;
    private boolean begun;

    /** What was released of older messages may have been forgotten: then some may be there that no entry refers to. */
    private volatile boolean looksForMessages;

    private volatile @Nullable Found found;
    private volatile LongObjectMap<Size> sizes = new LongObjectHashMap<>(0);

    /**
     * How much of the time before this process a session has queued.
     *
     * @param messages entries
     * @param bytes their values and what is carried in them; not the messages that they refer to
     */
    public record Size(long messages, long bytes) {
        private static final Size NONE = new Size(0, 0);

        private Size plus(long entryBytes) {
            return new Size(messages + 1, bytes + entryBytes);
        }
    }

    /** How much a session had queued when the sweep went through; nothing before that. Any thread. */
    Size size(long sid) {
        Size size = sizes.get(sid);
        return size == null ? Size.NONE : size;
    }

    /** What a sweep has found. */
    private record Found(LongObjectMap<int[]> references, Set<Long> unknownSids) {}

    /**
     * A sweep to come.
     *
     * @param bootTicket the first ticket of this process
     * @param knownSids of the sessions in the store at the start, ascending
     * @param looksForMessages whether there may be messages that no entry refers to, because no sweep has ended before, or
     *     because the process before this one crashed
     * @param readers where it runs
     */
    Sweep(long bootTicket, long[] knownSids, boolean looksForMessages, Executor readers) {
        this.bootTicket = bootTicket;
        this.knownSids = knownSids;
        this.looksForMessages = looksForMessages;
        this.readers = readers;
        references = new References(bootTicket);
    }

    /** The counts, for the commit thread. */
    References references() {
        return references;
    }

    /** Begins if that has not been done since the engine was opened. Commit thread, between two groups. */
    void begin(LiveEngine engine) throws StoreException {
        if (begun) {
            return;
        }
        begun = true;
        references.sweepBegins();
        View view = engine.view();
        try {
            readers.execute(() -> run(view, engine));
        } catch (RejectedExecutionException e) {
            view.close();
            throw new StoreException(Kind.BUSY, "the store is closed", e);
        }
    }

    /** The engine has been opened anew, which waited for the view of a sweep under way: it counts for nothing. Commit thread. */
    void beginsAnew() {
        if (!references.isSwept()) {
            begun = false;
            found = null;
            looksForMessages = true;
        }
    }

    /** Whether its result is still to come. Commit thread. */
    boolean isUnderWay() {
        return begun && !references.isSwept();
    }

    /** Whether there is a result to be taken over. Commit thread. */
    boolean hasEnded() {
        return found != null;
    }

    /** Takes the result over, if there is one: deletes what nobody refers to. Commit thread. */
    void end(OpBuffer batch) {
        Found result = found;
        if (result == null) {
            return;
        }
        found = null;
        references.sweepEnds(result.references, batch);
        Meta.swept(batch);
        for (long sid : result.unknownSids) {
            Keys.deleteSession(batch, sid);
        }
        if (!result.unknownSids.isEmpty()) {
            LOG.info("store: removes what {} ended sessions have left", result.unknownSids.size());
        }
    }

    private void run(View view, LiveEngine engine) {
        try (view) {
            Counting counting = new Counting(engine);
            view.scan(Space.QUEUE, new byte[0], null, counting::queueEntry);
            view.scan(Space.SESSION, Keys.EXCHANGES, Keys.AFTER_SUBSCRIPTIONS, counting::sessionRecord);
            if (looksForMessages) {
                view.scan(Space.MESSAGE, new byte[0], null, counting::message);
            }
            sizes = counting.sizes; // read only from here on
            found = new Found(counting.counts, counting.unknownSids);
        } catch (StoreException | RuntimeException e) { // begins anew with the engine; or costs space, no message
            LOG.warn("store: the sweep ends: {}", e.toString());
        }
    }

    private final class Counting {
        final LongObjectMap<int[]> counts = new LongObjectHashMap<>();
        final Set<Long> unknownSids = new TreeSet<>();
        final LongObjectMap<Size> sizes = new LongObjectHashMap<>();
        private final LiveEngine engine;
        private int seen;

        Counting(LiveEngine engine) {
            this.engine = engine;
        }

        boolean queueEntry(ByteBuffer key, ByteBuffer value) throws StoreException {
            askWhetherToGoOn();
            long sid = key.getLong(key.position());
            long sequence = key.getLong(key.position() + Long.BYTES);
            if (sequence >= bootTicket) { // a new session may have an older entry, of a shared group
                return true;
            }
            boolean known = note(sid);
            Size before = sizes.get(sid);
            sizes.put(sid, (before == null ? Size.NONE : before).plus(value.remaining()));
            long messageId = StoredEntry.messageId(value);
            if (messageId != StoredEntry.INLINE) {
                counts.computeIfAbsent(messageId, id -> new int[1])[0] += known ? 1 : 0;
            }
            return true;
        }

        boolean sessionRecord(ByteBuffer key, ByteBuffer value) throws StoreException {
            askWhetherToGoOn();
            note(key.getLong(key.position() + 1));
            return true;
        }

        boolean message(ByteBuffer key, ByteBuffer value) throws StoreException {
            askWhetherToGoOn();
            long messageId = key.getLong(key.position());
            if (messageId < bootTicket) {
                counts.computeIfAbsent(messageId, id -> new int[1]);
            }
            return true;
        }

        private boolean note(long sid) {
            boolean known = sid >= bootTicket || Arrays.binarySearch(knownSids, sid) >= 0;
            if (!known) {
                unknownSids.add(sid);
            }
            return known;
        }

        private void askWhetherToGoOn() throws StoreException {
            if (++seen % ASK_EVERY == 0 && engine.isWanted()) {
                throw new StoreException(Kind.BUSY, "the engine is needed");
            }
        }
    }
}
