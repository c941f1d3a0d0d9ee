package dev.dunlin.broker.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The ticket is the position in the one queue: changes come out in the order of their tickets, and none is passed. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ChangeQueueTest {
    private final ChangeQueue queue = new ChangeQueue(1_000);

    private static Change change() {
        return new Change(new byte[8], 8, 1, 0, new long[0], null);
    }

    @Test
    void neverPassesAPositionThatIsClaimedAndNotFilled() {
        long first = queue.claim();
        long second = queue.claim();
        assertThat(new long[] {first, second, queue.lastClaimed()}).containsExactly(1_000, 1_001, 1_001);
        Change late = change();
        queue.fill(second, late);
        assertThat(queue.take()).isNull();
        assertThat(queue.isEmpty()).isTrue();
        Change early = change();
        queue.fill(first, early);
        assertThat(queue.take()).isSameAs(early);
        assertThat(queue.lastTaken()).isEqualTo(first);
        assertThat(queue.take()).isSameAs(late);
        assertThat(queue.take()).isNull();
    }

    @Test
    void fillsFarBehindAndFarAheadOfOthers() {
        long held = queue.claim();
        List<Change> all = new ArrayList<>(List.of(change()));
        for (int i = 0; i < 5_000; i++) {
            all.add(change());
            queue.fill(queue.claim(), all.get(i + 1));
        }
        assertThat(queue.take()).isNull();
        queue.fill(held, all.get(0));
        for (Change each : all) {
            assertThat(queue.take()).isSameAs(each);
        }
    }

    @Test
    void handsOverWhatSeveralThreadsFillInTheOrderOfTheirTickets() throws InterruptedException {
        int each = 20_000;
        List<Thread> producers = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
            producers.add(new Thread(() -> {
                for (int i = 0; i < each; i++) {
                    Change change = change();
                    long ticket = queue.claim();
                    Bytes.putLong(change.ops(), 0, ticket);
                    queue.fill(ticket, change);
                }
            }));
        }
        producers.forEach(Thread::start);
        for (long ticket = 1_000; ticket < 1_000 + 3 * each; ticket++) {
            Change taken = queue.take();
            while (taken == null) {
                Thread.onSpinWait();
                taken = queue.take();
            }
            assertThat(Bytes.getLong(Objects.requireNonNull(taken).ops(), 0)).isEqualTo(ticket);
        }
        for (Thread producer : producers) {
            producer.join();
        }
    }
}
