package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.codec.Publish;
import java.nio.ByteBuffer;

/** Inspects the space QUEUE, when the sids and the ids of all messages are known. */
final class QueueInspection {
    private final Inspection all;
    private final boolean messagesKnown;
    private long leftOver;

    /**
     * An inspection.
     *
     * @param messagesKnown false if MESSAGE couldn't be read to its end: then nothing is missing for certain
     */
    QueueInspection(Inspection all, boolean messagesKnown) {
        this.all = all;
        this.messagesKnown = messagesKnown;
    }

    boolean entry(ByteBuffer key, ByteBuffer value) throws StoreException {
        if (key.remaining() != 2 * Long.BYTES) {
            return all.badKey(Space.QUEUE, key);
        }
        long sid = key.getLong(key.position());
        long sequence = key.getLong(key.position() + Long.BYTES);
        leftOver += all.sids().contains(sid) ? 0 : 1;
        String name = "queue entry " + sequence;
        long messageId = StoredEntry.messageId(value); // also of one that is damaged: the message is not to blame
        boolean referred = messageId != StoredEntry.INLINE && all.refer(messageId);
        return all.record(sid, name, () -> {
            all.requireTicket(sid, name, sequence);
            StoredEntry entry = StoredEntry.read(sequence, value);
            StoredMessage message = entry.message();
            if (message != null) {
                message.decode(Publish::topic);
            } else if (!referred && messagesKnown) {
                all.findings().damage(sid, name + ": its message " + messageId + " is missing");
            }
        });
    }

    void tellWhatIsLeftOver() {
        all.findings().leftOver("queue entries of ended sessions", leftOver);
    }
}
