package dev.dunlin.server;

import dev.dunlin.broker.StoreCounts;
import dev.dunlin.broker.StoreStats;
import dev.dunlin.broker.spi.EngineStats;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Objects;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Says what is in a store. */
@Command(
        name = "stats",
        sortOptions = false,
        description = "Counts what is in a store. Changes nothing but what opening a store does.")
final class Stats implements StoreAction {
    @Mixin
    GivenStore store = new GivenStore();

    @Override
    public int run(PrintStream out, PrintStream err) throws StoreException {
        tell(store.use("count", StoreStats::of), out);
        return OK;
    }

    private void tell(StoreStats stats, PrintStream out) {
        StoreCounts counts = stats.counts();
        out.println("store: " + store.path());
        out.println("engine: " + stats.engine() + ", records of format " + stats.format());
        out.println("last written: " + Words.time(stats.lastSeenMs())
                + (stats.stoppedCleanly() ? ", closed orderly" : ", not closed orderly"));
        out.println("sessions: " + counts.sessions() + ", of them connected: " + stats.connected());
        out.println("subscriptions: " + counts.subscriptions());
        out.println("shared groups: " + counts.sharedGroups());
        out.println("retained messages: " + counts.retained());
        out.println("QoS 2 exchanges: " + counts.outbound() + " outbound, " + counts.inbound() + " inbound");
        out.println("queued messages: " + counts.queued());
        stats.longestQueues()
                .forEach(queue -> out.println("  " + queue.owner() + ": " + Words.count(queue.entries(), "message")
                        + ", " + Words.bytes(queue.bytes())));
        EngineStats files = stats.files();
        out.println("files: " + Words.bytes(files.diskBytes()) + "; free: " + Words.bytes(files.freeBytes()) + " of "
                + files.volumeBytes());
        out.println(row("space", "entries", "key bytes", "value bytes"));
        for (Space space : Space.values()) {
            StoreStats.Size size = Objects.requireNonNull(stats.spaces().get(space));
            out.println(row(space.name(), size.entries(), size.keyBytes(), size.valueBytes()));
        }
    }

    private static String row(String name, Object entries, Object keys, Object values) {
        return String.format(Locale.ROOT, "%-10s%12s%16s%16s", name, entries, keys, values);
    }
}
