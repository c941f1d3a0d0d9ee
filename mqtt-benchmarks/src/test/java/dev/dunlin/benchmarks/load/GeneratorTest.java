package dev.dunlin.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.dunlin.broker.Broker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The generator, compiled from its source, on our broker: for a moment, since this measures nothing. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class GeneratorTest {
    private static final Path SOURCE = Path.of("src/main/c/mqload.c");

    @Test
    void nothingIsLostDoubledOrReordered(@TempDir Path folder) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/cc")), "needs a C compiler");
        Generator generator = Generator.compile(SOURCE, folder);
        try (Broker broker = Broker.builder().tcp(0).start()) {
            String port = String.valueOf(broker.port("tcp"));
            for (Scenario scenario :
                    new Scenario[] {Scenario.QOS_0_TOPICS, Scenario.FAN_OUT, Scenario.QOS_2, Scenario.SHARED}) {
                Figures figures = generator.run(Stream.concat(Stream.of("--port", port), scenario.arguments(0, 1)));
                assertThat(figures.faults()).as(scenario.title()).isEmpty();
                assertThat(figures.get("delivered")).as(scenario.title()).isPositive();
            }
        }
    }
}
