package dev.dunlin.server;

import java.util.List;
import java.util.stream.Stream;

/**
 * What has come of a reload: sentences and parts of sentences for people, each without a line break. Immutable. Whoever lets an
 * administrator ask for a reload calls {@link Reloads#ask}, which any thread may and which doesn't block, and shows this; what
 * belongs into the log has been logged by then. A part that lies outside of this package is given a
 * {@code Supplier<CompletionStage<ReloadReport>>}, which is {@code reloads::ask}.
 *
 * @param reloaded what was read and counts from now on, such as "the passwords" or "limits.queue-bytes-max"; empty if everything
 *     says what it said before
 * @param needRestart a sentence for each key that says something else than what the broker goes by, and can't change while it
 *     runs, such as "listeners[0].port has changed (dunlin.conf:3): that needs a restart". Named at each reload until then
 * @param failed a sentence for each thing that couldn't be read, and so stays as it was; if it is the configuration file
 *     itself, nothing was reloaded
 */
public record ReloadReport(List<String> reloaded, List<String> needRestart, List<String> failed) {
    /** Copies the lists. */
    public ReloadReport {
        reloaded = List.copyOf(reloaded);
        needRestart = List.copyOf(needRestart);
        failed = List.copyOf(failed);
    }

    /** Whether the broker now goes by all that its files say: nothing has failed, and nothing needs a restart. */
    public boolean isComplete() {
        return needRestart.isEmpty() && failed.isEmpty();
    }

    /** What keeps it from being complete. */
    public List<String> faults() {
        return Stream.concat(failed.stream(), needRestart.stream()).toList();
    }
}
