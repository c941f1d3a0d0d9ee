package dev.dunlin.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.store.EntryId;
import org.junit.jupiter.api.Test;

class MessageQueueTest {
    /** Else a purge up to a number, or the next page behind one, would go by what came later. */
    @Test
    void numbersStayWhenOneIsTakenOutOfTheMiddle() {
        MessageQueue queue = new MessageQueue();
        for (int sequence = 1; sequence <= 5; sequence++) {
            queue.addPagedOut(100, EntryId.of(sequence, false));
        }
        long numberOfLast = queue.removed() + 4;
        assertThat(EntryId.sequence(queue.removePagedOut(3))).isEqualTo(3);
        assertThat(queue.size()).isEqualTo(4);
        assertThat(EntryId.sequence(queue.entry((int) (numberOfLast - queue.removed()))))
                .isEqualTo(5);
        queue.removeHead();
        assertThat(EntryId.sequence(queue.entry((int) (numberOfLast - queue.removed()))))
                .isEqualTo(5);
        assertThat(queue.removePagedOut(3)).isEqualTo(EntryId.NONE);
    }
}
