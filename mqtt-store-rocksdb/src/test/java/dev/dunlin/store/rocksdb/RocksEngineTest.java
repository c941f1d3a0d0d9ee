package dev.dunlin.store.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is RocksDB's own about the engine; the general contract is held by the test kit. */
class RocksEngineTest {
    @TempDir
    Path dir;

    @Test
    void keepsWhatWasWrittenAndClosesEverything() throws Exception {
        Natives natives = new Natives();
        try (StorageEngine engine = new Opening(dir, RocksDbOptions.DEFAULT, natives).open()) {
            OpBuffer ops = new OpBuffer();
            for (byte i = 0; i < 10; i++) {
                ops.put(Space.QUEUE, ByteBuffer.wrap(new byte[] {i}), ByteBuffer.wrap(new byte[i]));
            }
            ops.put(Space.MESSAGE, ByteBuffer.wrap(new byte[] {1}), ByteBuffer.wrap(new byte[1 << 20]));
            ops.delete(Space.QUEUE, ByteBuffer.wrap(new byte[] {3}));
            ops.deleteRange(Space.QUEUE, ByteBuffer.wrap(new byte[] {5}), ByteBuffer.wrap(new byte[] {7}));
            engine.write(ops, true);
        }
        assertThat(natives.live()).isZero();
        try (StorageEngine engine = new Opening(dir, RocksDbOptions.DEFAULT, natives).open();
                View view = engine.view()) {
            List<Integer> keys = new ArrayList<>();
            view.scan(Space.QUEUE, new byte[0], null, (key, value) -> {
                keys.add((int) key.get(0));
                assertThat(value.remaining()).isEqualTo(key.get(0));
                return true;
            });
            assertThat(keys).containsExactly(0, 1, 2, 4, 7, 8, 9);
            assertThat(view.get(Space.MESSAGE, new byte[] {1}).remaining()).isEqualTo(1 << 20);
            assertThat(view.get(Space.QUEUE, new byte[] {0}).remaining()).isZero();
            assertThat(view.get(Space.QUEUE, new byte[] {3})).isNull();
            assertThatThrownBy(() -> RocksDb.at(dir).open())
                    .isInstanceOfSatisfying(
                            StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.LOCKED));
        }
        assertThat(natives.live()).isZero();
    }
}
