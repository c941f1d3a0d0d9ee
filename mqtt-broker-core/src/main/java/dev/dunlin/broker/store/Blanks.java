package dev.dunlin.broker.store;

import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * What of a staged change can't be written before its ticket is known: the places where the ticket belongs, and the checksums
 * of values that it stands in. Loop only.
 */
final class Blanks { // hot
    private static final int BEGIN_AND_END = 2;

    private final CRC32C crc = new CRC32C();
    private int[] ticketsAt = new int[8];
    private int tickets;

    /** Begin and end of values; the checksum follows. */
    private int[] values = new int[4];

    private int valueCount;

    /** The ticket belongs here. */
    void ticket(int at) {
        if (tickets == ticketsAt.length) {
            ticketsAt = Arrays.copyOf(ticketsAt, 2 * tickets);
        }
        ticketsAt[tickets++] = at;
    }

    /** Whether the ticket belongs somewhere from here on. */
    boolean isTicketBehind(int at) {
        return tickets > 0 && ticketsAt[tickets - 1] >= at;
    }

    /** The checksum of a value belongs behind it. */
    void checksum(int from, int to) {
        if (BEGIN_AND_END * valueCount == values.length) {
            values = Arrays.copyOf(values, 2 * values.length);
        }
        values[BEGIN_AND_END * valueCount] = from;
        values[BEGIN_AND_END * valueCount + 1] = to;
        valueCount++;
    }

    /** Fills everything in. Can't fail: it makes no object. */
    void fill(byte[] ops, long ticket) {
        for (int i = 0; i < tickets; i++) {
            Bytes.putLong(ops, ticketsAt[i], ticket);
        }
        for (int i = 0; i < valueCount; i++) {
            int from = values[BEGIN_AND_END * i];
            int to = values[BEGIN_AND_END * i + 1];
            crc.reset();
            crc.update(ops, from, to - from);
            Bytes.putInt(ops, to, (int) crc.getValue());
        }
    }

    void clear() {
        tickets = 0;
        valueCount = 0;
    }
}
