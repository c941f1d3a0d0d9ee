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
 * doesn't. {@code Simulations.main} runs other seeds, as many as it is told to; see docs/testing.md.
 */
@Tag("simulation")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SimulationTest {
    private static final int SEEDS = 100;
    private static final int STEPS = 2_000;
    private static final int AT_A_TIME = 20;

    static LongStream firstSeeds() {
        return LongStream.iterate(1, seed -> seed <= SEEDS, seed -> seed + AT_A_TIME);
    }

    @ParameterizedTest
    @MethodSource("firstSeeds")
    void keepsWhatMqttPromises(long firstSeed) {
        assertThat(Simulations.firstFailure(firstSeed, AT_A_TIME, STEPS)).isNull();
    }

    @Test
    void seedRunsTheSameWayEachTime() throws Exception {
        for (long seed = 1; seed <= 4; seed++) { // one in memory, three with a store
            assertThat(Simulations.digest(seed, STEPS)).as("seed %d", seed).isEqualTo(Simulations.digest(seed, STEPS));
        }
    }
}
