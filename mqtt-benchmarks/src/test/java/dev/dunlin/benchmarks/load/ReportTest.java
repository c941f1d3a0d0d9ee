package dev.dunlin.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

final class ReportTest {
    private static Figures figures(int qos, double usPerMessage, String more) {
        return Figures.parse("{\"label\": \"\", \"qos\": " + qos + ", \"msg_per_s\": 1000, \"gen_cpu_pct\": 40.0, "
                + "\"msg_per_read\": 7.5, \"broker_sys_share_pct\": 70.0, \"broker_us_per_msg\": " + usPerMessage + more
                + "}");
    }

    @Test
    void readsNumbersAndGroupsOfNumbers() {
        Figures figures =
                Figures.parse("{\"label\": \"x\", \"rate\": -1, \"latency_us\": {\"p50\": 90.5, \"p99\": 369}}");
        assertThat(figures.get("rate")).isEqualTo(-1);
        assertThat(figures.get("latency_us.p50")).isEqualTo(90.5);
        assertThat(figures.get("latency_us.p99")).isEqualTo(369);
        assertThatThrownBy(() -> figures.get("lost")).hasMessageContaining("lost");
        assertThatThrownBy(() -> Figures.parse("mqload: can't connect")).hasMessageContaining("can't connect");
    }

    @Test
    void whatIsLostOrDoubledIsAFaultAndARepeatedQos1MessageIsNone() {
        String bad = ", \"lost\": 2, \"redelivered\": 1, \"disconnects\": 0";
        assertThat(figures(0, 1, bad).faults()).containsExactly("lost=2", "redelivered=1");
        assertThat(figures(1, 1, bad).faults()).containsExactly("lost=2");
    }

    @Test
    void tellsMediansRatiosAndFaults() {
        Report report = new Report(List.of(Peer.DUNLIN, Peer.MOSQUITTO));
        for (double us : new double[] {0.3, 0.1, 0.2}) {
            report.add(Scenario.QOS_0, Peer.DUNLIN, figures(0, us, ""));
            report.add(Scenario.QOS_0, Peer.MOSQUITTO, figures(0, 100 * us, ", \"lost\": 1"));
        }
        assertThat(report.table())
                .contains("| QoS 0, 50 pairs | broker CPU us per delivery | 0.200 | 20.0 | 0.010 | 0.100 to 0.300 |")
                .contains("| QoS 0, 50 pairs | faults of mosquitto | lost=1, lost=1, lost=1 |");
        assertThat(report.hasFaults(Peer.DUNLIN)).isFalse();
        assertThat(report.hasFaults(Peer.MOSQUITTO)).isTrue();
    }

    @Test
    void aBrokerThatCannotDoSomethingHasNoFigure() {
        Report report = new Report(List.of(Peer.DUNLIN, Peer.MOQUETTE));
        report.add(Scenario.SHARED, Peer.DUNLIN, figures(1, 1, ""));
        assertThat(Peer.MOQUETTE.canRun(Scenario.SHARED)).isFalse();
        assertThat(report.table()).contains("broker CPU us per delivery | 1.00 | - | - |");
    }

    @Test
    void namesOfScenariosAndBrokersAreThoseOfTheCommandLine() {
        for (Scenario each : Scenario.values()) {
            assertThat(Scenario.named(each.id())).isSameAs(each);
        }
        assertThat(Peer.named("mosquitto")).isSameAs(Peer.MOSQUITTO);
        assertThatThrownBy(() -> Peer.named("hive")).hasMessageContaining("hivemq");
        assertThatThrownBy(() -> Scenario.named("qos0")).hasMessageContaining("qos-0");
    }
}
