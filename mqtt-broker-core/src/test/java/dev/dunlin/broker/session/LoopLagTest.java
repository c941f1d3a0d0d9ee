package dev.dunlin.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LoopLagTest {
    private final LoopLag lag = new LoopLag(1_000);

    /** As a collection of garbage is. */
    @Test
    void oneLongWaitIsNoOverload() {
        lag.measured(5_000, 5_000);
        assertThat(lag.isOverloaded(5_000)).isFalse();
        lag.measured(10, 5_010);
        lag.measured(5_000, 10_010);
        assertThat(lag.isOverloaded(10_010)).isFalse();
    }

    @Test
    void twoInARowAreUntilAShortOne() {
        lag.measured(1_001, 2_000);
        lag.measured(1_001, 3_001);
        assertThat(lag.isOverloaded(3_001)).isTrue();
        lag.measured(1_000, 4_001);
        assertThat(lag.isOverloaded(4_001)).isFalse();
    }

    /** A loop that has nothing to do measures nothing. */
    @Test
    void isOverWhenNothingIsMeasuredAnyMore() {
        lag.measured(3_000, 3_000);
        lag.measured(3_000, 6_000);
        assertThat(lag.isOverloaded(10_000)).isTrue();
        assertThat(lag.isOverloaded(10_001)).isFalse();
    }

    @Test
    void remembersTheLongestWaitForAMinute() {
        lag.measured(300, 1_000);
        lag.measured(20, 2_000);
        assertThat(lag.longestMs(61_000)).isEqualTo(300);
        assertThat(lag.longestMs(61_001)).isZero();
        lag.measured(20, 61_001);
        assertThat(lag.longestMs(61_001)).isEqualTo(20);
    }
}
