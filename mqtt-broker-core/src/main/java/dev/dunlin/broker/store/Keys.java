package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The keys of the records, big-endian, so that what belongs to one session lies together and in order.
 *
 * <pre>
 * SESSION   'c' client id            a session
 *           'g' sid                  a shared group
 *           'o' sid packet id        an outbound QoS 2 exchange
 *           'r' sid packet id        an inbound QoS 2 packet id
 *           's' sid filter           a subscription
 * QUEUE     sid seq                  what waits for a session
 * MESSAGE   message id               a message that queue entries refer to
 * RETAINED  topic                    a retained message
 * </pre>
 */
final class Keys {
    static final char CLIENT = 'c';
    static final char GROUP = 'g';
    static final char EXCHANGE = 'o';
    static final char RECEIVED = 'r';
    static final char SUBSCRIPTION = 's';

    /** Bytes before a packet id or filter: the kind and the sid. */
    static final int SID_PREFIX_BYTES = 1 + Long.BYTES;

    static final byte[] CLIENTS = {(byte) CLIENT};
    static final byte[] AFTER_CLIENTS = {(byte) (CLIENT + 1)};
    static final byte[] GROUPS = {(byte) GROUP};
    static final byte[] AFTER_GROUPS = {(byte) (GROUP + 1)};
    static final byte[] EXCHANGES = {(byte) EXCHANGE};
    static final byte[] SUBSCRIPTIONS = {(byte) SUBSCRIPTION};
    static final byte[] AFTER_SUBSCRIPTIONS = {(byte) (SUBSCRIPTION + 1)};

    private Keys() {}

    /** The first key of a session's exchanges, received ids or subscriptions. */
    static byte[] ofSession(char kind, long sid) {
        return ByteBuffer.allocate(SID_PREFIX_BYTES)
                .put((byte) kind)
                .putLong(sid)
                .array();
    }

    /** A queue entry, or where the entries of a session from this one on begin. */
    static byte[] entry(long sid, long sequence) {
        return ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(sid)
                .putLong(sequence)
                .array();
    }

    static byte[] message(long messageId) {
        return ByteBuffer.allocate(Long.BYTES).putLong(messageId).array();
    }

    /** What remains of a key, as text. */
    static String text(ByteBuffer key) {
        return StandardCharsets.UTF_8.decode(key.duplicate()).toString();
    }

    /** Deletes all that a session has left but its messages. */
    static void deleteSession(OpBuffer batch, long sid) {
        for (char kind : new char[] {EXCHANGE, RECEIVED, SUBSCRIPTION}) {
            batch.deleteRange(
                    Space.SESSION, ByteBuffer.wrap(ofSession(kind, sid)), ByteBuffer.wrap(ofSession(kind, sid + 1)));
        }
        batch.deleteRange(Space.QUEUE, ByteBuffer.wrap(entry(sid, 0)), ByteBuffer.wrap(entry(sid + 1, 0)));
    }
}
