package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import java.nio.ByteBuffer;

/** A retained message under its topic: version 1, the ticket of the change that set it, a {@link StoredMessage}, a checksum. */
public final class StoredRetained {
    private static final int VERSION = 1;

    private StoredRetained() {}

    /** Stages the retained message of a topic. */
    public static void write(ChangeWriter to, String topic, StoredMessage.Kept message, long publishedAtMs) {
        to.put(Space.RETAINED).text(topic).value().u8(VERSION).ticket();
        StoredMessage.finish(to, message, publishedAtMs);
    }

    /** Stages its removal. */
    public static void delete(ChangeWriter to, String topic) {
        to.delete(Space.RETAINED).text(topic).end();
    }

    /**
     * As it is stored.
     *
     * @param message its packet lies in the buffer that was read from
     */
    record Content(long ticket, StoredMessage message) {}

    static void read(String topic, ByteBuffer value, Store.Recovered to) throws StoreException {
        ByteBuffer in = content(topic, value);
        long ticket = in.getLong();
        ByteBuffer copy = ByteBuffer.allocate(in.remaining()).put(in).flip();
        to.retained(topic, ticket, StoredMessage.read(copy));
    }

    /** Reads without a copy: what is returned is valid as long as the value. */
    static Content borrowed(String topic, ByteBuffer value) throws StoreException {
        ByteBuffer in = content(topic, value);
        return new Content(in.getLong(), StoredMessage.read(in));
    }

    private static ByteBuffer content(String topic, ByteBuffer value) throws StoreException {
        ByteBuffer in = Checksums.checked(value, "the retained message of " + topic);
        int version = in.get();
        if (version != VERSION) {
            throw new StoreException(StoreException.Kind.VERSION, "a retained message has version " + version);
        }
        return in;
    }
}
