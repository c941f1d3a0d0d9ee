package dev.dunlin.benchmarks;

import dev.dunlin.benchmarks.trees.Fleet;
import dev.dunlin.broker.routing.Matcher;
import dev.dunlin.broker.routing.Targets;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What does it cost to find the subscribers of a topic that isn't the one of the publish before?
 *
 * <pre>java -jar mqtt-benchmarks/target/benchmarks.jar MatchBenchmark -prof gc</pre>
 *
 * Varies: the number of subscriptions; whether a few topics come again and again (16) or each has long not been seen
 * (262,144); how often another thread subscribes or unsubscribes meanwhile, per second; and who is meant (see {@link Fleet}):
 * the eighteen listeners of a device's status, one device and three dashboards, a group of a hundred, or nobody. All but {@code
 * visit} make the targets as a publish gets them; that one, of the eighteen, only hands the subscriptions over, which is the
 * tree alone. Beside other brokers' trees: {@code ./bench --trees}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MatchBenchmark {
    /** In the tree, about. */
    @Param({"1000", "100000", "1000000"})
    int subscriptions;

    /** In turn: a power of two. */
    @Param({"16", "262144"})
    int topics;

    /** Of another thread, per second. */
    @Param({"0", "1000"})
    int changes;

    private final Matcher matcher = new Matcher();
    private final CountingSink sink = new CountingSink();
    private FleetTree fleet;
    private Churn churn;
    private String[] commands;
    private String[] news;
    private String[] states;
    private String[] unheard;
    private int next;

    /** Builds the tree. */
    @Setup
    public void subscribe() {
        fleet = new FleetTree(subscriptions);
        commands = topics(1, Fleet::command);
        news = topics(2, Fleet::groupNews);
        states = topics(3, Fleet::status);
        unheard = topics(4, Fleet::unheard);
        churn = Churn.start(fleet, changes);
    }

    private String[] topics(long seed, IntFunction<String> ofDevice) {
        return Fleet.topics(topics, subscriptions, seed, ofDevice);
    }

    /** Ends the other thread. */
    @TearDown
    public void stop() throws InterruptedException {
        churn.stop();
    }

    @Benchmark
    public Targets device() {
        return fleet.match(next(commands));
    }

    @Benchmark
    public Targets group() {
        return fleet.match(next(news));
    }

    @Benchmark
    public Targets listeners() {
        return fleet.match(next(states));
    }

    @Benchmark
    public int visit() {
        fleet.tree.match(next(states), matcher, sink);
        return sink.count;
    }

    @Benchmark
    public Targets nobody() {
        return fleet.match(next(unheard));
    }

    private String next(String[] of) {
        next = next + 1 & of.length - 1;
        return of[next];
    }
}
