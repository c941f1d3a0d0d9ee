package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.codec.QoS;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A subscription of a session, and how far the retained messages have been sent for it.
 *
 * <pre>
 * 0         1       2             6         14
 * +---------+-------+-------------+---------+-------------------------+
 * | version | flags | identifier  | ticket  | last topic, to the end  |   then a checksum
 * +---------+-------+-------------+---------+-------------------------+
 * flags: bits 0-1 maximum QoS, bit 2 no local, bit 3 retain as published, bit 4 a replay is under way
 * ticket and topic are there only while a replay is under way
 * </pre>
 *
 * @param identifier 1 to 268,435,455, or 0 for none
 * @param replay how far the replay of retained messages has come; null if there is none to be gone on with
 */
public record StoredSubscription(
        String filter,
        QoS qos,
        boolean noLocal,
        boolean retainAsPublished,
        int identifier,
        @Nullable Replay replay) {
    private static final int VERSION = 1;

    /**
     * The place of a replay.
     *
     * @param lastTicket values with a later ticket come live
     * @param afterTopic the last topic that was sent or left out; empty at the beginning
     */
    public record Replay(long lastTicket, String afterTopic) {}

    void write(ChangeWriter to, long sid) {
        to.put(Space.SESSION)
                .u8(Keys.SUBSCRIPTION)
                .u64(sid)
                .text(filter)
                .value()
                .u8(VERSION);
        to.u8(qos.level() | (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | (replay != null ? 16 : 0));
        to.u32(identifier);
        if (replay != null) {
            to.u64(replay.lastTicket).text(replay.afterTopic);
        }
        to.endChecked();
    }

    static void delete(ChangeWriter to, long sid, String filter) {
        to.delete(Space.SESSION).u8(Keys.SUBSCRIPTION).u64(sid).text(filter).end();
    }

    static StoredSubscription read(String filter, ByteBuffer value) throws StoreException {
        ByteBuffer in = Checksums.checked(value, "a subscription");
        int version = in.get();
        if (version != VERSION) {
            throw new StoreException(StoreException.Kind.VERSION, "a subscription has version " + version);
        }
        int flags = in.get();
        int identifier = in.getInt();
        Replay replay = (flags & 16) == 0
                ? null
                : new Replay(in.getLong(), StandardCharsets.UTF_8.decode(in).toString());
        return new StoredSubscription(
                filter, QoS.of(flags & 3), (flags & 4) != 0, (flags & 8) != 0, identifier, replay);
    }
}
