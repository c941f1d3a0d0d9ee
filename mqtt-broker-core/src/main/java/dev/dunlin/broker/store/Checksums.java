package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Values that end with a CRC32C of what is before it. */
final class Checksums {
    private Checksums() {}

    /**
     * Checks a value and takes the checksum off.
     *
     * @return a view of what is before it
     */
    static ByteBuffer checked(ByteBuffer value, String what) throws StoreException {
        if (value.remaining() < Integer.BYTES) {
            throw damaged(what);
        }
        ByteBuffer content = value.slice(value.position(), value.remaining() - Integer.BYTES);
        CRC32C crc = new CRC32C();
        crc.update(content.duplicate());
        if ((int) crc.getValue() != value.getInt(value.limit() - Integer.BYTES)) {
            throw damaged(what);
        }
        return content;
    }

    static StoreException damaged(String what) {
        return new StoreException(Kind.CORRUPT, what + " in the store is damaged: its checksum is wrong");
    }
}
