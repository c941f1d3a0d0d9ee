package dev.dunlin.broker.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which scenario is run with which libraries: what one can't do, enough others can. */
final class ClientMatrixTest {
    private static final int LIBRARIES_MIN = 3;

    static List<Method> scenarios() {
        return Stream.of(Mqtt5Scenarios.class.getMethods())
                .filter(method -> method.isAnnotationPresent(Scenario.class))
                .toList();
    }

    @Test
    void knowsTheScenarios() {
        assertThat(scenarios())
                .extracting(Method::getName)
                .contains("deliversInOrderOnceEach", "usesTopicAliases")
                .hasSizeGreaterThan(20);
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void eachScenarioIsRunWithThreeLibraries(Method scenario) {
        Scenario needs = scenario.getAnnotation(Scenario.class);
        assertThat(Library.values())
                .filteredOn(library -> library.variants().anyMatch(variant -> variant.runs(needs)))
                .hasSizeGreaterThanOrEqualTo(LIBRARIES_MIN);
    }

    @Test
    void whatALibraryCannotDoHasAReason() {
        for (Library library : Library.values()) {
            library.versions()
                    .forEach(version -> assertThat(library.cannot(version))
                            .allSatisfy((feature, reason) -> assertThat(reason)
                                    .as("%s %s %s", library, version, feature)
                                    .isNotBlank()));
        }
    }
}
