package dev.dunlin.server;

import dev.dunlin.broker.StoreCounts;
import dev.dunlin.broker.StoreStats;
import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.File;
import java.io.PrintStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Opens a damaged store with what is sound of it, and says what that was. */
@Command(
        name = "recover",
        sortOptions = false,
        description =
                "Makes a damaged store usable again: keeps what is sound, sets the rest aside, says what is lost and what"
                        + " is there. Changes nothing in a store that is sound.")
final class Recover implements StoreAction {
    @Mixin
    GivenStore store = new GivenStore();

    @Override
    public int run(PrintStream out, PrintStream err) throws StoreException {
        StorageEngineProvider provider = store.provider();
        RecoveryReport report;
        try (StorageEngine engine = provider.recover()) {
            report = engine.recovery();
        }
        if (report.created()) {
            throw new StoreException(
                    Kind.IO, "there was no store in " + store.path() + ", but now there is an empty one");
        }
        tellWhatWasDone(report, out);
        StoreStats now = StoreStats.of(provider);
        tellWhatIsLost(report, now, out);
        tellWhatIsThere(now, out);
        return OK;
    }

    private void tellWhatWasDone(RecoveryReport report, PrintStream out) {
        if (report.text().isEmpty()) {
            out.println("the store in " + store.path() + " is sound, nothing was changed");
            return;
        }
        out.println("the store in " + store.path() + " can be used again");
        out.println("what was wrong: " + report.text());
        out.println("cut: " + report.cutBytes() + " bytes");
        report.setAside().forEach(file -> out.println("set aside: " + store.path() + File.separator + file));
    }

    private static void tellWhatIsLost(RecoveryReport report, StoreStats now, PrintStream out) {
        if (report.lostSynced()) {
            out.println("lost: something that had been stored for certain, at worst all that was acknowledged after "
                    + Words.time(now.lastSeenMs()));
        } else if (!report.text().isEmpty()) {
            out.println("lost: nothing that is known to have been stored for certain");
        }
    }

    private void tellWhatIsThere(StoreStats now, PrintStream out) {
        StoreCounts counts = now.counts();
        out.println("it ends at: " + Words.time(now.lastSeenMs()));
        out.println("it holds: " + Words.count(counts.sessions(), "session") + ", "
                + Words.count(counts.retained(), "retained message") + ", "
                + Words.count(counts.queued(), "queued message"));
        out.println("next: dunlin store check --data " + store.path());
    }
}
