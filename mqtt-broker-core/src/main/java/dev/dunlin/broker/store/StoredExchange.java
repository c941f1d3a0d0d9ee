package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import java.nio.ByteBuffer;

/**
 * An outbound QoS 2 exchange: version 1, the sequence of its entry, and whether PUBREC has come; then a checksum.
 *
 * @param released PUBREC has come: the entry is gone and only the packet id is remembered
 */
public record StoredExchange(int packetId, long sequence, boolean released) {
    private static final int VERSION = 1;

    void write(ChangeWriter to, long sid) {
        to.put(Space.SESSION).u8(Keys.EXCHANGE).u64(sid).u16(packetId).value();
        to.u8(VERSION).u64(sequence).u8(released ? 1 : 0).endChecked();
    }

    static void delete(ChangeWriter to, long sid, int packetId) {
        to.delete(Space.SESSION).u8(Keys.EXCHANGE).u64(sid).u16(packetId).end();
    }

    static StoredExchange read(int packetId, ByteBuffer value) throws StoreException {
        ByteBuffer in = Checksums.checked(value, "an exchange");
        int version = in.get();
        if (version != VERSION) {
            throw new StoreException(StoreException.Kind.VERSION, "an exchange has version " + version);
        }
        return new StoredExchange(packetId, in.getLong(), in.get() != 0);
    }
}
