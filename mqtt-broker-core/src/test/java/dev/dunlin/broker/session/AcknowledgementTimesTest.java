package dev.dunlin.broker.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.dunlin.codec.PacketType;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What is measured of acknowledgements, on a clock that is moved by hand. */
final class AcknowledgementTimesTest {
    private static final long MICROS = 1_000;
    private static final long MILLIS = 1_000_000;
    private static final long SECONDS = 1_000_000_000;

    private final AcknowledgementTimes times = new AcknowledgementTimes(this::nanos);
    private final Object one = new Object();
    private final Object other = new Object();
    private long nowNanos = 1_000 * SECONDS;

    private long nanos() {
        return nowNanos;
    }

    private long ms() {
        return TimeUnit.NANOSECONDS.toMillis(nowNanos);
    }

    /** A publish that is acknowledged after so long, and the rest of that millisecond. */
    private void measure(long nanos) {
        times.came(one, 1, ms());
        nowNanos += nanos;
        times.leaves(one, PacketType.PUBACK, 1, ms());
        nowNanos += MILLIS;
    }

    private long measured() {
        return times.addTo(new long[AcknowledgementTimes.BUCKETS], ms());
    }

    private long quantile(double part) {
        long[] sum = new long[AcknowledgementTimes.BUCKETS];
        times.addTo(sum, ms());
        return AcknowledgementTimes.nanos(AcknowledgementTimes.quantile(sum, part));
    }

    @Test
    void bucketsAreRightToSevenPercent() {
        for (long nanos = 20 * MICROS; nanos < 60 * SECONDS; nanos += 1 + nanos / 50) {
            long read = AcknowledgementTimes.nanos(AcknowledgementTimes.bucket(nanos));
            assertThat((double) read).as("%d", nanos).isCloseTo((double) nanos, within(0.07 * nanos));
        }
        assertThat(AcknowledgementTimes.nanos(AcknowledgementTimes.bucket(0))).isLessThan(MICROS);
        assertThat(AcknowledgementTimes.bucket(-1)).isZero();
        assertThat(AcknowledgementTimes.bucket(Long.MAX_VALUE)).isEqualTo(AcknowledgementTimes.BUCKETS - 1);
    }

    @Test
    void readsTheMedianAndTheSlowest() {
        for (int i = 0; i < 90; i++) {
            measure(100 * MICROS);
        }
        for (int i = 0; i < 10; i++) {
            measure(900 * MICROS);
        }
        assertThat(measured()).isEqualTo(100);
        assertThat((double) quantile(0.5)).isCloseTo(100 * MICROS, within(7.0 * MICROS));
        assertThat((double) quantile(0.99)).isCloseTo(900 * MICROS, within(63.0 * MICROS));
    }

    /** One in a thousand measurements, but nearly all of the time. */
    @Test
    void aLongWaitCountsForAllThatCameMeanwhile() {
        for (int i = 0; i < 1_000; i++) {
            measure(100 * MICROS);
        }
        measure(2 * SECONDS);
        assertThat((double) quantile(0.5)).isCloseTo(2e9, within(0.14e9));
        assertThat((double) quantile(0.3)).isCloseTo(100 * MICROS, within(7.0 * MICROS));
    }

    @Test
    void forgetsWhatIsTenSecondsOld() {
        measure(MILLIS);
        nowNanos += 8 * SECONDS;
        assertThat(measured()).isEqualTo(1);
        nowNanos += 2 * SECONDS;
        assertThat(measured()).isZero();
        nowNanos += SECONDS; // its place is another second's now
        measure(MILLIS);
        assertThat(measured()).isEqualTo(1);
    }

    @Test
    void measuresOneAtATimeAndOneInAMillisecond() {
        times.came(one, 1, ms());
        times.came(other, 2, ms());
        times.leaves(other, PacketType.PUBACK, 2, ms());
        times.leaves(one, PacketType.PUBACK, 3, ms());
        times.leaves(one, PacketType.PUBCOMP, 1, ms()); // of an earlier exchange with this id
        assertThat(measured()).isZero();
        times.leaves(one, PacketType.PUBREC, 1, ms());
        assertThat(measured()).isEqualTo(1);
        times.came(other, 4, ms());
        times.leaves(other, PacketType.PUBACK, 4, ms());
        assertThat(measured()).isEqualTo(1);
    }

    /** When nothing is answered, there is nothing else to see. */
    @Test
    void countsTheOneThatStillWaits() {
        times.came(one, 1, ms());
        nowNanos += SECONDS;
        assertThat(measured()).as("not for long").isZero();
        nowNanos += 29 * SECONDS;
        assertThat(measured()).isEqualTo(1);
        assertThat((double) quantile(0.99)).isCloseTo(30e9, within(2.1e9));
        times.leaves(one, PacketType.PUBACK, 1, ms());
        assertThat(measured()).as("once").isEqualTo(1);
        nowNanos += 20 * SECONDS;
        assertThat(measured()).isZero();
        times.came(other, 2, ms());
        nowNanos += 5 * SECONDS;
        times.forget(other);
        assertThat(measured()).as("whose connection is gone").isZero();
    }

    @Test
    void goesOnAfterOneThatIsNeverAnswered() {
        times.came(one, 1, ms());
        times.forget(other);
        times.came(other, 2, ms());
        times.forget(one);
        times.came(other, 2, ms());
        times.leaves(other, PacketType.PUBACK, 2, ms());
        assertThat(measured()).as("after one whose connection is gone").isEqualTo(1);
        nowNanos += MILLIS;
        times.came(one, 1, ms());
        nowNanos += 60 * SECONDS;
        measure(MILLIS);
        assertThat(measured()).as("after one that nobody answers").isEqualTo(1);
    }
}
