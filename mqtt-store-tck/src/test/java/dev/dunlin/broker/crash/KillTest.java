package dev.dunlin.broker.crash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Durability;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A broker is killed under load ({@code kill -9}), over real sockets: nothing that it acknowledged is lost, no QoS 2 message
 * arrives twice, and order holds. {@link Scene} says what a round is. Three rounds for each level; a hundred for each, and the
 * long forms of other tests, in 20 minutes for each engine, as in
 *
 * <pre>mvn -pl mqtt-store-rocksdb -am verify -Dtest='KillTest,PowerCutTest,FidelityTest' -Dsurefire.failIfNoSpecifiedTests=false -Ddunlin.long=true</pre>
 */
@EachEngine
@Timeout(value = 25, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KillTest {
    private static final int ROUNDS = Boolean.getBoolean("dunlin.long") ? 100 : 3;

    @TempDir
    Path temp;

    @ParameterizedTest
    @EnumSource(
            value = Durability.class,
            names = {"PROCESS", "POWER"})
    void losesNothingThatWasAcknowledgedWhenItIsKilled(Durability level) throws Exception {
        long seed = new Random().nextLong();
        long beginNs = System.nanoTime();
        try (Scene scene = new Scene(new ChildBroker.Setting(temp.resolve("store"), level), seed, random -> {})) {
            Scene.Totals totals = scene.run(ROUNDS);

            assertThat(totals.rounds).isEqualTo(ROUNDS);
            System.out.println("kill -9 at " + level + ": " + totals + "; "
                    + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - beginNs) + " s, seed " + seed);
        } catch (Violation e) {
            throw new AssertionError("at " + level + ", seed " + seed + ": " + e.getMessage(), e);
        }
    }
}
