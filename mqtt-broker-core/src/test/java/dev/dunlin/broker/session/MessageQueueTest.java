package dev.dunlin.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.codec.QoS;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Messages that are paged out keep their place, in whatever order of their entries they were handed over. */
final class MessageQueueTest {
    private final MessageQueue queue = new MessageQueue();
    private final KeptMessage message = KeptMessage.of(Message.of("t", "p"), 0);
    private final Target target = new Target(null, QoS.AT_LEAST_ONCE, false, false, Target.NO_IDS);

    private void pagedOut(long... sequences) {
        for (long each : sequences) {
            queue.addPagedOut(message.footprintBytes(), EntryId.of(each, false));
        }
    }

    private boolean pageIn(long sequence) {
        message.retain();
        boolean taken = queue.pageIn(sequence, message, target);
        if (!taken) {
            message.release();
        }
        return taken;
    }

    private List<Long> removeAll() {
        List<Long> sequences = new ArrayList<>();
        while (!queue.isEmpty()) {
            sequences.add(EntryId.sequence(queue.headEntry()));
            KeptMessage removed = queue.removeHead();
            if (removed != null) {
                removed.release();
            }
        }
        assertThat(queue.bytes()).isZero();
        assertThat(queue.residentBytes()).isZero();
        return sequences;
    }

    @Test
    void pagesInWhatWasHandedOverOutOfTheOrderOfItsEntries() {
        pagedOut(7, 5, 9, 6);
        assertThat(queue.headMessage()).isNull();
        assertThat(queue.pagedOutHead(3)).containsExactly(7, 5, 9);
        for (long each : new long[] {7, 5, 9}) {
            assertThat(pageIn(each)).isTrue();
        }
        assertThat(queue.pagedOutHead(3)).isEmpty();
        assertThat(pageIn(5)).as("twice").isFalse();
        assertThat(pageIn(8)).as("not there").isFalse();
        assertThat(queue.residentBytes()).isEqualTo(3L * message.footprintBytes());
        assertThat(removeAll()).containsExactly(7L, 5L, 9L, 6L);
    }

    @Test
    void takesADamagedOneOutOfTheMiddle() {
        pagedOut(1, 2, 3);
        message.retain();
        queue.add(message, target, EntryId.of(4, false));
        pagedOut(5, 6);
        assertThat(EntryId.sequence(queue.removePagedOut(2))).isEqualTo(2);
        assertThat(queue.removePagedOut(2)).isEqualTo(EntryId.NONE);
        assertThat(queue.removePagedOut(4)).as("it is in memory").isEqualTo(EntryId.NONE);
        assertThat(EntryId.sequence(queue.removePagedOut(6))).isEqualTo(6);
        pagedOut(7);
        assertThat(removeAll()).containsExactly(1L, 3L, 4L, 5L, 7L);
    }

    @Test
    void keepsItsOrderOverTheEndOfItsRing() {
        List<Long> expected = new ArrayList<>();
        for (long i = 1; i <= 100; i++) {
            pagedOut(2 * i);
            expected.add(2 * i);
            if (i % 3 == 0) {
                assertThat(EntryId.sequence(queue.headEntry())).isEqualTo(expected.remove(0));
                queue.removeHead();
            }
        }
        assertThat(removeAll()).isEqualTo(expected);
    }
}
