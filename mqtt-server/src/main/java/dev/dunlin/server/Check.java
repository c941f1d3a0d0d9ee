package dev.dunlin.server;

import dev.dunlin.broker.StoreCheck;
import dev.dunlin.broker.StoreCheck.Finding;
import dev.dunlin.broker.StoreCheck.Severity;
import dev.dunlin.broker.StoreCounts;
import dev.dunlin.broker.spi.StoreException;
import java.io.PrintStream;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Says whether a store is sound. */
@Command(
        name = "check",
        sortOptions = false,
        description =
                "Reads all of a store and says whether it is sound. Changes nothing but what opening a store does.",
        footer = {"", "Exit codes: 0 sound, 1 damaged or can't be opened, 2 wrong usage."})
final class Check implements StoreAction {
    @Mixin
    GivenStore store = new GivenStore();

    @Override
    public int run(PrintStream out, PrintStream err) throws StoreException {
        return tell(store.use("check", StoreCheck::of), out);
    }

    private int tell(StoreCheck check, PrintStream out) {
        out.println("the store in " + store.path() + " (" + check.engine() + ", format " + check.format() + ") is "
                + (check.isSound() ? "sound" : "damaged: " + Words.count(check.damaged(), "finding")));
        StoreCounts counts = check.counts();
        out.println("read: " + Words.count(counts.sessions(), "session") + ", "
                + Words.count(counts.subscriptions(), "subscription") + ", "
                + Words.count(counts.sharedGroups(), "shared group") + ", "
                + Words.count(counts.queued(), "queued message") + ", "
                + Words.count(counts.retained(), "retained message"));
        if (!check.opening().text().isEmpty()) {
            out.println("when it was opened: " + check.opening().text());
        }
        List<Finding> damage = of(check, Severity.DAMAGE);
        damage.forEach(finding -> out.println("damage: " + finding.text()));
        if (check.damaged() > damage.size()) {
            out.println("damage: and " + (check.damaged() - damage.size()) + " more");
        }
        of(check, Severity.LEFT_OVER)
                .forEach(finding -> out.println("left over, harmless, the broker removes it: " + finding.text()));
        if (!check.isSound()) {
            out.println("next: restore a backup; a broker on this store drops the messages that it can't read, and"
                    + " doesn't start if that is a session, a subscription or a retained message");
        }
        return check.isSound() ? OK : BAD;
    }

    private static List<Finding> of(StoreCheck check, Severity severity) {
        return check.findings().stream()
                .filter(finding -> finding.severity() == severity)
                .toList();
    }
}
