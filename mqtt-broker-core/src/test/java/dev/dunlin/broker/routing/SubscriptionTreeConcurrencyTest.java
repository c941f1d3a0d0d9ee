package dev.dunlin.broker.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.QoS;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Readers without a lock beside writers: 2 of each, on the same few filters. */
@Timeout(60)
class SubscriptionTreeConcurrencyTest {
    private static final int WRITERS = 2;
    private static final int READERS = 2;
    private static final int CHANGES_PER_WRITER = 10_000;

    private static final int TOGGLES = 300_000;

    private final SubscriptionTree tree = new SubscriptionTree(new KeyedHash(3, 4));
    private final AtomicInteger writing = new AtomicInteger(WRITERS);

    @Test
    void matchMeetsEverySubscriptionThatNobodyTouches() {
        Seeded.run(random -> {
            RandomTopics topics = new RandomTopics(random);
            List<Subscription> untouched = new ArrayList<>();
            for (String filter : topics.filters(200)) {
                Subscription subscription = subscription(new FakeDestination("untouched"), filter);
                untouched.add(subscription);
                tree.add(subscription);
            }
            runBesideChurn(random, (matcher, own) -> {
                String topic = own.topic();
                Set<Subscription> met = met(matcher, topic);
                for (Subscription subscription : untouched) {
                    assertThat(met.contains(subscription))
                            .as("%s on %s", subscription, topic)
                            .isEqualTo(Topics.matches(subscription.filter(), topic));
                }
            });
            assertThat(tree.size()).isEqualTo(untouched.size());
        });
    }

    /** Two filters part. In one chain of the table they can be met together, before the node where they do is there. */
    @Test
    void meetsAFilterFromWhichAnotherParts() throws Exception {
        Subscription untouched = subscription(new FakeDestination("untouched"), "a/+/x");
        Subscription parting = subscription(new FakeDestination("parting"), "a/b/+");
        AtomicReference<SubscriptionTree> current = new AtomicReference<>(onePlus(untouched));
        AtomicBoolean done = new AtomicBoolean();
        ExecutorService writer = Executors.newSingleThreadExecutor();
        Future<?> written = writer.submit(() -> {
            while (!done.get()) {
                current.set(onePlus(untouched));
                for (int i = 0; i < 20; i++) {
                    Thread.onSpinWait(); // the reader takes it up
                }
                current.get().add(parting);
            }
        });
        Matcher matcher = new Matcher();
        boolean[] met = {true};
        for (int i = 0; i < 10 * TOGGLES && met[0]; i++) {
            met[0] = false;
            current.get().match("a/b/x", matcher, found -> met[0] |= found == untouched);
        }
        done.set(true);
        written.get();
        writer.shutdown();
        assertThat(met[0]).isTrue();
    }

    private static SubscriptionTree onePlus(Subscription subscription) {
        SubscriptionTree tree = new SubscriptionTree(new CollidingHash(0));
        tree.add(subscription);
        return tree;
    }

    /** What is kept under the generation of now must know every change that has returned. */
    @Test
    void resultHoldsAsLongAsTheGenerationTakenBeforeStays() throws Exception {
        Subscription toggled = subscription(new FakeDestination("toggled"), "a");
        AtomicReference<Kept> cache = new AtomicReference<>(new Kept(-1, false));
        AtomicBoolean done = new AtomicBoolean();
        ExecutorService reader = Executors.newSingleThreadExecutor();
        Future<?> reading = reader.submit(() -> {
            Matcher matcher = new Matcher();
            while (!done.get()) {
                long generation = tree.generation();
                cache.set(new Kept(generation, isMet(toggled, matcher)));
            }
        });
        int hits = 0;
        Matcher matcher = new Matcher();
        for (int i = 0; i < TOGGLES; i++) {
            boolean added = i % 2 == 0;
            if (added) {
                tree.add(toggled);
            } else {
                tree.remove(toggled.destination(), "a");
            }
            assertThat(isMet(toggled, matcher)).isEqualTo(added); // also gives the reader time
            Kept kept = cache.get();
            if (kept.generation == tree.generation()) {
                hits++;
                assertThat(kept.met).as("change %d", i).isEqualTo(added);
            }
        }
        done.set(true);
        reading.get();
        reader.shutdownNow();
        assertThat(hits).isPositive();
    }

