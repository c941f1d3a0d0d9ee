package dev.dunlin.benchmarks;

import dev.dunlin.broker.routing.KeyedHash;
import dev.dunlin.broker.routing.SubscriptionTree;
import dev.dunlin.broker.routing.TargetCollector;
import dev.dunlin.broker.routing.Targets;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * What does it cost to find the subscribers of a topic that isn't the one of the publish before, among few and among many
 * subscriptions?
 *
 * <pre>java -jar mqtt-benchmarks/target/benchmarks.jar MatchBenchmark</pre>
 *
 * Varies: the number of subscriptions, and who is meant (see {@link DeviceTopics}): one device, a group of a hundred, the
 * five applications that listen to all devices, or nobody. Each call takes the next of 1,024 topics.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MatchBenchmark {
    private static final int LOOPS = 4;
    private static final int TOPICS = 1_024;

    /** In the tree. */
    @Param({"1000", "100000"})
    int subscriptions;

    private final SubscriptionTree tree = new SubscriptionTree(new KeyedHash(1, 2));
    private final TargetCollector collector = new TargetCollector();
    private final String[] commands = new String[TOPICS];
    private final String[] news = new String[TOPICS];
    private final String[] states = new String[TOPICS];
    private final String[] unheard = new String[TOPICS];
    private int next;

    /** Builds the tree. */
    @Setup
    public void subscribe() {
        int devices = DeviceTopics.subscribe(tree, subscriptions, LOOPS);
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < TOPICS; i++) {
            int device = random.nextInt(devices);
            commands[i] = DeviceTopics.command(device);
            news[i] = DeviceTopics.groupNews(device);
            states[i] = DeviceTopics.status(device);
            unheard[i] = DeviceTopics.status(device) + "/unheard";
        }
    }

    @Benchmark
    public Targets oneDevice() {
        return match(commands);
    }

    @Benchmark
    public Targets groupOfHundred() {
        return match(news);
    }

    @Benchmark
    public Targets fiveApplications() {
        return match(states);
    }

    @Benchmark
    public Targets nobody() {
        return match(unheard);
    }

    private Targets match(String[] topics) {
        next = next + 1 & TOPICS - 1;
        return tree.targets(topics[next], collector, LOOPS);
    }
}
