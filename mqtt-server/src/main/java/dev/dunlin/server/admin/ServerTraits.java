package dev.dunlin.server.admin;

import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * What the server is, around its broker.
 *
 * @param version as {@code --version} says it
 * @param store the engine, or "memory"
 * @param durability "power" or "process"; "none" in memory
 * @param reload reads again what can be read again, as SIGHUP does; completes with what came of it
 */
public record ServerTraits(
        String version, String store, String durability, Supplier<CompletionStage<Reloaded>> reload) {
    /**
     * What has come of a reload: sentences.
     *
     * @param reloaded what counts now
     * @param needRestart what has changed, and doesn't count before the next start
     * @param failed what stays as it was, because it can't be used
     */
    public record Reloaded(List<String> reloaded, List<String> needRestart, List<String> failed) {
        /** Copies the lists. */
        public Reloaded {
            reloaded = List.copyOf(reloaded);
            needRestart = List.copyOf(needRestart);
            failed = List.copyOf(failed);
        }
    }
}
