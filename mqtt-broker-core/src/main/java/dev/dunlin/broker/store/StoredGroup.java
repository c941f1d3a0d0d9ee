package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import java.nio.ByteBuffer;

/**
 * The group of a shared subscription whose messages are stored: version 1, then the shared filter to the end, and a checksum.
 * Its key has the sid that its queue entries lie under. Its members are the sessions with a subscription of that filter; a
 * group without any is dead.
 *
 * <p>The record is found by sid, not by filter, so that the record of a new group and the removal of a former one of the same
 * name, which come from two loops, never touch one key.
 */
final class StoredGroup {
    private static final int VERSION = 1;

    private StoredGroup() {}

    /** Stages the record of a new group; its sid is the ticket of the change. */
    static void write(ChangeWriter to, String shareFilter) {
        to.put(Space.SESSION).u8(Keys.GROUP).ticket().value();
        to.u8(VERSION).text(shareFilter).endChecked();
    }

    static void delete(ChangeWriter to, long sid) {
        to.delete(Space.SESSION).u8(Keys.GROUP).u64(sid).end();
    }

    /** The shared filter in a record. */
    static String read(ByteBuffer value) throws StoreException {
        ByteBuffer in = Checksums.checked(value, "a shared group");
        int version = in.get();
        if (version != VERSION) {
            throw new StoreException(StoreException.Kind.VERSION, "a shared group has version " + version);
        }
        return Keys.text(in);
    }
}
