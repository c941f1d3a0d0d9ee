package dev.dunlin.broker.mangling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import dev.dunlin.broker.testkit.Detour;
import dev.dunlin.broker.testkit.WireClient;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * The negative control of the tests at the wire: with somebody in between who breaks a rule, the test of that rule fails; with
 * somebody in between who breaks none, it passes.
 */
class MangledRulesTest {
    private static final int RULES_MIN = 40;

    /** How long a client of a test that is to fail waits for what doesn't come. */
    private static final int PATIENCE_MS = 1_000;

    static List<Rule> rules() {
        return Rules.all();
    }

    static List<String> tests() {
        return Rules.all().stream().map(Rule::test).distinct().toList();
    }

    @AfterEach
    void endDetour() {
        Detour.set(null);
        WireClient.patience(WireClient.PATIENCE_MS);
    }

    @Test
    void thereAreEnoughRules() {
        assertThat(Rules.all()).hasSizeGreaterThanOrEqualTo(RULES_MIN);
        assertThat(Rules.all()).extracting(Rule::name).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @MethodSource("rules")
    void theTestOfABrokenRuleFails(Rule rule) throws Exception {
        WireClient.patience(PATIENCE_MS);
        try (Mangler mangler = new Mangler(rule)) {
            TestExecutionSummary summary = run(rule.test(), mangler);
            assertThat(mangler.changes()).as("packets changed").isPositive();
            assertThat(summary.getTotalFailureCount()).as("failed tests").isPositive();
        }
    }

    @ParameterizedTest
    @MethodSource("tests")
    void theSameTestPassesWithNothingBroken(String test) throws Exception {
        try (Mangler mangler = new Mangler(null)) {
            TestExecutionSummary summary = run(test, mangler);
            assertThat(summary.getFailures())
                    .map(f -> f.getException().toString())
                    .isEmpty();
            assertThat(summary.getTestsSucceededCount()).isPositive();
        }
    }

    private static TestExecutionSummary run(String test, Mangler mangler) throws ClassNotFoundException {
        int hash = test.indexOf('#');
        Class<?> owner = Class.forName("dev.dunlin.broker." + test.substring(0, hash));
        Method method = Arrays.stream(owner.getDeclaredMethods())
                .filter(m -> m.getName().equals(test.substring(hash + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("there is no test " + test));
        SummaryGeneratingListener summary = new SummaryGeneratingListener();
        Detour.set(mangler::door);
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(selectMethod(owner, method))
                                .build(),
                        summary);
        return summary.getSummary();
    }
}
