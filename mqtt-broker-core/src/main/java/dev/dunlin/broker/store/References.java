package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * How many queue entries refer to each stored message. In memory only, owned by the commit thread, which sees entries come
 * and go in the order of the log; with the last entry of a message goes the message.
 *
 * <p>Of messages older than this process the count isn't known until a sweep through the queues has told it. Until then what
 * is released of them is noted, and settled when it comes.
 */
final class References {
    /** What is noted may be negative until the sweep has come. */
    private final LongObjectMap<int[]> counts = new LongObjectHashMap<>();

    private final ByteBuffer key = ByteBuffer.allocate(Long.BYTES);
    private final long bootTicket;
    private boolean swept;

    /**
     * No references.
     *
     * @param bootTicket the first ticket of this process: messages with a lower one are older
     */
    References(long bootTicket) {
        this.bootTicket = bootTicket;
    }

    /** Follows a change; deletes what nobody refers to any more in the same batch. */
    void apply(Change change, long ticket, OpBuffer batch) {
        if (change.references() > 0) {
            add(ticket, change.references());
        }
        for (long messageId : change.released()) {
            release(messageId, batch);
        }
    }

    /** Notes the entries that a change has stored beside the message with its ticket. */
    void add(long messageId, int references) {
        int[] before = counts.put(messageId, new int[] {references});
        assert before == null : "message " + messageId + " twice";
    }

    /** An entry is gone. With the last one the message is deleted, in the same batch. */
    void release(long messageId, OpBuffer batch) {
        int[] count = counts.get(messageId);
        if (count == null) {
            assert messageId < bootTicket && !swept : "released message " + messageId + " that nobody refers to";
            counts.put(messageId, new int[] {-1});
        } else if (--count[0] == 0 && (swept || messageId >= bootTicket)) {
            counts.remove(messageId);
            delete(messageId, batch);
        }
    }

    /** Forgets what was released of older messages: a sweep begins now, on what the store holds at this moment. */
    void sweepBegins() {
        var entries = counts.entries().iterator();
        while (entries.hasNext()) {
            if (entries.next().key() < bootTicket) {
                entries.remove();
            }
        }
    }

    /**
     * Settles the counts of older messages with what a sweep has found; a message without entries is deleted.
     *
     * @param found entries by message, 0 for one whose entries belong to nobody any more
     */
    void sweepEnds(LongObjectMap<int[]> found, OpBuffer batch) {
        swept = true;
        for (LongObjectMap.PrimitiveEntry<int[]> each : found.entries()) {
            int @Nullable [] released = counts.remove(each.key());
            int left = each.value()[0] + (released == null ? 0 : released[0]);
            assert left >= 0 : left + " references to message " + each.key();
            if (left > 0) {
                counts.put(each.key(), new int[] {left});
            } else {
                delete(each.key(), batch);
            }
        }
    }

    /** Whether the counts of older messages are settled. */
    boolean isSwept() {
        return swept;
    }

    /** Messages that are referred to, as far as known. */
    int size() {
        return counts.size();
    }

    private void delete(long messageId, OpBuffer batch) {
        batch.delete(Space.MESSAGE, key.putLong(0, messageId).clear());
    }
}
