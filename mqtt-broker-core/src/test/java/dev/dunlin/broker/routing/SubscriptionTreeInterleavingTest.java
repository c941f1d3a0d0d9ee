package dev.dunlin.broker.routing;

import static dev.dunlin.broker.testkit.Together.check;

import dev.dunlin.broker.testkit.Schedules;
import dev.dunlin.broker.testkit.Together;
import dev.dunlin.codec.QoS;
import org.jetbrains.lincheck.Lincheck;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The {@link SubscriptionTree}, thread by thread: lincheck makes up scenarios of two threads that add, remove and match, runs
 * each in schedule after schedule, and asks whether there is an order of the operations that explains all results, by a
 * naive model. Its memory is sequentially consistent; {@link SubscriptionTreeConcurrencyTest} runs on that of the machine.
 * {@code -Ddunlin.lincheck.thorough=true} tries more schedules.
 */
@Tag("lincheck")
final class SubscriptionTreeInterleavingTest {

    @Test
    void changesAndMatchesHaveAnOrder() {
        new ModelCheckingOptions()
                .iterations(20)
                .invocationsPerIteration(Schedules.atLeast(60))
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(1)
                .sequentialSpecification(Naive.class)
                .check(Tree.class);
    }

    /** What is kept under the generation of now must know every change that has returned. */
    @Test
    void whatIsKeptUnderTheGenerationOfNowKnowsANewSubscription() {
        Lincheck.runConcurrentTest(Schedules.atLeast(60), () -> {
            SubscriptionTree tree = new SubscriptionTree(new KeyedHash(3, 4));
            Cache cache = new Cache();
            Together others = new Together();
            others.start(() -> cache.fill(tree));
            tree.add(Tree.subscription(new FakeDestination("d"), 0));
            others.end();
            check(cache.isOutdated(tree) || cache.kept() == 1, "known are " + cache.kept());
        });
    }

    @Test
    void whatIsKeptUnderTheGenerationOfNowKnowsARemoval() {
        Lincheck.runConcurrentTest(Schedules.atLeast(60), () -> {
            SubscriptionTree tree = new SubscriptionTree(new KeyedHash(3, 4));
            FakeDestination destination = new FakeDestination("d");
            tree.add(Tree.subscription(destination, 0));
            Cache cache = new Cache();
            Together others = new Together();
            others.start(() -> cache.fill(tree));
            tree.remove(destination, Tree.FILTERS[0]);
            others.end();
            check(cache.isOutdated(tree) || cache.kept() == 0, "known are " + cache.kept());
        });
    }

    /** Keeps one result, as every connection does. */
    private static final class Cache {
        private @Nullable Targets kept;

        void fill(SubscriptionTree tree) {
            kept = tree.targets(Tree.TOPICS[0], new TargetCollector(), 1);
        }

        boolean isOutdated(SubscriptionTree tree) {
            return kept == null || kept.generation() != tree.generation();
        }

        int kept() {
            return kept == null ? 0 : kept.count();
        }
    }

    /** What is asked of the tree: subscriptions and topics by number; what a topic matches as a set of bits. */
    @Param(name = "subscription", gen = IntGen.class, conf = "0:5")
    @Param(name = "topic", gen = IntGen.class, conf = "0:2")
    public static class Tree {
        static final String[] TOPICS = {"a", "a/b", "a/b/b"};
        static final String[] FILTERS = {"a", "a", "a/+", "#", "a/b/+", "a/+/b"};

        private final SubscriptionTree tree = new SubscriptionTree(new KeyedHash(3, 4));
        private final FakeDestination[] destinations = destinations();

        static FakeDestination[] destinations() {
            FakeDestination[] made = new FakeDestination[FILTERS.length];
            for (int i = 0; i < made.length; i++) {
                made[i] = new FakeDestination("d" + i);
            }
            return made;
        }

        /** Made within an operation: what is an object's identity hash elsewhere, lincheck replaces there. */
        static Subscription subscription(FakeDestination destination, int number) {
            return new Subscription(destination, FILTERS[number], QoS.AT_MOST_ONCE, false, false, number + 1);
        }

        @Operation
        public boolean add(@Param(name = "subscription") int number) {
            return tree.add(subscription(destinations[number], number)) == null;
        }

        @Operation
        public boolean remove(@Param(name = "subscription") int number) {
            return tree.remove(destinations[number], FILTERS[number]) != null;
        }

        @Operation
        public int match(@Param(name = "topic") int number) {
            int[] met = {0};
            tree.match(TOPICS[number], new Matcher(), found -> met[0] += 1 << (found.subscriptionId() - 1));
            return met[0];
        }

        @Operation
        public int size() {
            return tree.size();
        }
    }

    /** The same, one after the other. */
    public static final class Naive {
        private int present;

        public boolean add(int number) {
            boolean added = (present & (1 << number)) == 0;
            present |= 1 << number;
            return added;
        }

        public boolean remove(int number) {
            boolean removed = (present & (1 << number)) != 0;
            present &= ~(1 << number);
            return removed;
        }

        public int match(int number) {
            int met = 0;
            for (int i = 0; i < Tree.FILTERS.length; i++) {
                if ((present & (1 << i)) != 0 && Topics.matches(Tree.FILTERS[i], Tree.TOPICS[number])) {
                    met += 1 << i;
                }
            }
            return met;
        }

        public int size() {
            return Integer.bitCount(present);
        }
    }
}
