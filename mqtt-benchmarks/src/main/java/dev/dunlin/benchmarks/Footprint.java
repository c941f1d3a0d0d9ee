package dev.dunlin.benchmarks;

import java.io.File;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * What a store takes beside time, as further results: {@code -prof dev.dunlin.benchmarks.Footprint}.
 *
 * <ul>
 *   <li>{@code cpu}, of each benchmark that has many operations: processor time of the whole process per operation, threads in
 *       the background, collector and compiler included. On a machine that is shared it says more than the time that passed.
 *   <li>What benchmarks note: sizes in MiB, the largest of all iterations and forks.
 * </ul>
 *
 * <p>A profiler, because JMH's counters are sums, and only of some modes.
 */
public final class Footprint implements InternalProfiler {
    private static final double MIB = 1 << 20;
    private static final Map<String, Result<?>> NOTED = new ConcurrentSkipListMap<>();

    private long cpuNs;

    /** Made by JMH. */
    public Footprint() {}

    /** Tells a size of the iteration that is about to end, in bytes. */
    static void note(String what, long bytes) {
        NOTED.put(what, new ScalarResult(what, bytes / MIB, "MiB", AggregationPolicy.MAX));
    }

    /** Tells the processor time of the one operation of an iteration, in nanoseconds. */
    static void noteCpu(long ns) {
        NOTED.put("cpu", new ScalarResult("cpu", TimeUnit.NANOSECONDS.toMillis(ns), "ms/op", AggregationPolicy.AVG));
    }

    /** Processor time of this process, in nanoseconds; 0 if the system doesn't tell. */
    static long cpuNs() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getProcessCpuTime()
                : 0;
    }

    /** What the heap holds, in bytes, after a collection. */
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
        return "Processor time per operation, and what a store takes on the disk and on the heap";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        NOTED.clear();
        cpuNs = cpuNs();
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        double usedNs = cpuNs() - cpuNs;
        List<Result<?>> results = new ArrayList<>(NOTED.values());
        long operations = result.getMetadata().getMeasuredOps();
        if (benchmark.getMode() != Mode.SingleShotTime && operations > 0) {
            results.add(new ScalarResult("cpu", usedNs / operations / 1_000, "us/op", AggregationPolicy.AVG));
        }
        return results;
    }
}
