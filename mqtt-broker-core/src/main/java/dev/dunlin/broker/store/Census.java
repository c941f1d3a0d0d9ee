package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Counts what is in a store. Keeps the longest queues only: entries lie together by session, so one count at a time is enough.
 * One thread, once.
 */
public final class Census {
    private static final int LONGEST = 5;

    private final Tally tally = new Tally();
    private final PriorityQueue<Length> longest = new PriorityQueue<>(Comparator.comparingLong(Length::entries));
    private long connected;
    private long queueSid;
    private long queueEntries;
    private long queueBytes;

    private record Length(long sid, long entries, long bytes) {}

    /**
     * A queue.
     *
     * @param owner the client or the shared group, in words
     * @param entries messages that wait or are under way
     * @param bytes of the entries; not of messages that they refer to
     */
    public record Queue(String owner, long entries, long bytes) {}

    private Census() {}

    /** Counts what a view shows. */
    public static Census of(View view) throws StoreException {
        Census census = new Census();
        for (Space space : Space.values()) {
            view.scan(space, new byte[0], null, (key, value) -> {
                census.count(space, key, value);
                return true;
            });
        }
        census.endQueue();
        return census;
    }

    /** How many records there are. */
    public Tally tally() {
        return tally;
    }

    /** Sessions that a connection had when the store was last written. */
    public long connected() {
        return connected;
    }

    /** The longest queues, the longest first, by name. */
    public List<Queue> longest(View view) throws StoreException {
        Set<Long> sids = longest.stream().map(Length::sid).collect(Collectors.toSet());
        Names names = Names.of(sids, view);
        return longest.stream()
                .sorted(Comparator.comparingLong(Length::entries).reversed().thenComparing(Length::sid))
                .map(each -> new Queue(names.of(each.sid), each.entries, each.bytes))
                .toList();
    }

    private void count(Space space, ByteBuffer key, ByteBuffer value) {
        tally.count(space, key, value);
        if (space == Space.SESSION) {
            connected += StoredSession.isConnected(key, value) ? 1 : 0;
        } else if (space == Space.QUEUE && key.remaining() >= Long.BYTES) {
            entry(key.getLong(key.position()), value.remaining());
        }
    }

    private void entry(long sid, int bytes) {
        if (sid != queueSid) {
            endQueue();
            queueSid = sid;
        }
        queueEntries++;
        queueBytes += bytes;
    }

    private void endQueue() {
        if (queueEntries > 0) {
            longest.add(new Length(queueSid, queueEntries, queueBytes));
            if (longest.size() > LONGEST) {
                longest.remove();
            }
        }
        queueEntries = 0;
        queueBytes = 0;
    }
}
