package dev.dunlin.broker.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.dunlin.codec.QoS;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SubscriptionTreeTest {
    private static final KeyedHash HASHER = new KeyedHash(1, 2);
    private static final int LEVELS_MANY = 32_000;
    private static final int SUBSCRIBERS_MANY = 100_000;

    private final SubscriptionTree tree = new SubscriptionTree(HASHER);
    private final Matcher matcher = new Matcher();
    private final Destination alice = new FakeDestination("alice");
    private final Destination bob = new FakeDestination("bob");

    /** Also [3.1.1:MQTT-4.7.2-1] [5.0:MQTT-4.7.2-1], [3.1.1:MQTT-4.7.3-4] [5.0:MQTT-4.7.3-4]: the model knows them. */
    @RepeatedTest(20)
    void matchesLikeTheModel() {
        Seeded.run(random -> {
            Model model = new Model(random);
            for (int i = 0; i < 1_000; i++) {
                model.change(random.nextInt(100) < (i < 500 ? 70 : 40));
                model.match();
            }
        });
    }

    /** The tree and its naive double, changed together. */
    private static final class Model {
        private final SubscriptionTree tree;
        private final Matcher matcher = new Matcher();
        private final Map<List<Object>, Subscription> subscriptions = new LinkedHashMap<>();
        private final List<Destination> destinations = new ArrayList<>();
        private final Random random;
        private final RandomTopics topics;

        Model(Random random) {
            this.random = random;
            int bits = random.nextInt(4); // so few that names, filters and ways collide; 3: as they are
            tree = new SubscriptionTree(bits == 3 ? HASHER : new CollidingHash(bits));
            topics = new RandomTopics(random);
            for (int i = 0; i < 10; i++) {
                destinations.add(new FakeDestination("d" + i));
            }
        }

        void change(boolean add) {
            Destination destination = destinations.get(random.nextInt(destinations.size()));
            String filter = topics.filter();
            long generation = tree.generation();
            Subscription before = subscriptions.get(List.of(destination, filter));
            if (add) {
                Subscription added = subscription(destination, filter);
                assertThat(tree.add(added)).isSameAs(before);
                subscriptions.put(List.of(destination, filter), added);
            } else {
                assertThat(tree.remove(destination, filter)).isSameAs(before);
                subscriptions.remove(List.of(destination, filter));
            }
            assertThat(tree.size()).isEqualTo(subscriptions.size());
            assertThat(tree.generation() > generation).isEqualTo(add || before != null);
        }

        void match() {
            String topic = topics.topic();
            List<Subscription> expected = subscriptions.values().stream()
                    .filter(s -> Topics.matches(s.filter(), topic))
                    .toList();
            assertThat(matches(tree, matcher, topic)).as(topic).containsExactlyInAnyOrderElementsOf(expected);
        }
    }

    @RepeatedTest(5)
    void isEmptyAgainWhenTheLastSubscriptionGoes() {
        Seeded.run(random -> {
            RandomTopics topics = new RandomTopics(random);
            List<String> filters = topics.filters(500);
            SubscriptionTree tree = new SubscriptionTree(random.nextBoolean() ? HASHER : new CollidingHash(1));
            filters.forEach(filter -> tree.add(subscription(alice, filter)));
            filters.forEach(filter -> tree.add(subscription(bob, filter)));
            assertThat(tree.tableSize()).isPositive();
            Collections.shuffle(filters, random);
            filters.forEach(filter -> tree.remove(alice, filter));
            filters.forEach(filter -> tree.remove(bob, filter));

            assertThat(tree.size()).isZero();
            assertThat(tree.tableSize()).isZero();
        });
    }

    /** A filter takes one place in the index, not one per level, unless others begin with the same levels. */
    @Test
    void needsNoMoreThanOnePlaceForAFilterThatIsAlone() {
        tree.add(subscription(alice, "a/b/c/+/d"));
        tree.add(subscription(alice, "b/b/c/+/d"));
        assertThat(tree.tableSize()).isEqualTo(3); // with the root

        tree.add(subscription(alice, "b/b/c/+/e"));
        assertThat(tree.tableSize()).isEqualTo(1 + 1 + 3 + 2); // b, b/b, b/b/c, then +, which is no place, d and e

        tree.remove(alice, "b/b/c/+/e");
        tree.remove(alice, "b/b/c/+/d");
        assertThat(tree.tableSize()).isEqualTo(2);
    }

    /** Names that collide, also with the levels before them, are told apart. */
    @Test
    void findsEachOfManyFiltersWhoseHashesAreAllTheSame() {
        SubscriptionTree colliding = new SubscriptionTree(new CollidingHash(0));
        List<String> filters = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            filters.addAll(List.of(i + "/x/#", i + "/x/y/+", i + "/" + i + "/z/#", i + "/exact", i + "/+/" + i));
        }
        filters.forEach(filter -> colliding.add(subscription(alice, filter)));

        for (int i = 0; i < 300; i++) {
            int n = i;
            for (String topic : List.of(n + "/x/y/z", n + "/" + n + "/z", n + "/exact", n + "/x/" + n, n + "/x")) {
                assertThat(matches(colliding, matcher, topic))
                        .extracting(Subscription::filter)
                        .containsExactlyInAnyOrderElementsOf(filters.stream()
                                .filter(filter -> Topics.matches(filter, topic))
                                .toList());
            }
        }
        filters.forEach(filter -> assertThat(colliding.remove(alice, filter)).isNotNull());
        assertThat(colliding.tableSize()).isZero();
    }

    @Test
    void replacesTheSubscriptionOfTheSameDestinationAndFilter() {
        Subscription first = new Subscription(alice, "a/+", QoS.AT_MOST_ONCE, false, false, 0);
        Subscription second = new Subscription(alice, "a/+", QoS.EXACTLY_ONCE, true, true, 7);

        assertThat(tree.add(first)).isNull();
        assertThat(tree.add(second)).isSameAs(first);

        assertThat(matches("a/b")).containsExactly(second);
        assertThat(tree.size()).isEqualTo(1);
    }

    @Test
    void knowsDestinationsByIdentity() {
        record Same(int loopIndex, boolean isPersistent) implements Destination {}
        Destination one = new Same(0, false);
        Destination other = new Same(0, false);

        tree.add(subscription(one, "a"));
        tree.add(subscription(other, "a"));
        tree.remove(one, "a");

        assertThat(matches("a"))
                .extracting(Subscription::destination)
                .satisfiesExactly(d -> assertThat(d).isSameAs(other));
    }

    @Test
    void removesNothingThatIsNotThere() {
        tree.add(subscription(alice, "a/b/+"));
        long generation = tree.generation();

        for (String filter : List.of("a", "a/b", "a/b/c", "a/b/#", "a/b/+/#", "+/b/+", "#")) {
            assertThat(tree.remove(alice, filter)).isNull();
        }

        assertThat(tree.remove(bob, "a/b/+")).isNull();
        assertThat(tree.generation()).isEqualTo(generation);
        assertThat(matches("a/b/c")).hasSize(1);
    }

    @Test
    void matchIsOneMomentEvenIfTheSinkChangesTheTree() {
        tree.add(subscription(alice, "a/#"));
        tree.add(subscription(bob, "a/+"));
        tree.add(subscription(bob, "a/b"));

        List<Subscription> seen = new ArrayList<>();
        tree.match("a/b", matcher, subscription -> {
            tree.remove(subscription.destination(), subscription.filter());
            seen.add(subscription);
        });

        assertThat(seen).hasSize(3);
        assertThat(tree.size()).isZero();
    }

    @Test
    void canMatchAgainAfterTheSinkHasThrown() {
        tree.add(subscription(alice, "#"));
        tree.add(subscription(bob, "+"));
        try {
            tree.match("a", matcher, subscription -> {
                throw new IllegalStateException("full");
            });
        } catch (IllegalStateException expected) {
            // what the match had reached must not be met again
        }

        assertThat(matches("a")).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"+", "a", ""})
    void standsFiltersAndTopicsOfVeryManyLevels(String level) {
        String filter = (level + "/").repeat(LEVELS_MANY - 1) + "#";
        String topic = "a" + (level.equals("+") ? "/x" : "/" + level).repeat(LEVELS_MANY - 2);
        String reached = level.isEmpty() ? topic.substring(1) : topic;
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            for (int i = 0; i < 20; i++) {
                tree.add(subscription(alice, filter));
                tree.add(subscription(bob, reached));
                tree.add(subscription(bob, reached + "/+"));

                assertThat(matches(reached))
                        .extracting(Subscription::destination)
                        .containsExactlyInAnyOrder(alice, bob);
                assertThat(matches(reached + "/y")).hasSize(2);

                tree.remove(alice, filter);
                tree.remove(bob, reached);
                tree.remove(bob, reached + "/+");
            }
        });
        assertThat(tree.size()).isZero();
    }

    /** 2^15 of these filters reach the last level of the topic together. */
    @Test
    void standsFiltersThatAllMatch() {
        int levels = 15;
        for (int bits = 0; bits < 1 << levels; bits++) {
            StringBuilder filter = new StringBuilder();
            for (int level = 0; level < levels; level++) {
                filter.append((bits >> level & 1) == 0 ? "+/" : "a/");
            }
            tree.add(subscription(alice, filter + "#"));
        }

        assertThat(matches("a/".repeat(levels) + "a")).hasSize(1 << levels);
        assertThat(matches("a/".repeat(levels - 1) + "b/a")).hasSize(1 << (levels - 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"news/today", "news/+"})
    void addsAndRemovesVeryManySubscribersOfOneFilterQuickly(String filter) {
        List<Destination> destinations = new ArrayList<>();
        for (int i = 0; i < SUBSCRIBERS_MANY; i++) {
            destinations.add(new FakeDestination("d" + i));
        }
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            destinations.forEach(d -> tree.add(subscription(d, filter)));

            Set<Destination> seen = Collections.newSetFromMap(new IdentityHashMap<>());
            tree.match("news/today", matcher, subscription -> seen.add(subscription.destination()));
            assertThat(seen.size()).isEqualTo(SUBSCRIBERS_MANY);

            destinations.forEach(d -> tree.remove(d, filter));
        });
        assertThat(matches("news/today")).isEmpty();
        assertThat(tree.size()).isZero();
    }

    private List<Subscription> matches(String topic) {
        return matches(tree, matcher, topic);
    }

    private static List<Subscription> matches(SubscriptionTree tree, Matcher matcher, String topic) {
        List<Subscription> matches = new ArrayList<>();
        tree.match(topic, matcher, matches::add);
        return matches;
    }

    private static Subscription subscription(Destination destination, String filter) {
        return new Subscription(destination, filter, QoS.AT_LEAST_ONCE, false, false, 0);
    }
}
