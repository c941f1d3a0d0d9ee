package dev.dunlin.broker.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.store.rocksdb.RocksDbOptions;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code POWER} promises, which a kill can't show because the page cache survives it: a broker is killed under load, and
 * of its files only that is left which was there when the last sync returned. A few rounds; 30 of each kind with
 * {@code -Ddunlin.long=true}, as in {@link KillTest}.
 */
@DisabledIfSystemProperty(named = "dunlin.test.store", matches = ".+") // set for the suite of the core's tests
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PowerCutTest {
    private static final int ROUNDS = Boolean.getBoolean("dunlin.long") ? 30 : 2;
    private static final long SMALL_LOG_BYTES = 1 << 20;

    @TempDir
    Path temp;

    @Test
    void losesNothingThatWasAcknowledgedWhenThePowerFails() throws Exception {
        ChildBroker.Setting setting = setting(ChildBroker.Sync.NOTED, RocksDbOptions.DEFAULT.walBytesMax());
        survive(setting, new PowerCut(setting, false));
    }

    @Test
    void losesNothingWhenThePowerFailsWhileTablesAreWritten() throws Exception {
        ChildBroker.Setting setting = setting(ChildBroker.Sync.NOTED, SMALL_LOG_BYTES);
        survive(setting, new PowerCut(setting, true));
    }

    private static void survive(ChildBroker.Setting setting, PowerCut cut) throws Exception {
        long seed = new Random().nextLong();
        long beginNs = System.nanoTime();
        try (Scene scene = new Scene(setting, seed, cut)) {
            Scene.Totals totals = scene.run(ROUNDS);

            assertThat(totals.rounds).isEqualTo(ROUNDS);
            System.out.println("power cut, log of " + setting.walBytesMax() + " bytes: " + totals + "; " + cut + "; "
                    + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - beginNs) + " s, seed " + seed);
        } catch (Violation e) {
            throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
        }
    }

    /** The proof that this test sees what it is there for. */
    @Test
    void findsThatAStoreWhoseSyncDoesNothingLosesWhatWasAcknowledged() {
        ChildBroker.Setting setting = setting(ChildBroker.Sync.NONE, RocksDbOptions.DEFAULT.walBytesMax());
        PowerCut cut = new PowerCut(setting, false);
        try (Scene scene = new Scene(setting, 1, random -> cut.loseAll())) {
            Violation found = catchThrowableOfType(Violation.class, () -> scene.run(1));

            // Its sessions are gone; or so much of its files that the engine refuses the rest.
            assertThat(found).message().containsAnyOf("sessionPresent=false", "the broker does not start");
        }
    }

    private ChildBroker.Setting setting(ChildBroker.Sync sync, long walBytesMax) {
        return new ChildBroker.Setting(temp.resolve("store"), Durability.POWER)
                .sync(sync)
                .walBytesMax(walBytesMax);
    }
}
