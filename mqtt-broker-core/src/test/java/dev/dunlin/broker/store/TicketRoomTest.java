package dev.dunlin.broker.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.StoreException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class TicketRoomTest {
    private static final int VALUES = 20;
    private static final int VALUE_BYTES = 1 + Long.BYTES + Integer.BYTES;

    private final TicketRoom room = new TicketRoom();
    private final byte[] ops = new byte[VALUES * VALUE_BYTES];

    @Test
    void checksumsAreOverTheTicket() throws StoreException {
        for (int at = 0; at < ops.length; at += VALUE_BYTES) {
            assertThat(room.isBehind(at)).isFalse();
            ops[at] = (byte) at;
            room.ticketAt(at + 1);
            assertThat(room.isBehind(at)).isTrue();
            room.checksum(at, at + 1 + Long.BYTES);
        }
        room.fill(ops, 0x0123_4567_89AB_CDEFL);

        for (int at = 0; at < ops.length; at += VALUE_BYTES) {
            ByteBuffer value = Checksums.checked(ByteBuffer.wrap(ops, at, VALUE_BYTES), "a value");
            assertThat(value.get()).isEqualTo((byte) at);
            assertThat(value.getLong()).isEqualTo(0x0123_4567_89AB_CDEFL);
        }
    }

    @Test
    void isEmptyAfterAChange() {
        room.ticketAt(0);
        room.checksum(0, Long.BYTES);
        room.clear();
        room.fill(ops, -1);
        assertThat(ops).containsOnly(0);
    }
}
