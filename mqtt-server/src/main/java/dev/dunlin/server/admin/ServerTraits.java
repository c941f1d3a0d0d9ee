package dev.dunlin.server.admin;

import dev.dunlin.server.ReloadReport;
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
        String version, String store, String durability, Supplier<CompletionStage<ReloadReport>> reload) {}
