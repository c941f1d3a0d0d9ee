package dev.dunlin.broker.simulation.mutants;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The simulation finds every planted bug. One that it doesn't find is a gap in its model: then the model is closed, never the
 * seeds or the mutant changed.
 *
 * <p>Two mutants are searched at a time, in the order of the list, while the tests wait for them one by one.
 */
@Tag("simulation")
final class MutantsTest {
    private static final long FIRST_SEED = 1;
    private static final int SEEDS = 100;
    private static final int STEPS = 8_000;
    private static final int AT_A_TIME = 2;

    /** For one mutant: what takes longer hangs. */
    private static final int PATIENCE_SECONDS = 120;

    private static final MutantCompiler COMPILER = new MutantCompiler();
    private static final Map<Mutant, Future<Found>> SEARCHES = new LinkedHashMap<>();
    private static final ExecutorService SEARCHERS = Executors.newFixedThreadPool(AT_A_TIME, task -> {
        Thread searcher = new Thread(task, "mutants");
        searcher.setDaemon(true); // a mutant may never come to an end
        return searcher;
    });

    /**
     * The outcome of a search.
     *
     * @param failure the seed that found it, and why; null if none did
     */
    private record Found(@Nullable String failure, long ms) {}

    static List<Mutant> mutants() {
        String only = System.getProperty("dunlin.simulation.mutant", "");
        return Mutants.all().stream()
                .filter(mutant -> mutant.name().contains(only))
                .toList();
    }

    @BeforeAll
    static void beginToSearch() {
        mutants().forEach(mutant -> SEARCHES.put(mutant, SEARCHERS.submit(() -> search(mutant))));
    }

    @AfterAll
    static void end() {
        SEARCHERS.shutdownNow();
        COMPILER.close();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("mutants")
    void isFound(Mutant mutant) throws Exception {
        Found found = Objects.requireNonNull(SEARCHES.get(mutant)).get(PATIENCE_SECONDS, TimeUnit.SECONDS);

        assertThat(found.failure)
                .as("what %d seeds say to %s, which breaks: %s", SEEDS, mutant, mutant.rule())
                .isNotNull();
        String first = found.failure.lines().findFirst().orElse("");
        System.out.printf("%s: found after %d ms: %s%n", mutant, found.ms, first);
    }

    private static Found search(Mutant mutant) throws Exception {
        ClassLoader loader =
                new MutantLoader(mutant.name(), MutantsTest.class.getClassLoader(), COMPILER.compile(mutant));
        Method firstFailure = loader.loadClass("dev.dunlin.broker.simulation.Simulations")
                .getMethod("firstFailure", long.class, int.class, int.class);
        long startedNs = System.nanoTime();
        String failure = (String) firstFailure.invoke(null, FIRST_SEED, SEEDS, STEPS);
        return new Found(failure, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNs));
    }
}
