package dev.dunlin.broker.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.simulation.MemoryUse.When;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Connects, takeovers, subscriptions, wills, shared groups, retained and large messages, all QoS, clients that read slowly or
 * not at all, on one broker without a store: every message is accounted for, and memory is flat: {@link MixedLoad}. In a build
 * some seconds; half an hour with
 *
 * <pre>mvn -pl mqtt-store-tck -am verify -Dtest=MixedLoadTest -Dsurefire.failIfNoSpecifiedTests=false -Ddunlin.mixed.minutes=30</pre>
 */
@Timeout(value = 3, unit = TimeUnit.HOURS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MixedLoadTest {
    private static final int MINUTES = Integer.getInteger("dunlin.mixed.minutes", 0);
    private static final long SMOKE_SEED = 1;
    private static final int DEEDS = 24;

    /** From here on there are enough samples to compare thirds of them, and the JVM has compiled what it will. */
    private static final int COMPARED_MINUTES_MIN = 10;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path temp;

    @Test
    void accountsForEveryMessageInFlatMemory() {
        boolean smoke = MINUTES == 0;
        long seed = Long.getLong("dunlin.mixed.seed", smoke ? SMOKE_SEED : new Random().nextInt());
        System.out.println("mixed: seed " + seed);
        MixedLoad load = new MixedLoad(temp, seed);
        Figures figures = smoke
                ? load.run(0, 3_000, new Chapter.Pace(0, 3_000, DEEDS, 150, 1_000))
                : load.run(TimeUnit.MINUTES.toMillis(MINUTES), 45_000, new Chapter.Pace(0, 15_000, DEEDS, 3_000, 0));

        System.out.println("mixed: " + figures + "; no violation; seed " + seed);
        assertThat(figures.quietPhases).isPositive();
        assertThat(figures.largeMessages).isPositive();
        assertThat(figures.acknowledged).isPositive();
        assertThat(figures.delivered).isPositive();
        requireNothingLeft(load.samples());
        if (!smoke) {
            assertThat(figures.takeovers).isPositive();
            assertThat(figures.wills).isPositive();
            assertThat(figures.slowConsumers).isPositive();
        }
        if (MINUTES >= COMPARED_MINUTES_MIN) {
            requireFlat("heap", load.thirds(When.AT_REST, MemoryUse::heap), 2 << 10);
            requireFlat("direct", load.thirds(When.AT_REST, MemoryUse::direct), 8 << 10);
            requireFlat("heap, busy", load.thirds(When.BUSY, MemoryUse::heap), 4 << 10);
            requireFlat("direct, busy", load.thirds(When.BUSY, MemoryUse::direct), 16 << 10);
            requireFlat("resident", load.thirds(When.BUSY, MemoryUse::resident), 16 << 10);
        }
    }

    /** After each chapter nobody is connected, and nothing is kept. */
    private static void requireNothingLeft(List<MemoryUse> samples) {
        MemoryUse first = samples.get(0);
        assertThat(samples).filteredOn(each -> each.when() == When.AT_REST).allSatisfy(each -> {
            assertThat(each.pinned())
                    .as("buffers that nobody has given back, KiB")
                    .isLessThanOrEqualTo(first.pinned());
            assertThat(each.heap()).as("heap, KiB").isLessThan(first.heap() + (16 << 10));
        });
    }

    private static void requireFlat(String what, List<Long> thirds, long slack) {
        System.out.println("mixed: " + what + ", KiB, by thirds: " + thirds);
        assertThat(thirds.get(2)).as(what + ", KiB").isLessThan(thirds.get(0) * 11 / 10 + slack);
    }
}
