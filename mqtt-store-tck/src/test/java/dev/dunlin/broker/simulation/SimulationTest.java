package dev.dunlin.broker.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whole brokers, simulated: in memory and on a store that fails, with clients that follow the specification and one that
 * doesn't. Other seeds, or one again, and how to read what fails: docs/testing.md.
 */
@Tag("simulation")
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SimulationTest {
    private static final long FIRST = Long.getLong("dunlin.simulation.seed", 1);
    private static final int SEEDS = Integer.getInteger("dunlin.simulation.seeds", 100);
    private static final int STEPS = Integer.getInteger("dunlin.simulation.steps", 8_000);
    private static final int AT_A_TIME = 20;

    static LongStream firstSeeds() {
        return LongStream.iterate(FIRST, seed -> seed < FIRST + SEEDS, seed -> seed + AT_A_TIME);
    }

    @ParameterizedTest
    @MethodSource("firstSeeds")
    void keepsWhatMqttPromises(long firstSeed) {
        int seeds = (int) Math.min(AT_A_TIME, FIRST + SEEDS - firstSeed);
        assertThat(Simulations.firstFailure(firstSeed, seeds, STEPS)).isNull();
    }

    @Test
    void seedRunsTheSameWayEachTime() throws Exception {
        for (long seed = 1; seed <= 4; seed++) { // one in memory, three with a store
            assertThat(Simulations.digest(seed, STEPS)).as("seed %d", seed).isEqualTo(Simulations.digest(seed, STEPS));
        }
    }
}
