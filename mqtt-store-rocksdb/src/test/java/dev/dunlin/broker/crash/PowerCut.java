package dev.dunlin.broker.crash;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Random;

/**
 * Makes of the files of a dead broker what a power cut may leave: what was there when the last sync returned, and behind it
 * nothing, zeros, garbage, or parts of what was written. A file that came later is gone.
 *
 * <p>Where tables are written in the middle of the traffic, RocksDB syncs them, the MANIFEST that names them and the folder on
 * its own, before it lets go of the log: then these are left as they are, and of a later log only the name.
 */
final class PowerCut implements Scene.AfterKill {
    private final ChildBroker.Setting setting;
    private final boolean onlyLogs;
    private long lostBytes;
    private int lostFiles;

    /**
     * A cut.
     *
     * @param onlyLogs whether files other than the log's may have been synced by RocksDB itself
     */
    PowerCut(ChildBroker.Setting setting, boolean onlyLogs) {
        this.setting = setting;
        this.onlyLogs = onlyLogs;
    }

    @Override
    public void change(Random random) throws IOException {
        Map<String, Long> synced = SyncNotes.last(setting.notes());
        for (Map.Entry<String, Long> file : SyncNotes.sizes(setting.store()).entrySet()) {
            if (onlyLogs && !file.getKey().endsWith(".log")) {
                continue;
            }
            Long syncedBytes = synced.get(file.getKey());
            Path path = setting.store().resolve(file.getKey());
            if (syncedBytes == null && !onlyLogs) {
                Files.delete(path);
                lostFiles++;
            } else {
                cut(path, syncedBytes == null ? 0 : syncedBytes, file.getValue(), random);
            }
        }
    }

    private void cut(Path path, long syncedBytes, long bytes, Random random) throws IOException {
        if (bytes <= syncedBytes) {
            return;
        }
        lostBytes += bytes - syncedBytes;
        long from = syncedBytes + random.nextLong(bytes - syncedBytes);
        byte[] garbage = new byte[(int) (bytes - from)];
        random.nextBytes(garbage);
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
            switch (random.nextInt(5)) {
                case 0 -> file.truncate(syncedBytes);
                case 1 -> file.truncate(from);
                case 2 -> file.write(ByteBuffer.wrap(garbage), from);
                case 3 -> file.write(ByteBuffer.allocate((int) (bytes - syncedBytes)), syncedBytes);
                default -> file.write(ByteBuffer.allocate((int) (from - syncedBytes)), syncedBytes); // the end is there
            }
        }
    }

    @Override
    public String toString() {
        return lostBytes + " bytes and " + lostFiles + " files not synced";
    }
}
