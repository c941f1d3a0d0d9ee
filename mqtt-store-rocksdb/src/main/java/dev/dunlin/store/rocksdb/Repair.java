package dev.dunlin.store.rocksdb;

import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.StoreFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Changes damaged files so that RocksDB can open them, keeps copies of what is lost by that, and tells what was done. */
final class Repair {
    private final StoreFolder folder;
    private final Path dir;
    private final List<String> copies = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private @Nullable Path aside;
    private long cutBytes;
    private boolean lostSynced;

    Repair(StoreFolder folder) {
        this.folder = folder;
        dir = folder.dir();
    }

    RecoveryReport report() {
        if (!copies.isEmpty()) {
            say("The files as they were are kept: " + String.join(", ", copies) + ".");
        }
        return new RecoveryReport(false, cutBytes, lostSynced, copies, text.toString());
    }

    void restoreCurrent(Path manifest) throws IOException {
        StoreFiles.replaceCurrent(dir, manifest);
        say("The file CURRENT was missing or damaged; it names " + manifest.getFileName() + " again.");
    }

    /** What the list of table files says behind its damage is lost; whether tables are missing shows at the log. */
    void cutManifest(Path manifest, LogScan scan) throws IOException {
        keep(List.of(manifest));
        StoreFiles.truncate(manifest, scan.soundBytes());
        lostSynced = true;
        say("The list of table files was damaged and is cut by " + scan.cutBytes() + " bytes (" + scan.damage()
                + "): tables newer than that are missing.");
    }

    /** Cuts the log behind its sound prefix; copies are kept of all that isn't just the end of the last file. */
    void cutLog(List<Path> logs, LogScan scan, boolean lost) throws IOException {
        List<Path> cut = logs.subList(scan.soundFile(), logs.size());
        if (lost || cut.size() > 1) {
            keep(cut);
        }
        for (Path file : cut) {
            StoreFiles.truncate(file, file.equals(cut.get(0)) ? scan.soundBytes() : 0);
        }
        cutBytes += scan.cutBytes();
        lostSynced |= lost;
        say("The end of the log is left out, " + scan.cutBytes() + " bytes: " + scan.damage() + ".");
        long groups = scan.lastGroupBehind() - scan.lastGroup();
        if (groups > 0) {
            say("With it go at least " + groups + " batches, from batch " + (scan.lastGroup() + 1)
                    + " since the last start on.");
        }
        say(
                lost
                        ? "A part of it had been stored for certain: messages and states of sessions are lost."
                        : "Nothing of it is known to have been stored for certain: this is what a crash leaves.");
    }

    private void keep(List<Path> files) throws IOException {
        if (aside == null) {
            aside = folder.asideFolder();
        }
        copies.addAll(StoreFiles.copyAside(dir, files, aside));
    }

    private void say(String sentence) {
        text.append(text.isEmpty() ? "" : " ").append(sentence);
    }
}
