package dev.dunlin.broker.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.codec.testkit.RequiresTool;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code POWER} promises, which a kill can't show because the page cache survives it: a broker is killed under load, and
 * of its files only that is left which was certainly on the disk, and some of the rest, as {@link PowerCut} says. Two rounds
 * of each kind; 30 with {@code -Ddunlin.long=true}, as in {@link KillTest}.
 */
@EachEngine
@RequiresTool("strace")
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PowerCutTest {
    private static final int ROUNDS = Boolean.getBoolean("dunlin.long") ? 30 : 2;

    @TempDir
    Path temp;

    @Test
    void losesNothingThatWasAcknowledgedWhenThePowerFails() throws Exception {
        survive(new ChildBroker.Setting(temp.resolve("store"), Durability.POWER));
    }

    @Test
    void losesNothingWhenThePowerFailsWhileTheStoreRewritesItsFiles() throws Exception {
        survive(new ChildBroker.Setting(temp.resolve("store"), Durability.POWER).restless());
    }

    private static void survive(ChildBroker.Setting setting) throws Exception {
        long seed = new Random().nextLong();
        long beginNs = System.nanoTime();
        PowerCut cut = new PowerCut(setting.store());
        try (Scene scene = new Scene(cut.traced(setting), seed, cut)) {
            Scene.Totals totals = scene.run(ROUNDS);

            assertThat(totals.rounds).isEqualTo(ROUNDS);
            System.out.println("power cut" + (setting.isRestless() ? ", restless: " : ": ") + totals + "; " + cut + "; "
                    + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - beginNs) + " s, seed " + seed);
        } catch (Violation e) {
            throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
        }
    }

    /** The proof that this test sees what it is there for. */
    @Test
    void findsThatAStoreWhoseSyncDoesNothingLosesWhatWasAcknowledged() throws Exception {
        ChildBroker.Setting setting =
                new ChildBroker.Setting(temp.resolve("store"), Durability.POWER).sync(ChildBroker.Sync.NONE);
        PowerCut cut = new PowerCut(setting.store());
        try (Scene scene = new Scene(cut.traced(setting), 1, random -> cut.loseAll())) {
            Violation found = catchThrowableOfType(Violation.class, () -> scene.run(1));

            assertThat(found).isNotNull(); // what is missing first depends on what the engine syncs of its own accord
        }
    }
}
