package dev.dunlin.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class OutboundWindowTest {

    @Test
    void takesTheExchangesOfAnEarlierProcess() {
        OutboundWindow window = new OutboundWindow(1 << 20, true);

        window.restore(OutboundWindow.FIRST + 100, List.of(released(3), released(97)));
        window.connected(10);

        assertThat(window.size()).isEqualTo(2);
        assertThat(OutboundWindow.packetId(window.nextResend())).isEqualTo(3);
        window.resent();
        assertThat(OutboundWindow.packetId(window.nextResend())).isEqualTo(97);
    }

    private static OutboundWindow.Restored released(int packetId) {
        return new OutboundWindow.Restored(packetId, OutboundWindow.RELEASED, packetId, null, null);
    }
}
