package dev.dunlin.store.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.store.tck.LogImage.Damage;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * A log of about 1 KiB, its last batch written but not synced, the others synced, damaged in every way: the store holds a
 * prefix of whole batches, and none that was synced is missing in silence.
 */
abstract class LogDamageTests extends TckGroup {
    private static final int BATCHES = 8;

    private final Workload workload = new Workload(7, Workload.Shape.TINY);
    private int cut;
    private int refused;

    LogDamageTests(EngineTck tck) {
        super(tck);
    }

    @Test
    void survivesACutAtEveryByte() throws Exception {
        LogImage image = record();
        for (int at = image.begin(); at < image.end(); at += Effort.damageStep()) {
            check(image, Damage.CUT, at);
        }
        assertThat(cut + refused).as("cuts that were noticed").isPositive();
    }

    @Test
    void noticesAFlippedBitInEveryByte() throws Exception {
        LogImage image = record();
        for (int at = image.begin(); at < image.end(); at += Effort.damageStep()) {
            check(image, Damage.FLIP, at);
        }
        assertThat(cut)
                .as("flips in the batch that wasn't synced, which was left out")
                .isPositive();
        assertThat(refused).as("flips in synced batches, which were CORRUPT").isPositive();
    }

    private LogImage record() throws Exception {
        Path recorded = folder.resolve("recorded");
        LogImage image = new LogImage(recorded);
        try (StorageEngine engine = tck.provider(recorded).open()) {
            image.note();
            for (int i = 1; i <= BATCHES; i++) {
                engine.write(workload.batch(i), i < BATCHES);
                image.note();
            }
        }
        return image;
    }

    private void check(LogImage image, Damage damage, int at) throws IOException {
        String name = damage + " at byte " + at + " of " + image.log() + " (" + image.begin() + " to " + image.end()
                + ", in batch " + (image.wholeBatches(at) + 1) + " of " + BATCHES + ")";
        Path dir = folder.resolve("damaged");
        try {
            image.write(dir, damage, at);
            check(dir, damage, image.wholeBatches(at));
        } catch (AssertionError | StoreException | RuntimeException e) {
            throw new AssertionError(name + ": " + e, e);
        }
        Folders.delete(dir);
    }

    /**
     * Checks a damaged store.
     *
     * @param whole batches before the damage
     */
    private void check(Path dir, Damage damage, int whole) throws StoreException {
        long last;
        try (StorageEngine engine = tck.provider(dir).open()) {
            last = TestStore.assertPrefix(engine, workload, whole);
            if (last < BATCHES) {
                cut++;
                assertThat(damage == Damage.CUT || whole == BATCHES - 1)
                        .as("synced batches behind batch %d are missing in silence", last)
                        .isTrue();
                assertThat(engine.recovery().lostSynced()).isFalse();
            }
            engine.write(workload.batch(last + 1), true);
        } catch (StoreException e) {
            refused++;
            assertThat(e.kind()).as("kind of %s", e).isEqualTo(Kind.CORRUPT);
            assertThat(whole)
                    .as("only the batch that wasn't synced is damaged, the trace of any crash: %s", e)
                    .isLessThan(BATCHES - 1);
            last = recover(dir, whole);
        }
        try (StorageEngine engine = tck.provider(dir).open()) {
            assertThat(TestStore.assertPrefix(engine, workload, last + 1)).isEqualTo(last + 1);
        }
    }

    private long recover(Path dir, int whole) throws StoreException {
        try (StorageEngine engine = tck.provider(dir).recover()) {
            long last = TestStore.assertPrefix(engine, workload, whole);
            if (last < BATCHES - 1) {
                assertThat(engine.recovery().lostSynced())
                        .as("tells what is lost")
                        .isTrue();
                assertThat(engine.recovery().setAside())
                        .as("keeps what is left out")
                        .isNotEmpty();
                assertThat(engine.recovery().text()).isNotBlank();
            }
            engine.write(workload.batch(last + 1), true);
            return last;
        }
    }
}
