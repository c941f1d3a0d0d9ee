package dev.dunlin.benchmarks.trees;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.dunlin.benchmarks.trees.Trees.Contestant;
import dev.dunlin.benchmarks.trees.Trees.Run;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What trees are asked has known answers, and a comparison with other answers is none. */
class TreesTest {
    private static final int SUBSCRIPTIONS = 2_000;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyQuestionMeansAsManyClientsAsTheFleetSays(boolean visits) {
        DunlinTree tree = new DunlinTree(visits);
        tree.clients(Fleet.clients(SUBSCRIPTIONS));

        int count = Fleet.subscribe(SUBSCRIPTIONS, (filter, client) -> tree.subscribe(client, filter));

        assertThat(count).isBetween(SUBSCRIPTIONS, SUBSCRIPTIONS + 213);
        for (int device = 0; device < Fleet.devices(SUBSCRIPTIONS); device++) {
            assertThat(tree.match(Fleet.status(device))).isEqualTo(Fleet.LISTENERS);
            assertThat(tree.match(Fleet.command(device))).isEqualTo(4);
            assertThat(tree.match(Fleet.groupNews(device))).isEqualTo(103);
            assertThat(tree.match(Fleet.unheard(device))).isZero();
        }
    }

    @Test
    void unsubscribedIsGone() {
        DunlinTree tree = new DunlinTree(false);
        tree.clients(Fleet.clients(SUBSCRIPTIONS));
        Fleet.subscribe(SUBSCRIPTIONS, (filter, client) -> tree.subscribe(client, filter));

        Fleet.subscribe(SUBSCRIPTIONS, (filter, client) -> tree.unsubscribe(client, filter));

        assertThat(tree.match(Fleet.status(7))).isZero();
        assertThat(tree.match(Fleet.groupNews(7))).isZero();
    }

    @Test
    void aRunAnswersEveryQuestion() {
        Run run = Run.parse(TreeRun.measure(() -> new DunlinTree(false), "1000", "100", "1"));

        assertThat(run.figures())
                .hasSize(10)
                .allSatisfy((question, figure) ->
                        assertThat(figure.value()).as(question).isPositive());
        assertThat(run.figures().get("match-cold").meant()).isEqualTo(Fleet.LISTENERS);
        assertThat(run.figures().get("crowd-each").meant()).isEqualTo(100);
    }

    @Test
    void theTableHasMediansAndRatios() {
        Map<Contestant, List<Run>> runs = new EnumMap<>(Contestant.class);
        runs.put(Contestant.DUNLIN, List.of(run(100, 18), run(300, 18), run(200, 18)));
        runs.put(Contestant.VISIT, List.of(run(100, 18)));
        runs.put(Contestant.HIVEMQ, List.of(run(2_000, 18)));
        runs.put(Contestant.MOQUETTE, List.of(run(5_000, 18)));

        assertThat(TreeTable.of(runs)).contains("| 200 (0 B) | 100 (0 B) | 2,000 (0 B) | 5,000 (0 B) | 10 | 25 |");
    }

    @Test
    void aTreeThatMeansOtherClientsIsRefused() {
        Map<Contestant, List<Run>> runs = new EnumMap<>(Contestant.class);
        runs.put(Contestant.DUNLIN, List.of(run(100, 18)));
        runs.put(Contestant.VISIT, List.of(run(100, 18)));
        runs.put(Contestant.HIVEMQ, List.of(run(2_000, 18)));
        runs.put(Contestant.MOQUETTE, List.of(run(5_000, 17)));

        assertThatIllegalStateException()
                .isThrownBy(() -> TreeTable.of(runs))
                .withMessageContaining("Moquette 0.17 17.0");
    }

    private static Run run(int ns, int meant) {
        return Run.parse("match-cold " + ns + " 0 " + meant);
    }
}
