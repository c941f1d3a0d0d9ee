package dev.dunlin.benchmarks;

import dev.dunlin.broker.routing.Destination;
import dev.dunlin.broker.routing.Matcher;
import java.util.ArrayList;
import java.util.List;
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
 * What does the worst cost that clients can make up, with filters and topics of their own?
 *
 * <pre>java -jar mqtt-benchmarks/target/benchmarks.jar PathologicalMatchBenchmark -prof gc</pre>
 *
 * Varies: what they make up (see {@link PathologicalFilters}), and the number of filters where any number will do. {@code visit}:
 * the match alone; {@code targets}: with the result as a publish gets it; {@code change}: another client subscribes and
 * unsubscribes one of the filters, time per change.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PathologicalMatchBenchmark {
    /** What is made up. */
    @Param
    PathologicalFilters filters;

    /** Filters, where any number will do. */
    @Param("100000")
    int size;

    private final FleetTree fleet = new FleetTree(0);
    private final Destination another = FleetTree.clients(1)[0];
    private final Matcher matcher = new Matcher();
    private final CountingSink sink = new CountingSink();
    private final List<String> all = new ArrayList<>();
    private String topic;
    private int next;

    /** Builds the tree. */
    @Setup
    public void subscribe() {
        filters.filters(size, all::add);
        Destination[] clients = FleetTree.clients(all.size());
        for (int i = 0; i < clients.length; i++) {
            fleet.subscribe(clients[i], all.get(i));
        }
        topic = filters.topic(size);
        if (visit() != filters.matches(size) || targets() != filters.matches(size)) {
            throw new IllegalStateException(visit() + " filters match, not " + filters.matches(size));
        }
    }

    @Benchmark
    public int visit() {
        sink.count = 0;
        fleet.tree.match(topic, matcher, sink);
        return sink.count;
    }

    @Benchmark
    public int targets() {
        return fleet.match(topic).count();
    }

    @Benchmark
    @OperationsPerInvocation(2)
    public int change() {
        next = (next + 1) % all.size();
        fleet.subscribe(another, all.get(next));
        fleet.unsubscribe(another, all.get(next));
        return fleet.tree.size();
    }
}
