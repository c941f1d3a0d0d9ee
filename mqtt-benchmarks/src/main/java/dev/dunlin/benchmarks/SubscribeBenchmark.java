package dev.dunlin.benchmarks;

import dev.dunlin.benchmarks.trees.Fleet;
import dev.dunlin.broker.routing.Destination;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * What does a change of the subscriptions cost, among few and among many?
 *
 * <pre>java -jar mqtt-benchmarks/target/benchmarks.jar SubscribeBenchmark -prof gc</pre>
 *
 * Varies: the number of subscriptions, and what the filter is. {@code newcomer}: a client that isn't there yet listens to its
 * commands, which is a level of its own below a group by chance. {@code crowd}: it joins the subscribers of one filter, as many
 * as half of the subscriptions. A call is one subscribe and one unsubscribe; the score is time per change, the mean of the two.
 * Each by itself, beside other brokers' trees: {@code ./bench --trees}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(2)
public class SubscribeBenchmark {
    private static final int NEWCOMERS = 1 << 14;
    private static final String CROWDED = "fleet/firmware";

    /** In the tree, about. */
    @Param({"1000", "100000", "1000000"})
    int subscriptions;

    private FleetTree fleet;
    private Destination[] clients;
    private String[] filters;
    private int next;

    /** Builds the tree. */
    @Setup
    public void subscribe() {
        fleet = new FleetTree(subscriptions);
        filters = fleet.newcomers(NEWCOMERS);
        clients = FleetTree.clients(NEWCOMERS);
        for (Destination client : FleetTree.clients(Fleet.devices(subscriptions))) {
            fleet.subscribe(client, CROWDED);
        }
    }

    @Benchmark
    public int newcomer() {
        next = next + 1 & NEWCOMERS - 1;
        return change(filters[next]);
    }

    @Benchmark
    public int crowd() {
        next = next + 1 & NEWCOMERS - 1;
        return change(CROWDED);
    }

    private int change(String filter) {
        fleet.subscribe(clients[next], filter);
        fleet.unsubscribe(clients[next], filter);
        return fleet.tree.size();
    }
}
