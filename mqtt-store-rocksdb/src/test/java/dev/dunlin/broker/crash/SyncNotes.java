package dev.dunlin.broker.crash;

import dev.dunlin.broker.crash.ChildBroker.Sync;
import dev.dunlin.broker.spi.EngineStats;
import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.Traits;
import dev.dunlin.broker.spi.View;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An engine that notes the sizes of all files in its folder when it has been opened, and whenever a sync has returned: what a
 * power cut must leave. With {@link Sync#NONE} nothing is ever synced, so only the first note is taken.
 *
 * <p>A note is one line in a file beside the store, {@code name=bytes} for each file, written in one go before the sync
 * returns: before anything can be acknowledged because of it.
 */
final class SyncNotes implements StorageEngineProvider {
    private final ChildBroker.Setting setting;
    private final StorageEngineProvider inner;

    SyncNotes(ChildBroker.Setting setting, StorageEngineProvider inner) {
        this.setting = setting;
        this.inner = inner;
    }

    /** The sizes of the last whole note. */
    static Map<String, Long> last(Path notes) throws IOException {
        String text = Files.readString(notes, StandardCharsets.UTF_8);
        List<String> lines = text.substring(0, text.lastIndexOf('\n')).lines().toList();
        Map<String, Long> sizes = new TreeMap<>();
        for (String each : lines.get(lines.size() - 1).split(" ", -1)) {
            int at = each.indexOf('=');
            sizes.put(each.substring(0, at), Long.parseLong(each.substring(at + 1)));
        }
        return sizes;
    }

    /** The sizes of all files in a folder. */
    static Map<String, Long> sizes(Path folder) throws IOException {
        Map<String, Long> sizes = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                sizes.put(file.getFileName().toString(), file.toFile().length()); // 0 if it was deleted meanwhile
            }
        }
        return sizes;
    }

    @Override
    public StorageEngine open() throws StoreException {
        return new Noting(inner.open());
    }

    @Override
    public StorageEngine recover() throws StoreException {
        return new Noting(inner.recover());
    }

    private final class Noting implements StorageEngine {
        private final StorageEngine engine;
        private final FileChannel notes;

        Noting(StorageEngine engine) throws StoreException {
            this.engine = engine;
            try {
                notes = FileChannel.open(
                        setting.notes(),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING);
                note();
            } catch (IOException e) {
                throw failed(e);
            }
        }

        private void note() throws StoreException {
            try {
                String line = sizes(setting.store()).entrySet().stream()
                        .map(file -> file.getKey() + "=" + file.getValue())
                        .collect(Collectors.joining(" ", "", "\n"));
                notes.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
            } catch (IOException e) {
                throw failed(e);
            }
        }

        private static StoreException failed(IOException e) {
            return new StoreException(StoreException.Kind.IO, "can't note what is synced: " + e, e);
        }

        @Override
        public Traits traits() {
            return engine.traits();
        }

        @Override
        public void write(OpBuffer ops, boolean sync) throws StoreException {
            engine.write(ops, sync && setting.sync() != Sync.NONE);
            if (sync && setting.sync() != Sync.NONE) {
                note();
            }
        }

        @Override
        public void sync() throws StoreException {
            if (setting.sync() != Sync.NONE) {
                engine.sync();
                note();
            }
        }

        @Override
        public View view() throws StoreException {
            return engine.view();
        }

        @Override
        public void backup(Path emptyDir) throws StoreException {
            engine.backup(emptyDir);
        }

        @Override
        public void compact(Space space) throws StoreException {
            engine.compact(space);
        }

        @Override
        public RecoveryReport recovery() {
            return engine.recovery();
        }

        @Override
        public EngineStats stats() {
            return engine.stats();
        }

        @Override
        public void close() throws StoreException {
            engine.close();
        }
    }
}
