package dev.dunlin.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.session.OutboundWindow.Restored;
import dev.dunlin.broker.store.EntryId;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A window goes on where that of an earlier process has ended. */
final class OutboundWindowTest {
    private static final int IDS = 65_535;
    private final OutboundWindow window = new OutboundWindow(true, new HeldBytes());

    private static Restored released(int packetId) {
        return new Restored(packetId, OutboundWindow.RELEASED, EntryId.of(packetId, false), null, null);
    }

    private List<Integer> resent() {
        List<Integer> ids = new ArrayList<>();
        for (long counter = window.nextResend(); counter >= 0; counter = window.nextResend()) {
            ids.add(OutboundWindow.packetId(counter));
            window.resent();
        }
        return ids;
    }

    @Test
    void restoresNothing() {
        window.restore(OutboundWindow.FIRST + 5, List.of());
        window.connected(10, 1 << 20);
        assertThat(window.hasRoom()).isTrue();
        assertThat(window.size()).isZero();
        assertThat(window.next()).isEqualTo(OutboundWindow.FIRST + 5);
        assertThat(resent()).isEmpty();
    }

    @Test
    void restoresExchangesInTheOrderOfTheirSendingAlsoAcrossTheWrapOfTheirIds() {
        long next = 7L * IDS + 10; // the next id is 11
        window.restore(next, List.of(released(3), released(10), released(IDS), released(40_000)));
        window.connected(10, 1 << 20);
        assertThat(window.hasRoom()).as("first what was under way").isFalse();
        assertThat(window.find(3)).as("not sent again yet").isEqualTo(-1);
        assertThat(resent()).containsExactly(40_000, IDS, 3, 10);
        assertThat(window.hasRoom()).isTrue();
        assertThat(OutboundWindow.packetId(window.next())).isEqualTo(11);
        assertThat(window.find(11)).isEqualTo(-1);
        for (int id : new int[] {3, 10, IDS, 40_000}) {
            long counter = window.find(id);
            assertThat(EntryId.sequence(window.entry(counter))).isEqualTo(id);
            window.complete(counter);
        }
        assertThat(window.size()).isZero();
    }

    @Test
    void restoresNoMoreAtATimeThanTheConnectionTakes() {
        window.restore(OutboundWindow.FIRST + 3, List.of(released(1), released(2), released(3)));
        window.connected(2, 1 << 20);
        assertThat(resent()).containsExactly(1, 2);
        window.complete(window.find(1));
        assertThat(resent()).containsExactly(3);
    }

    @Test
    void tellsIdsApartWhenAsManyAsPossibleAreOpen() {
        int span = IDS - OutboundWindow.BLOCK;
        long next = OutboundWindow.FIRST + IDS;
        window.restore(next + OutboundWindow.BLOCK, List.of(released(OutboundWindow.packetId(next - span))));
        window.connected(10, 1 << 20);
        assertThat(resent()).hasSize(1);
        assertThat(window.hasRoom()).as("the oldest is too far behind").isFalse();
    }
}
