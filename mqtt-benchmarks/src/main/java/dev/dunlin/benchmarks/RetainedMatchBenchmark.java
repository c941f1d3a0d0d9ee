package dev.dunlin.benchmarks;

import dev.dunlin.benchmarks.trees.Fleet;
import dev.dunlin.broker.routing.Cursor;
import dev.dunlin.broker.routing.RetainedIndex;
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
 * What does it cost to find the retained messages of a filter?
 *
 * <pre>java -jar mqtt-benchmarks/target/benchmarks.jar RetainedMatchBenchmark -prof gc</pre>
 *
 * Varies: the number of topics with a retained message, a status for each device of a {@link Fleet} in groups of a hundred; and
 * the filter, for which all, a hundred, one, or none of them match, with wildcards where they skip most or nothing. {@code walk}: from
 * the first to the last; {@code change}: one message is replaced.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RetainedMatchBenchmark {
    /** With a retained message. */
    @Param({"1000", "100000"})
    int retained;

    /** What is subscribed to. */
    @Param({
        "#",
        "fleet/+/+/status",
        "fleet/7/#",
        "fleet/7/+/status",
        "fleet/+/device-777/status",
        "fleet/7/device-777/status",
        "+/+/+/humidity",
        "plant/#"
    })
    String filter;

    private final RetainedIndex<Object> index = new RetainedIndex<>(value -> 0);

    /** Puts them, in an order by chance. */
    @Setup
    public void put() {
        for (int i = 0; i < retained; i++) {
            int device = (int) (i * 7_919L % retained); // a prime: each once
            index.put(Fleet.status(device), new Object(), i);
        }
    }

    @Benchmark
    public int walk() {
        int found = 0;
        Cursor<Object> cursor = index.cursor(filter);
        while (cursor.next()) {
            found++;
        }
        return found;
    }
}
