package dev.dunlin.broker;

import dev.dunlin.broker.spi.EngineStats;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.store.Census;
import dev.dunlin.broker.store.Look;
import dev.dunlin.broker.store.Tally;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What is in a store, in figures.
 *
 * @param engine the name of the engine
 * @param format of the records, as "1.0"
 * @param stoppedCleanly whether the last broker on it ended orderly
 * @param lastSeenMs wall time when a broker last wrote it, in milliseconds since 1970; 0 if none ever ran on it
 * @param counts how much there is of what
 * @param connected sessions that a connection had when the store was last written
 * @param spaces how much each part of the store holds
 * @param longestQueues at most five, the longest first
 * @param files what its files occupy, and the room that is left
 */
public record StoreStats(
        String engine,
        String format,
        boolean stoppedCleanly,
        long lastSeenMs,
        StoreCounts counts,
        long connected,
        Map<Space, Size> spaces,
        List<Queue> longestQueues,
        EngineStats files) {

    /** Takes copies of map and list. */
    public StoreStats {
        spaces = Map.copyOf(spaces);
        longestQueues = List.copyOf(longestQueues);
    }

    /**
     * The size of a part.
     *
     * @param keyBytes of all keys
     * @param valueBytes of all values, as they are before the engine compresses them
     */
    public record Size(long entries, long keyBytes, long valueBytes) {}

    /**
     * A queue.
     *
     * @param owner the client or the shared group, in words
     * @param entries messages that wait or are under way
     * @param bytes of the entries; not of messages that lie beside the queues
     */
    public record Queue(String owner, long entries, long bytes) {}

    /**
     * Counts what is in a store on which no broker runs. Changes nothing in it beyond what opening it does. Blocks for as long
     * as it takes to read all of it; memory stays flat, but for the largest value. Any thread but an event loop.
     *
     * @throws StoreException if the store can't be opened or read
     */
    public static StoreStats of(StorageEngineProvider provider) throws StoreException {
        return Look.<StoreStats, RuntimeException>at(provider, StoreStats::of);
    }

    private static StoreStats of(Look store) throws StoreException {
        Census census = Census.of(store.view());
        return new StoreStats(
                store.engine().traits().name(),
                store.formatText(),
                store.stoppedCleanly(),
                store.lastSeenMs(),
                StoreCounts.of(census.tally()),
                census.connected(),
                sizes(census.tally()),
                census.longest(store.view()).stream()
                        .map(queue -> new Queue(queue.owner(), queue.entries(), queue.bytes()))
                        .toList(),
                store.engine().stats());
    }

    private static Map<Space, Size> sizes(Tally tally) {
        Map<Space, Size> sizes = new EnumMap<>(Space.class);
        for (Space space : Space.values()) {
            sizes.put(space, new Size(tally.entries(space), tally.keyBytes(space), tally.valueBytes(space)));
        }
        return sizes;
    }
}
