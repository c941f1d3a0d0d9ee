package dev.dunlin.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Every benchmark runs for a moment, so that none rots. The figures mean nothing. */
class SmokeTest {

    @Test
    void everyBenchmarkHasAResult() throws Exception {
        Options options = new OptionsBuilder()
                .forks(0)
                .warmupIterations(0)
                .measurementIterations(1)
                .measurementTime(TimeValue.milliseconds(10))
                .param("entries", "10", "1000")
                .param("operations", "1", "1000")
                .param("loops", "2")
                .param("sessions", "1000")
                .param("subscriptions", "1000")
                .param("topics", "16")
                .param("changes", "1000")
                .param("size", "1000")
                .param("retained", "1000")
                .param("waiting", "20")
                .param("liveMiB", "1")
                .addProfiler(Footprint.class)
                .shouldFailOnError(true)
                .output(Path.of("target", "smoke.txt").toString())
                .build();

        Collection<RunResult> results = new Runner(options).run();

        Set<String> measured = results.stream()
                .map(result -> result.getParams().getBenchmark())
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(measured).isNotEmpty().isEqualTo(all());
        assertThat(results)
                .allSatisfy(result -> assertThat(result.getPrimaryResult().getScore())
                        .as(result.getParams().id())
                        .isPositive());
    }

    private static Set<String> all() {
        return BenchmarkList.defaultList()
                .getAll(OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT), List.of())
                .stream()
                .map(BenchmarkListEntry::getUsername)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
