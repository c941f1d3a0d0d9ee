package dev.dunlin.broker.store;

import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Where the ticket of a change belongs in its operations, and the checksums over values that contain it. It is filled in when
 * the ticket has been claimed: then nothing may fail, so nothing here makes an object by that time. Loop only.
 */
final class TicketRoom { // hot
    private final CRC32C crc = new CRC32C();
    private int[] ticketsAt = new int[8];
    private int tickets;

    /** Pairs: where a value begins, and where its checksum stands, directly behind it. */
    private int[] checksums = new int[8];

    private int checksumEnd;

    /** Eight bytes at an index are for the ticket. */
    void ticketAt(int index) {
        if (tickets == ticketsAt.length) {
            ticketsAt = Arrays.copyOf(ticketsAt, 2 * tickets);
        }
        ticketsAt[tickets++] = index;
    }

    /** Whether a ticket belongs somewhere behind this index. */
    boolean isBehind(int index) {
        return tickets > 0 && ticketsAt[tickets - 1] >= index;
    }

    /** Four bytes at {@code to} are for the checksum of what stands from {@code from} on. */
    void checksum(int from, int to) {
        if (checksumEnd == checksums.length) {
            checksums = Arrays.copyOf(checksums, 2 * checksumEnd);
        }
        checksums[checksumEnd++] = from;
        checksums[checksumEnd++] = to;
    }

    void fill(byte[] ops, long ticket) {
        for (int i = 0; i < tickets; i++) {
            Bytes.putLong(ops, ticketsAt[i], ticket);
        }
        for (int i = 0; i < checksumEnd; i += 2) {
            int to = checksums[i + 1];
            crc.reset();
            crc.update(ops, checksums[i], to - checksums[i]);
            Bytes.putInt(ops, to, (int) crc.getValue());
        }
    }

    void clear() {
        tickets = 0;
        checksumEnd = 0;
    }
}
