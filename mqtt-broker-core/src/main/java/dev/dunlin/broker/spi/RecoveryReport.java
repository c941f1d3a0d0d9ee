package dev.dunlin.broker.spi;

import java.util.List;

/**
 * What an engine found when it was opened.
 *
 * @param created whether there was no store before
 * @param cutBytes bytes at the end of its log that were no whole batch and are left out: the usual trace of a crash. Nothing
 *     that was ever synced is among them, unless {@code lostSynced}
 * @param lostSynced whether batches are missing that once were synced: only after a recovery that was asked for
 * @param setAside files that were moved out of the way, damaged or not needed any more
 * @param text what happened, in sentences for a person; empty if nothing did
 */
public record RecoveryReport(boolean created, long cutBytes, boolean lostSynced, List<String> setAside, String text) {

    /** Takes a copy of the list. */
    public RecoveryReport {
        setAside = List.copyOf(setAside);
    }

    /** A store that was closed properly, or a new one. */
    public static RecoveryReport clean(boolean created) {
        return new RecoveryReport(created, 0, false, List.of(), "");
    }
}
