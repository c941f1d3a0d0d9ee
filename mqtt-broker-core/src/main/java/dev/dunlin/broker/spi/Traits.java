package dev.dunlin.broker.spi;

/**
 * What the broker must know about an engine.
 *
 * @param name a short lower-case word for log lines, as "rocksdb"
 * @param failedWriteLeavesNoTrace whether a write that failed with {@link StoreException.Kind#FULL} has certainly changed
 *     nothing, neither now nor after a restart: it may be repeated in place. Otherwise the broker closes the engine,
 *     opens it anew and looks which batches are there.
 * @param survivesPowerLoss whether {@code sync} brings data to a disk; false for engines in memory
 */
public record Traits(String name, boolean failedWriteLeavesNoTrace, boolean survivesPowerLoss) {}
