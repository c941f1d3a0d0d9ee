package dev.dunlin.broker.routing;

import dev.dunlin.broker.testkit.Schedules;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The {@link RetainedIndex}, thread by thread, as {@link SubscriptionTreeInterleavingTest} does it: whatever the order in which
 * changes arrive, the highest ticket wins, and every value comes back to exactly one who replaced, removed or expired it.
 */
@Tag("lincheck")
final class RetainedIndexInterleavingTest {

    @Test
    void changesHaveAnOrder() {
        new ModelCheckingOptions()
                .iterations(15)
                .invocationsPerIteration(Schedules.atLeast(60))
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(1)
                .actorsAfter(2)
                .sequentialSpecification(Naive.class)
                .check(Index.class);
    }

    /** Values are their tickets, of one topic; 0 for none. Each ticket is given out once. */
    @Param(name = "ticket", gen = IntGen.class, conf = "1:4")
    public static class Index {
        private static final Integer[] VALUES = {0, 1, 2, 3, 4};
        private final RetainedIndex<Integer> index = new RetainedIndex<>(value -> 1);

        @Operation(runOnce = true)
        public int putFirst() {
            return put(1);
        }

        @Operation(runOnce = true)
        public int putSecond() {
            return put(2);
        }

        @Operation(runOnce = true)
        public int removeThird() {
            return number(index.remove("a/b", 3));
        }

        @Operation(runOnce = true)
        public int putFourth() {
            return put(4);
        }

        @Operation
        public boolean expire(@Param(name = "ticket") int ticket) {
            return index.expire("a/b", VALUES[ticket]);
        }

        @Operation
        public int get() {
            return number(index.get("a/b"));
        }

        @Operation
        public int ticketOf() {
            return (int) index.ticketOf("a/b");
        }

        private int put(int ticket) {
            return number(index.put("a/b", VALUES[ticket], ticket));
        }

        private static int number(@org.jspecify.annotations.Nullable Integer value) {
            return value == null ? 0 : value;
        }
    }

    /** The same, one after the other. */
    public static final class Naive {
        private int ticket = (int) RetainedIndex.NO_TICKET;
        private int value;

        public int putFirst() {
            return put(1);
        }

        public int putSecond() {
            return put(2);
        }

        public int removeThird() {
            return ticket > 3 ? 0 : set(3, 0);
        }

        public int putFourth() {
            return put(4);
        }

        public boolean expire(int expired) {
            return value == expired && set(ticket, 0) != 0;
        }

        public int get() {
            return value;
        }

        public int ticketOf() {
            return ticket;
        }

        private int put(int put) {
            return ticket > put ? put : set(put, put);
        }

        private int set(int newTicket, int newValue) {
            int before = value;
            ticket = newTicket;
            value = newValue;
            return before;
        }
    }
}
