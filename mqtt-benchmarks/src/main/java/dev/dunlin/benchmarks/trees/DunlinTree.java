package dev.dunlin.benchmarks.trees;

import dev.dunlin.broker.routing.KeyedHash;
import dev.dunlin.broker.routing.MatchSink;
import dev.dunlin.broker.routing.Matcher;
import dev.dunlin.broker.routing.Subscription;
import dev.dunlin.broker.routing.SubscriptionTree;
import dev.dunlin.broker.routing.TargetCollector;
import dev.dunlin.codec.QoS;

/**
 * Ours. A match makes the targets as a publish gets them, each destination once, by loop; or, if it is to <em>visit</em>, only
 * hands the matching subscriptions over, which is what the tree itself does.
 */
public final class DunlinTree implements TopicTree {
    /** The last argument, if it is to visit. */
    static final String VISIT = "visit";

    private static final int LOOPS = 4;

    private final boolean visits;
    private final Matcher matcher = new Matcher();
    private final Counter counter = new Counter();

    private final SubscriptionTree tree = new SubscriptionTree(new KeyedHash(1, 2));
    private final TargetCollector collector = new TargetCollector();
    private Home[] homes = {};

    DunlinTree(boolean visits) {
        this.visits = visits;
    }

    /** Measures; see {@link TreeRun} for the arguments. */
    public static void main(String[] arguments) {
        boolean visits = VISIT.equals(arguments[arguments.length - 1]);
        System.out.print(TreeRun.measure(() -> new DunlinTree(visits), arguments));
    }

    @Override
    public void clients(int count) {
        homes = new Home[count];
        for (int i = 0; i < count; i++) {
            homes[i] = new Home(i % LOOPS, (int) ((i * 0x9E37_79B9_7F4A_7C15L) >>> 32));
        }
    }

    @Override
    public void subscribe(int client, String filter) {
        tree.add(new Subscription(homes[client], filter, QoS.AT_LEAST_ONCE, false, false, 0));
    }

    @Override
    public void unsubscribe(int client, String filter) {
        tree.remove(homes[client], filter);
    }

    @Override
    public int match(String topic) {
        if (!visits) {
            return tree.targets(topic, collector, LOOPS).count();
        }
        counter.count = 0;
        tree.match(topic, matcher, counter);
        return counter.count;
    }

    private static final class Counter implements MatchSink {
        private int count;

        @Override
        public void accept(Subscription subscription) {
            count++;
        }
    }
}
