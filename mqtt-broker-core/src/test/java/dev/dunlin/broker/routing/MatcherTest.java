package dev.dunlin.broker.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.codec.QoS;
import java.lang.ref.WeakReference;
import java.util.List;
import org.junit.jupiter.api.Test;

class MatcherTest {
    /** Nodes keep the text of a filter, and subscribers a session: both may be gone before the next match. */
    @Test
    void keepsNothingOfAMatchThatIsOver() {
        Matcher matcher = new Matcher();
        List<WeakReference<Object>> met = useTwice(matcher);
        await().untilAsserted(() -> {
            System.gc();
            assertThat(met).allMatch(each -> each.get() == null);
        });
        assertThat(matcher.foundCount()).isZero();
    }

    /** An attempt that a change made void, then one that finds less. */
    private static List<WeakReference<Object>> useTwice(Matcher matcher) {
        Node first = Node.root();
        Node second = Node.root();
        Subscription subscription = new Subscription(new FakeDestination("d"), "a", QoS.AT_MOST_ONCE, false, false, 0);
        matcher.begin();
        matcher.reach(first);
        matcher.reach(second);
        matcher.advance();
        matcher.reach(second);
        matcher.found(subscription);
        matcher.begin();
        matcher.end();
        return List.of(new WeakReference<>(first), new WeakReference<>(second), new WeakReference<>(subscription));
    }
}
