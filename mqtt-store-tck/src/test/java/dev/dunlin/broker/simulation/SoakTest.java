package dev.dunlin.broker.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.crash.EachEngine;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the simulation promises of the broker holds over real sockets and with a real engine: {@link Soak}. With 0
 * minutes it takes some seconds; half an hour with
 *
 * <pre>mvn -pl mqtt-store-rocksdb -am verify -Dtest=SoakTest -Dsurefire.failIfNoSpecifiedTests=false -Ddunlin.soak.minutes=30</pre>
 */
@EachEngine
@EnabledIfSystemProperty(
        named = "dunlin.soak.minutes",
        matches = "\\d+",
        disabledReason = "takes as long as it is told to")
@Timeout(value = 3, unit = TimeUnit.HOURS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SoakTest {
    private static final int MINUTES = Integer.getInteger("dunlin.soak.minutes", 0);
    private static final long SMOKE_SEED = 6;
    private static final int DEEDS = 8;
    private static final int RARITY = 3_000;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path temp;

    @Test
    void agreesWithTheModelOverSockets() {
        boolean smoke = MINUTES == 0;
        long seed = Long.getLong("dunlin.soak.seed", smoke ? SMOKE_SEED : new Random().nextInt());
        System.out.println("soak: seed " + seed);
        Soak soak = new Soak(temp.resolve("store"), seed);
        Figures figures = smoke
                ? soak.run(0, 8_000, new Chapter.Pace(1_500, 3_000, DEEDS, RARITY, 0))
                : soak.run(
                        TimeUnit.MINUTES.toMillis(MINUTES), 60_000, new Chapter.Pace(10_000, 15_000, DEEDS, RARITY, 0));

        System.out.println("soak: " + figures + "; no violation; seed " + seed);
        assertThat(figures.kills).isPositive();
        assertThat(figures.quietPhases).isPositive();
        assertThat(figures.takeovers).isPositive();
        assertThat(figures.acknowledged).isPositive();
        assertThat(figures.delivered).isGreaterThan(figures.deliveredAgain);
    }
}
