package dev.dunlin.benchmarks;

import java.io.File;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * What a store takes beside time, as further results of the benchmarks that note it: {@code -prof dev.dunlin.benchmarks.Footprint}.
 * In MiB, the largest of all iterations and forks.
 *
 * <p>A profiler, because JMH's counters are sums, and only of some modes.
 */
public final class Footprint implements InternalProfiler {
    private static final double MIB = 1 << 20;
    private static final Map<String, Double> NOTED = new ConcurrentSkipListMap<>();

    /** Made by JMH. */
    public Footprint() {}

    /** Tells a size of the iteration that is about to end, in bytes. */
    static void note(String what, long bytes) {
        NOTED.put(what, bytes / MIB);
    }

    /** What the heap holds, after a collection. */
    static long heapBytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    /** What the files of a store occupy, in bytes, while it is being used. */
    static long bytesIn(Path folder) {
        long bytes = 0;
        File[] files = folder.toFile().listFiles();
        for (File file : files == null ? new File[0] : files) {
            bytes += file.length(); // 0 if it has just gone
        }
        return bytes;
    }

    @Override
    public String getDescription() {
        return "What a store takes on the disk and on the heap";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        NOTED.clear();
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        List<Result<?>> results = new ArrayList<>();
        NOTED.forEach((what, mib) -> results.add(new ScalarResult(what, mib, "MiB", AggregationPolicy.MAX)));
        return results;
    }
}
