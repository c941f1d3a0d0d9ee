package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.codec.QoS;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A queue entry: one message for one session.
 *
 * <pre>
 * 0         1       2          3               3 + 4 n
 * +---------+-------+----------+---------------+-----------------------+
 * | version | flags | n, iden- | subscription  | message id, 8 bytes   |   then a checksum
 * | 1       |       | tifiers  | identifiers   | or a StoredMessage    |
 * +---------+-------+----------+---------------+-----------------------+
 * flags: bits 0-1 QoS of the delivery, bit 2 its RETAIN, bit 3 the message itself follows, bit 4 it may have been sent
 * </pre>
 *
 * @param sequence the ticket of the change that stored it, ascending in the order of delivery
 * @param qos of the delivery
 * @param retain RETAIN of the delivery
 * @param maybeSent whether it may have been sent to a member of a shared group
 * @param subscriptionIds of all subscriptions that it is delivered for
 * @param messageId of the message that it refers to, or {@link #INLINE}
 * @param message the message; null if it wasn't asked for
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record StoredEntry(
        long sequence,
        QoS qos,
        boolean retain,
        boolean maybeSent,
        int[] subscriptionIds,
        long messageId,
        @Nullable StoredMessage message) {
    /** The message id of an entry that carries its message. */
    public static final long INLINE = -1;

    private static final int VERSION = 1;
    private static final int RETAIN = 4;
    private static final int CARRIES_MESSAGE = 8;
    private static final int MAYBE_SENT = 16;
    private static final int IDS_MAX = 255;
    private static final int FIXED_BYTES = 3;

    /** What a delivery is like. */
    public interface Delivery {
        /** The lower of published and granted. */
        QoS qos();

        /** RETAIN as the subscriber gets it. */
        boolean retainFlag();

        /** Subscription identifiers; the first 255 are stored. */
        int[] subscriptionIds();
    }

    /** Stages an entry that refers to the message with the change's own ticket. */
    static void writeReference(ChangeWriter to, long sid, Delivery delivery) {
        to.put(Space.QUEUE).u64(sid).ticket().value();
        head(to, delivery, 0);
        to.ticket().endChecked();
        to.reference();
    }

    /** Stages an entry that carries its message, which has no payload beside its frame. */
    static void writeInline(
            ChangeWriter to, long sid, Delivery delivery, StoredMessage.Kept message, long publishedAtMs) {
        to.put(Space.QUEUE).u64(sid).ticket().value();
        head(to, delivery, CARRIES_MESSAGE);
        StoredMessage.write(to, message, publishedAtMs);
        to.endChecked();
    }

    /** Stages an entry that is there already, once more or for another session: it keeps its sequence and its message. */
    static void writeAgain(ChangeWriter to, long sid, long entry, Delivery delivery, SessionChanges.Again again) {
        int sent = EntryId.isMaybeSent(entry) ? MAYBE_SENT : 0;
        to.put(Space.QUEUE).u64(sid).u64(EntryId.sequence(entry)).value();
        if (EntryId.isReference(entry)) {
            head(to, delivery, sent);
            to.u64(EntryId.sequence(entry));
        } else {
            head(to, delivery, sent | CARRIES_MESSAGE);
            StoredMessage.write(to, again.message(), again.publishedAtMs());
        }
        to.endChecked();
    }

    private static void head(ChangeWriter to, Delivery delivery, int flags) {
        to.u8(VERSION).u8(delivery.qos().level() | (delivery.retainFlag() ? RETAIN : 0) | flags);
        int[] ids = delivery.subscriptionIds();
        int n = Math.min(ids.length, IDS_MAX);
        to.u8(n);
        for (int i = 0; i < n; i++) {
            to.u32(ids[i]);
        }
    }

    /** Reads an entry; the message it refers to is not read. */
    static StoredEntry read(long sequence, ByteBuffer value) throws StoreException {
        ByteBuffer in = Checksums.checked(value, "a queue entry");
        int version = in.get();
        if (version != VERSION) {
            throw new StoreException(StoreException.Kind.VERSION, "a queue entry has version " + version);
        }
        int flags = in.get();
        int[] ids = new int[Byte.toUnsignedInt(in.get())];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = in.getInt();
        }
        boolean inline = (flags & CARRIES_MESSAGE) != 0;
        long messageId = inline ? INLINE : in.getLong();
        StoredMessage message = inline ? StoredMessage.read(copy(in)) : null;
        return new StoredEntry(
                sequence, QoS.of(flags & 3), (flags & RETAIN) != 0, (flags & MAYBE_SENT) != 0, ids, messageId, message);
    }

    /** The message that a stored entry refers to, without reading more of it; {@link #INLINE} if it is cut off. */
    static long messageId(ByteBuffer value) {
        int at = value.position();
        if (value.remaining() < FIXED_BYTES || (value.get(at + 1) & CARRIES_MESSAGE) != 0) {
            return INLINE;
        }
        int idAt = at + FIXED_BYTES + Integer.BYTES * Byte.toUnsignedInt(value.get(at + 2));
        return idAt + Long.BYTES > value.limit() ? INLINE : value.getLong(idAt);
    }

    StoredEntry with(StoredMessage read) {
        return new StoredEntry(sequence, qos, retain, maybeSent, subscriptionIds, messageId, read);
    }

    private static ByteBuffer copy(ByteBuffer borrowed) {
        return ByteBuffer.allocate(borrowed.remaining()).put(borrowed).flip();
    }
}