    /** A match is one moment: who subscribes to another filter and then gives up the first is met all the time. */
    @Test
    void meetsWhoReplacesOneFilterByAnotherAgainAndAgain() throws Exception {
        Destination replacing = new FakeDestination("replacing");
        tree.add(subscription(replacing, "a"));
        AtomicBoolean done = new AtomicBoolean();
        ExecutorService writer = Executors.newSingleThreadExecutor();
        Future<?> written = writer.submit(() -> {
            while (!done.get()) {
                tree.add(subscription(replacing, "+"));
                tree.remove(replacing, "a");
                tree.add(subscription(replacing, "a"));
                tree.remove(replacing, "+");
            }
        });
        Matcher matcher = new Matcher();
        for (int i = 0; i < TOGGLES; i++) {
            assertThat(met(matcher, "a")).as("match %d", i).isNotEmpty();
        }
        done.set(true);
        written.get();
        writer.shutdownNow();
    }

    private record Kept(long generation, boolean met) {}

    private boolean isMet(Subscription subscription, Matcher matcher) {
        boolean[] met = {false};
        tree.match("a", matcher, found -> met[0] |= found == subscription);
        return met[0];
    }

    /** Runs the reader again and again, in several threads, while others add and remove. */
    private void runBesideChurn(Random random, Reader reader) {
        ExecutorService threads = Executors.newFixedThreadPool(WRITERS + READERS);
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                Random own = new Random(random.nextLong());
                running.add(threads.submit(() -> churn(own)));
            }
            for (int i = 0; i < READERS; i++) {
                RandomTopics own = new RandomTopics(new Random(random.nextLong()));
                running.add(threads.submit(() -> readWhileWriting(reader, own)));
            }
            for (Future<?> thread : running) {
                thread.get();
            }
        } catch (Exception e) {
            throw new AssertionError(e);
        } finally {
            threads.shutdownNow();
        }
    }

    private interface Reader {
        void read(Matcher matcher, RandomTopics topics);
    }

    private void readWhileWriting(Reader reader, RandomTopics topics) {
        Matcher matcher = new Matcher();
        do {
            reader.read(matcher, topics);
        } while (writing.get() > 0);
    }

    /** Adds and removes subscriptions of its own, and sees each change in a match that begins after it. */
    private void churn(Random random) {
        try {
            RandomTopics topics = new RandomTopics(random);
            Matcher matcher = new Matcher();
            for (int i = 0; i < CHANGES_PER_WRITER; i++) {
                String topic = topics.topic();
                String filter = random.nextBoolean() ? topic : topic.substring(0, topic.lastIndexOf('/') + 1) + "+";
                Subscription added = subscription(new FakeDestination("churn"), filter);
                boolean matching = Topics.matches(filter, topic);
                tree.add(added);
                assertThat(met(matcher, topic).contains(added)).isEqualTo(matching);
                tree.remove(added.destination(), filter);
                assertThat(met(matcher, topic).contains(added)).isFalse();
            }
        } finally {
            writing.decrementAndGet();
        }
    }

    private Set<Subscription> met(Matcher matcher, String topic) {
        Set<Subscription> met = Collections.newSetFromMap(new IdentityHashMap<>());
        tree.match(
                topic,
                matcher,
                subscription -> assertThat(met.add(subscription)).isTrue());
        return met;
    }

    private static Subscription subscription(Destination destination, String filter) {
        return new Subscription(destination, filter, QoS.AT_MOST_ONCE, false, false, 0);
    }
}
