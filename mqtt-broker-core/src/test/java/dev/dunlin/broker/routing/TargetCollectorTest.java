package dev.dunlin.broker.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.QoS;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class TargetCollectorTest {
    private static final int LOOPS = 3;

    private final SubscriptionTree tree = new SubscriptionTree(new KeyedHash(5, 6));
    private final TargetCollector collector = new TargetCollector();
    private final Destination alice = new FakeDestination("alice", 1);
    private final Destination bob = new FakeDestination("bob", 1);
    private final Destination carol = new FakeDestination("carol", 2);

    @Test
    void groupsTargetsByLoop() {
        subscribe(alice, "a", QoS.AT_LEAST_ONCE, 0);
        subscribe(bob, "+", QoS.AT_LEAST_ONCE, 0);
        subscribe(carol, "#", QoS.AT_LEAST_ONCE, 0);
        subscribe(carol, "b", QoS.AT_LEAST_ONCE, 0);

        Targets targets = collect("a");

        assertThat(targets.count()).isEqualTo(3);
        assertThat(targets.isEmpty()).isFalse();
        assertThat(targets.of(0)).isEmpty();
        assertThat(targets.of(1)).extracting(Target::destination).containsExactlyInAnyOrder(alice, bob);
        assertThat(targets.of(2)).extracting(Target::destination).containsExactly(carol);
    }

    @Test
    void isEmptyOnEveryLoopIfNothingMatches() {
        subscribe(alice, "b", QoS.AT_LEAST_ONCE, 0);

        Targets targets = collect("a");

        assertThat(targets.isEmpty()).isTrue();
        assertThat(targets.count()).isZero();
        for (int loop = 0; loop < LOOPS; loop++) {
            assertThat(targets.of(loop)).isEmpty();
        }
    }

    /** [3.1.1:MQTT-3.3.5-1] [5.0:MQTT-3.3.4-2] */
    @Test
    void deliversOverlappingSubscriptionsOnceWithTheHighestQos() {
        subscribe(alice, "a/b", QoS.AT_MOST_ONCE, 0);
        subscribe(alice, "a/+", QoS.EXACTLY_ONCE, 0);
        subscribe(alice, "a/#", QoS.AT_LEAST_ONCE, 0);

        Targets targets = collect("a/b");

        assertThat(targets.of(1)).singleElement().satisfies(target -> {
            assertThat(target.qos()).isEqualTo(QoS.EXACTLY_ONCE);
            assertThat(target.subscriptionIds()).isEmpty();
        });
    }

    /** [5.0:MQTT-3.3.4-3] [5.0:MQTT-3.3.4-4]: an identifier given twice is sent twice. */
    @Test
    void carriesTheIdentifiersOfAllMatchingSubscriptions() {
        subscribe(alice, "a/b", QoS.AT_LEAST_ONCE, 7);
        subscribe(alice, "a/+", QoS.AT_LEAST_ONCE, 268_435_455);
        subscribe(alice, "a/#", QoS.AT_LEAST_ONCE, 0);
        subscribe(alice, "+/b", QoS.AT_LEAST_ONCE, 7);
        subscribe(alice, "+/c", QoS.AT_LEAST_ONCE, 9);
        subscribe(bob, "#", QoS.AT_LEAST_ONCE, 8);

        Targets targets = collect("a/b");

        assertThat(target(targets, alice).subscriptionIds()).containsExactlyInAnyOrder(7, 268_435_455, 7);
        assertThat(target(targets, bob).subscriptionIds()).containsExactly(8);
    }

    @Test
    void withholdsOwnMessagesOnlyIfAllMatchingSubscriptionsDo() {
        tree.add(new Subscription(alice, "a/b", QoS.AT_MOST_ONCE, true, false, 0));
        tree.add(new Subscription(alice, "a/#", QoS.AT_MOST_ONCE, true, false, 0));
        assertThat(target(collect("a/b"), alice).noLocal()).isTrue();

        tree.add(new Subscription(alice, "a/+", QoS.AT_MOST_ONCE, false, false, 0));
        assertThat(target(collect("a/b"), alice).noLocal()).isFalse();
        assertThat(target(collect("a"), alice).noLocal()).isTrue();
    }

    @Test
    void keepsTheRetainFlagIfAnyMatchingSubscriptionWantsIt() {
        tree.add(new Subscription(alice, "a/b", QoS.AT_MOST_ONCE, false, false, 0));
        tree.add(new Subscription(alice, "a/#", QoS.AT_MOST_ONCE, false, false, 0));
        assertThat(target(collect("a/b"), alice).retainAsPublished()).isFalse();

        tree.add(new Subscription(alice, "a/+", QoS.AT_MOST_ONCE, false, true, 0));
        assertThat(target(collect("a/b"), alice).retainAsPublished()).isTrue();
    }

    @Test
    void tellsDestinationsOfEqualHashApart() {
        List<FakeDestination> twins = FakeDestination.ofEqualHash();
        twins.forEach(twin -> subscribe(twin, "a", QoS.AT_LEAST_ONCE, 0));
        twins.forEach(twin -> subscribe(twin, "#", QoS.AT_LEAST_ONCE, 0));

        assertThat(collect("a").of(0)).extracting(Target::destination).containsExactlyInAnyOrderElementsOf(twins);

        tree.remove(twins.get(0), "a");
        tree.remove(twins.get(0), "#");
        assertThat(collect("a").of(0))
                .extracting(Target::destination)
                .satisfiesExactly(d -> assertThat(d).isSameAs(twins.get(1)));
    }

    @Test
    void usesTheTargetOfALoneSubscriptionAgain() {
        subscribe(alice, "a/+", QoS.AT_LEAST_ONCE, 7);

        assertThat(collect("a/b").of(1)[0]).isSameAs(collect("a/c").of(1)[0]);
    }

    @Test
    void bearsTheGenerationBeforeTheMatch() {
        subscribe(alice, "a", QoS.AT_LEAST_ONCE, 0);
        Targets before = collect("a");
        assertThat(before.generation()).isEqualTo(tree.generation());

        subscribe(bob, "a", QoS.AT_LEAST_ONCE, 0);

        assertThat(before.generation()).isLessThan(tree.generation());
        assertThat(before.count()).isEqualTo(1);
    }

    @Test
    void findsTheSameAfterAHugeMatchAndAfterItsSpaceIsGivenBack() {
        List<Destination> crowd = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            crowd.add(new FakeDestination("d" + i, i % LOOPS));
        }
        crowd.forEach(d -> subscribe(d, "all", QoS.AT_LEAST_ONCE, 0));
        crowd.forEach(d -> subscribe(d, "all/#", QoS.AT_LEAST_ONCE, 0));
        subscribe(alice, "one/#", QoS.AT_LEAST_ONCE, 0);
        subscribe(alice, "one", QoS.AT_LEAST_ONCE, 0);

        for (int round = 0; round < 3; round++) {
            Targets all = collect("all");
            assertThat(all.count()).isEqualTo(crowd.size());
            for (int loop = 0; loop < LOOPS; loop++) {
                assertThat(all.of(loop)).extracting(Target::destination).doesNotHaveDuplicates();
            }
            for (int i = 0; i < 1_500; i++) {
                assertThat(collect("one").count()).isEqualTo(1);
            }
        }
    }

    @RepeatedTest(5)
    void mergesLikeTheModel() {
        Seeded.run(random -> {
            RandomTopics topics = new RandomTopics(random);
            List<Subscription> subscriptions = new ArrayList<>();
            SubscriptionTree tree = new SubscriptionTree(new KeyedHash(random.nextLong(), random.nextLong()));
            for (int d = 0; d < 60; d++) {
                Destination destination = new FakeDestination("d" + d, random.nextInt(LOOPS));
                for (String filter : List.copyOf(new HashSet<>(topics.filters(5)))) {
                    Subscription subscription = new Subscription(
                            destination,
                            filter,
                            QoS.of(random.nextInt(3)),
                            random.nextBoolean(),
                            random.nextBoolean(),
                            random.nextInt(4));
                    subscriptions.add(subscription);
                    tree.add(subscription);
                }
            }
            for (int i = 0; i < 200; i++) {
                String topic = topics.topic();
                assertThat(describe(tree.targets(topic, collector, LOOPS)))
                        .as(topic)
                        .isEqualTo(describe(subscriptions, topic));
            }
        });
    }

    /** The naive result: what each destination's target must say. */
    private static Map<Destination, String> describe(List<Subscription> subscriptions, String topic) {
        Map<Destination, List<Subscription>> byDestination = new LinkedHashMap<>();
        for (Subscription subscription : subscriptions) {
            if (Topics.matches(subscription.filter(), topic)) {
                byDestination
                        .computeIfAbsent(subscription.destination(), d -> new ArrayList<>())
                        .add(subscription);
            }
        }
        Map<Destination, String> described = new LinkedHashMap<>();
        byDestination.forEach((destination, own) -> described.put(
                destination,
                describe(
                        own.stream().map(Subscription::qos).max(QoS::compareTo).orElseThrow(),
                        own.stream().allMatch(Subscription::noLocal),
                        own.stream().anyMatch(Subscription::retainAsPublished),
                        own.stream()
                                .mapToInt(Subscription::subscriptionId)
                                .filter(id -> id != 0)
                                .toArray())));
        return described;
    }

    private static Map<Destination, String> describe(Targets targets) {
        Map<Destination, String> described = new LinkedHashMap<>();
        int count = 0;
        for (int loop = 0; loop < LOOPS; loop++) {
            for (Target target : targets.of(loop)) {
                assertThat(target.destination().loopIndex()).isEqualTo(loop);
                described.put(
                        target.destination(),
                        describe(
                                target.qos(),
                                target.noLocal(),
                                target.retainAsPublished(),
                                target.subscriptionIds().clone()));
                count++;
            }
        }
        assertThat(targets.count()).isEqualTo(count).isEqualTo(described.size());
        return described;
    }

    private static String describe(QoS qos, boolean noLocal, boolean retainAsPublished, int[] ids) {
        Arrays.sort(ids);
        return qos + " " + noLocal + " " + retainAsPublished + " " + Arrays.toString(ids);
    }

    private void subscribe(Destination destination, String filter, QoS qos, int subscriptionId) {
        tree.add(new Subscription(destination, filter, qos, false, false, subscriptionId));
    }

    private Targets collect(String topic) {
        return tree.targets(topic, collector, LOOPS);
    }

    private static Target target(Targets targets, Destination destination) {
        for (Target target : targets.of(destination.loopIndex())) {
            if (target.destination() == destination) {
                return target;
            }
        }
        throw new AssertionError("no target for " + destination);
    }
}
