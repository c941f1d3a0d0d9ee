package dev.dunlin.broker.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.StoreException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class BlanksTest {
    private static final int VALUES = 20;
    private static final int VALUE_BYTES = 1 + Long.BYTES + Integer.BYTES;

    private final Blanks blanks = new Blanks();
    private final byte[] ops = new byte[VALUES * VALUE_BYTES];

    @Test
    void checksumsAreOverTheTicket() throws StoreException {
        for (int at = 0; at < ops.length; at += VALUE_BYTES) {
            assertThat(blanks.isTicketBehind(at)).isFalse();
            ops[at] = (byte) at;
            blanks.ticket(at + 1);
            assertThat(blanks.isTicketBehind(at)).isTrue();
            blanks.checksum(at, at + 1 + Long.BYTES);
        }
        blanks.fill(ops, 0x0123_4567_89AB_CDEFL);

        for (int at = 0; at < ops.length; at += VALUE_BYTES) {
            ByteBuffer value = Checksums.checked(ByteBuffer.wrap(ops, at, VALUE_BYTES), "a value");
            assertThat(value.get()).isEqualTo((byte) at);
            assertThat(value.getLong()).isEqualTo(0x0123_4567_89AB_CDEFL);
        }
    }

    @Test
    void isEmptyAfterAChange() {
        blanks.ticket(0);
        blanks.checksum(0, Long.BYTES);
        blanks.clear();
        blanks.fill(ops, -1);
        assertThat(ops).containsOnly(0);
    }
}
