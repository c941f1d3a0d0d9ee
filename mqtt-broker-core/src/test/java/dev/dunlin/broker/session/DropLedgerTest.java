package dev.dunlin.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.BrokerEvent.Dropped;
import dev.dunlin.broker.spi.DropReason;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is summed up, and what is left when there is no room. */
final class DropLedgerTest {
    private final List<BrokerEvent> told = new ArrayList<>();
    private final DropLedger ledger = new DropLedger();

    private Events events(int max) {
        return new Events("test", List.of(told::add), max, () -> 0);
    }

    private List<String> tellAll(Events events) {
        ledger.handOverRest(events);
        events.start();
        events.close(10_000);
        return told.stream()
                .map(Dropped.class::cast)
                .map(each -> each.clientId() + " " + each.why() + " " + each.topic() + " " + each.count())
                .toList();
    }

    @Test
    void sumsUpByClientAndReasonWithTheTopicOfTheLast() {
        ledger.add("a", "t1", DropReason.EXPIRED, 1);
        ledger.add("a", "t2", DropReason.EXPIRED, 2);
        ledger.add("b", "t3", DropReason.EXPIRED, 1);
        ledger.add("a", "t4", DropReason.QUEUE_FULL, 1);
        ledger.add("a", "t5", DropReason.EXPIRED, 1);
        assertThat(tellAll(events(10))).containsExactly("a EXPIRED t5 4", "b EXPIRED t3 1", "a QUEUE_FULL t4 1");
        assertThat(ledger.isEmpty()).isTrue();
    }

    @Test
    void keepsWhatFindsNoRoomAndAddsToIt() {
        Events events = events(1);
        ledger.add("a", "t", DropReason.EXPIRED, 1);
        ledger.add("b", "t", DropReason.EXPIRED, 1);
        ledger.handOver(events);
        assertThat(ledger.isEmpty()).isFalse();
        ledger.add("b", "t", DropReason.EXPIRED, 1);
        ledger.add("a", "t", DropReason.EXPIRED, 5);
        assertThat(tellAll(events)).containsExactly("a EXPIRED t 1", "b EXPIRED t 2", "a EXPIRED t 5");
        assertThat(events.lost()).isZero();
    }

    @Test
    void sumsUpByReasonAloneBeyondItsBound() {
        int clients = DropLedger.LINES_MAX + 10;
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < clients; i++) {
                ledger.add("c" + i, "t" + i, i % 2 == 0 ? DropReason.EXPIRED : DropReason.QUEUE_FULL, 1);
            }
        }
        List<String> all = tellAll(events(10_000));
        assertThat(all)
                .hasSize(DropLedger.LINES_MAX + 2)
                .contains(
                        "c0 EXPIRED t0 2",
                        " EXPIRED t" + (clients - 2) + " 10",
                        " QUEUE_FULL t" + (clients - 1) + " 10");
        assertThat(told.stream().mapToLong(each -> ((Dropped) each).count()).sum())
                .isEqualTo(2L * clients);
    }
}
