package dev.dunlin.broker.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.QoS;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** One subscription, {@link Few}, and a {@link Crowd}. */
class SubscribersTest {
    private static final int LOOPS = 3;

    @RepeatedTest(20)
    void behavesLikeAMapWhateverTheHashes() {
        Seeded.run(random -> {
            int hashMask = new int[] {0, 1, 0x8000_0001, 0xC000_0000, 0xFF, -1}[random.nextInt(6)];
            List<Destination> destinations = destinations(200, hashMask);
            Subscribers subscribers = null;
            Map<Destination, Subscription> model = new HashMap<>();
            for (int i = 0; i < 2_000; i++) {
                Destination destination = destinations.get(random.nextInt(destinations.size()));
                Subscription present = model.get(destination);
                assertThat(find(subscribers, destination)).isSameAs(present);
                if (random.nextInt(100) < (i < 1_000 ? 60 : 35)) {
                    Subscription added = subscription(destination);
                    subscribers = Subscribers.with(subscribers, added);
                    model.put(destination, added);
                } else if (subscribers != null && present != null) {
                    subscribers = Subscribers.without(subscribers, present);
                    model.remove(destination);
                }
                if (i % 50 == 0) {
                    assertThat(all(subscribers)).containsExactlyInAnyOrderElementsOf(model.values());
                    assertTargets(subscribers, model.values());
                }
            }
        });
    }

    /** What a message gets that only this filter matches. */
    private static void assertTargets(@Nullable Subscribers subscribers, Collection<Subscription> all) {
        if (!(subscribers instanceof Crowd crowd) || !crowd.isByLoop()) {
            assertThat(all).hasSizeLessThanOrEqualTo(32);
            return;
        }
        Targets targets = crowd.targets(LOOPS, 7);
        for (int i = 0; i < LOOPS; i++) {
            int loop = i;
            assertThat(targets.of(loop))
                    .containsExactlyInAnyOrderElementsOf(all.stream()
                            .filter(each -> !each.isShared() && each.loopIndex() == loop)
                            .toList());
        }
        assertThat(targets.shared())
                .containsExactlyInAnyOrderElementsOf(
                        all.stream().filter(Subscription::isShared).toList());
        assertThat(targets.count()).isEqualTo(all.size());
        assertThat(targets.persistent())
                .isEqualTo((int) all.stream().filter(Subscription::isPersistent).count());
        assertThat(targets.generation()).isEqualTo(7);
    }

    @Test
    void changesNothingThatWasThereBefore() {
        List<Destination> destinations = destinations(100, -1);
        Subscribers before = null;
        for (Destination each : destinations) {
            before = Subscribers.with(before, subscription(each));
        }
        List<Subscription> all = all(before);

        Subscribers.with(before, subscription(destinations(1, -1).get(0)));
        Subscribers.with(before, subscription(destinations.get(7)));
        Subscribers.without(before, all.get(3));

        assertThat(all(before)).isEqualTo(all);
    }

    @Test
    void isTheSubscriptionItselfIfThereIsOne() {
        List<Destination> destinations = destinations(100, 3);
        Subscription first = subscription(destinations.get(0));
        Subscribers subscribers = first;
        for (Destination each : destinations.subList(1, 100)) {
            subscribers = Subscribers.with(subscribers, subscription(each));
        }
        for (Subscription each : all(subscribers)) {
            subscribers = each == first || subscribers == null ? subscribers : Subscribers.without(subscribers, each);
        }

        assertThat(subscribers).isSameAs(first);
        assertThat(Subscribers.without(first, first)).isNull();
    }

    private static @Nullable Subscription find(@Nullable Subscribers subscribers, Destination destination) {
        return subscribers == null ? null : Subscribers.find(subscribers, destination);
    }

    private static List<Subscription> all(@Nullable Subscribers subscribers) {
        List<Subscription> all = new ArrayList<>();
        if (subscribers != null) {
            Subscribers.pass(subscribers, all::add);
        }
        return all;
    }

    private static List<Destination> destinations(int count, int hashMask) {
        List<Destination> destinations = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            destinations.add(new Hashed(i * 0x9E3779B9 & hashMask, i));
        }
        return destinations;
    }

    private static Subscription subscription(Destination destination) {
        return new Subscription(destination, "a", QoS.AT_LEAST_ONCE, false, false, 0);
    }

    private static final class Hashed implements Destination {
        private final int hash;
        private final int number;

        Hashed(int hash, int number) {
            this.hash = hash;
            this.number = number;
        }

        @Override
        public int hash() {
            return hash;
        }

        @Override
        public int loopIndex() {
            return number % LOOPS;
        }

        @Override
        public boolean isPersistent() {
            return number % 5 == 0;
        }

        @Override
        public boolean isShared() {
            return number % 7 == 0;
        }
    }
}
