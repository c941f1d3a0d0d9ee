package dev.dunlin.broker.store;

import static dev.dunlin.broker.testkit.Together.check;

import dev.dunlin.broker.testkit.Schedules;
import dev.dunlin.broker.testkit.Together;
import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Claiming, filling and taking, thread by thread: lincheck runs two producers and the consumer in schedule after schedule and
 * switches between them at every access to shared memory. {@code -Ddunlin.lincheck.thorough=true} tries more schedules.
 *
 * <p>All in the first array of the queue: a loop that fills it lincheck takes for one that never ends. Where the next array is
 * made, {@link ChangeQueueTest} passes 58 times, on real threads.
 */
@Tag("lincheck")
final class ChangeQueueInterleavingTest {
    private static final long FIRST = 1_000;
    private static final int CHANGES = 3;

    @Test
    void everyChangeComesOnceInTheOrderOfTheTickets() {
        Lincheck.runConcurrentTest(Schedules.atLeast(300), () -> {
            ChangeQueue queue = new ChangeQueue(FIRST);
            Together producers = new Together();
            producers.start(() -> submit(queue));
            producers.start(() -> {
                submit(queue);
                submit(queue);
            });

            for (int taken = 0; taken < CHANGES; ) {
                Change change = queue.take();
                if (change != null) {
                    check(queue.lastTaken() == FIRST + taken, queue.lastTaken());
                    check(change.count() == queue.lastTaken(), change.count());
                    taken++;
                }
            }
            producers.end();
            check(queue.take() == null && queue.isEmpty(), "one too many");
            check(queue.lastClaimed() == FIRST + CHANGES - 1, queue.lastClaimed());
        });
    }

    /** Submits a change that knows its ticket. */
    private static void submit(ChangeQueue queue) {
        long ticket = queue.claim();
        queue.fill(ticket, new Change(new byte[0], 0, (int) ticket, 0, new long[0], null));
    }
}
