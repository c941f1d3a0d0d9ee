package dev.dunlin.store.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectNestedMethod;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** The kit finds what it is for: each engine with a fault fails the tests that are about it. */
class BrokenEngineTest {
    /** Enough to find a fault; ten seconds less. */
    private static final String FEWER_OPERATIONS = "60000";

    static List<Arguments> faults() {
        return List.of(
                arguments(BrokenEngines.ForgetsTheLastBatch.class, "Lifecycle.keepsEverythingOverCloseAndOpen"),
                arguments(BrokenEngines.AppliesHalfABatch.class, "Batches.appliesEveryOperationOfABatch"),
                arguments(BrokenEngines.TearsBatches.class, "Views.showsWholeBatchesToReadersBesideTheWriter"),
                arguments(
                        BrokenEngines.DeletesBeyondTheRange.class,
                        "Batches.deletesARangeFromItsFirstKeyToBelowItsLast"),
                arguments(BrokenEngines.ShowsLaterWrites.class, "Views.seesNothingThatIsWrittenLater"),
                arguments(BrokenEngines.NeverSyncs.class, "SimulatedCrash.keepsWhatWasSyncedThroughALossOfPower"),
                arguments(BrokenEngines.ScansBackwards.class, "Views.scansARangeInAscendingOrderOfUnsignedBytes"),
                arguments(BrokenEngines.ComparesSignedBytes.class, "Views.scansARangeInAscendingOrderOfUnsignedBytes"),
                arguments(BrokenEngines.LosesEmptyValues.class, "Batches.keepsEmptyValues"),
                arguments(BrokenEngines.OpensTwice.class, "Lifecycle.isOpenOnlyOnce"),
                arguments(BrokenEngines.ForgetsTheLastBatch.class, "Model.showsWhatSortedMapsShow"),
                arguments(BrokenEngines.DeletesBeyondTheRange.class, "Model.showsWhatSortedMapsShow"),
                arguments(BrokenEngines.ShowsLaterWrites.class, "Model.showsWhatSortedMapsShow"),
                arguments(BrokenEngines.NeverSyncs.class, "SimulatedCrash.keepsAPrefixThroughAnyRowOfCrashes"),
                arguments(BrokenEngines.LeaksAHandlePerView.class, "Lifecycle.givesEveryNativeHandleBack"));
    }

    @BeforeAll
    static void tryLess() {
        System.setProperty(Effort.OPERATIONS, FEWER_OPERATIONS);
    }

    @AfterAll
    static void tryMoreAgain() {
        System.clearProperty(Effort.OPERATIONS);
    }

    @ParameterizedTest
    @MethodSource("faults")
    void isFoundByTheTestThatIsAboutIt(Class<?> broken, String test) throws ClassNotFoundException {
        String[] names = test.split("\\.", 2);
        Class<?> kit = names[0].equals("SimulatedCrash") ? MemoryEngineTck.class : EngineTck.class;
        Class<?> group = Class.forName(kit.getName() + "$" + names[0]);

        assertThat(failuresIn(selectNestedMethod(List.of(broken), group, names[1])))
                .containsExactly(test);
    }

    @Test
    void anEngineOnADiskIsNotProvenByTheKitForMemory() {
        assertThat(failuresIn(selectMethod(BrokenEngines.PretendsToBeOnADisk.class, "isProvenAsWhatItIs", Path.class)))
                .containsExactly("isProvenAsWhatItIs");
    }

    @Test
    void aSoundEngineFailsNothing() {
        assertThat(failuresIn(selectClass(BrokenEngines.Sound.class))).isEmpty();
    }

    /** Names of the tests that fail, as "Group.test". */
    private static Set<String> failuresIn(DiscoverySelector tests) {
        Set<String> failed = new TreeSet<>();
        int[] run = {0};
        var request = LauncherDiscoveryRequestBuilder.request().selectors(tests).build();
        LauncherFactory.create().execute(request, new TestExecutionListener() {
            @Override
            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                run[0] += test.isTest() ? 1 : 0;
                if (result.getStatus() == Status.FAILED) {
                    failed.add(name(test));
                }
            }
        });
        assertThat(run[0]).as("tests that were run").isPositive();
        return failed;
    }

    private static String name(TestIdentifier test) {
        StringBuilder name = new StringBuilder();
        for (var segment : test.getUniqueIdObject().getSegments()) {
            switch (segment.getType()) {
                case "nested-class" ->
                    name.append(segment.getValue().replaceAll(".*\\$", "")).append('.');
                case "method" -> name.append(segment.getValue().replaceAll("\\(.*", ""));
                default -> {} // engine and class: the same for all
            }
        }
        return name.toString();
    }
}
