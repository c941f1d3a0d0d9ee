package dev.dunlin.store.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A store in which queues are filled and emptied all the time doesn't grow beyond what lies in them. */
abstract class GrowthTests extends TckGroup {
    private static final int QUEUES = 10_000;
    private static final int MESSAGES = 10;
    private static final int VALUE_BYTES = 512;
    private static final int KEY_BYTES = 12;
    private static final int BATCH = 250;
    private static final int BATCHES_PER_SYNC = 40;
    private static final long LIVE_BYTES = QUEUES * (long) MESSAGES * (KEY_BYTES + VALUE_BYTES);
    private static final long BOUND_BYTES = 4 * LIVE_BYTES + (256 << 20);

    private final OpBuffer ops = new OpBuffer();
    private final byte[] value = new byte[VALUE_BYTES];
    private final Random random = new Random(1);
    private long rounds;

    GrowthTests(EngineTck tck) {
        super(tck);
    }

    @Test
    void staysNearWhatIsLive() throws StoreException {
        try (TestStore store = open()) {
            long endNs = System.nanoTime() + Effort.growth().toNanos();
            while (rounds < 2 * MESSAGES || System.nanoTime() < endNs) {
                round(store.engine());
                rounds++;
            }
            assertThat(countAll(store.engine())).isEqualTo(QUEUES * (long) MESSAGES);
        }
        assertThat(Folders.bytes(dir())).as("when it is closed").isLessThan(BOUND_BYTES);
        try (TestStore store = open()) {
            assertThat(countAll(store.engine())).isEqualTo(QUEUES * (long) MESSAGES);
        }
    }

    /** A message goes into each queue, and the oldest one out. */
    private void round(StorageEngine engine) throws StoreException {
        for (int queue = 0, batch = 0; queue < QUEUES; batch++) {
            ops.clear();
            for (int i = 0; i < BATCH; i++, queue++) {
                random.nextBytes(value);
                ops.put(Space.QUEUE, key(queue, rounds), ByteBuffer.wrap(value));
                if (rounds >= MESSAGES) {
                    ops.delete(Space.QUEUE, key(queue, rounds - MESSAGES));
                }
            }
            engine.write(ops, batch % BATCHES_PER_SYNC == 0);
        }
        assertThat(Folders.bytes(dir()))
                .as("bytes on the disk in round %d, live are %d", rounds, LIVE_BYTES)
                .isLessThan(BOUND_BYTES);
    }

    private long countAll(StorageEngine engine) throws StoreException {
        long[] count = {0};
        try (View view = engine.view()) {
            view.scan(Space.QUEUE, new byte[0], null, (key, ignored) -> {
                count[0]++;
                return true;
            });
        }
        return count[0];
    }

    private static ByteBuffer key(int queue, long sequence) {
        return ByteBuffer.allocate(KEY_BYTES).putInt(queue).putLong(sequence).flip();
    }
}
