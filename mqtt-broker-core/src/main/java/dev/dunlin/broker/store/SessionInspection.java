package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import java.nio.ByteBuffer;

/**
 * Inspects the space SESSION. Its keys are in an order that helps: clients and groups, which have sids, come before what
 * belongs to them.
 */
final class SessionInspection {
    private static final int PACKET_KEY_BYTES = Keys.SID_PREFIX_BYTES + Short.BYTES;

    private final Inspection all;
    private long exchanges;
    private long answered;
    private long received;
    private long subscriptions;

    SessionInspection(Inspection all) {
        this.all = all;
    }

    boolean record(ByteBuffer key, ByteBuffer value) throws StoreException {
        char kind = key.hasRemaining() ? (char) key.get(key.position()) : 0;
        return switch (kind) {
            case Keys.CLIENT -> client(key, value);
            case Keys.GROUP -> key.remaining() == Keys.SID_PREFIX_BYTES ? group(key, value) : badKey(key);
            case Keys.EXCHANGE -> key.remaining() == PACKET_KEY_BYTES ? exchange(key, value) : badKey(key);
            case Keys.RECEIVED -> key.remaining() == PACKET_KEY_BYTES ? received(key, value) : badKey(key);
            case Keys.SUBSCRIPTION -> key.remaining() > Keys.SID_PREFIX_BYTES ? subscription(key, value) : badKey(key);
            default -> {
                all.findings().damage(Findings.NOBODY, "a record of the unknown kind " + (int) kind + " in SESSION");
                yield true;
            }
        };
    }

    void tellWhatIsLeftOver() {
        all.findings().leftOver("subscriptions of ended sessions", subscriptions);
        all.findings().leftOver("outbound QoS 2 exchanges of ended sessions", exchanges);
        all.findings().leftOver("outbound QoS 2 exchanges that were answered already", answered);
        all.findings().leftOver("inbound QoS 2 packet ids of ended sessions", received);
    }

    private boolean badKey(ByteBuffer key) {
        return all.badKey(Space.SESSION, key);
    }

    private boolean client(ByteBuffer key, ByteBuffer value) throws StoreException {
        String name = Names.client(key);
        return all.record(Findings.NOBODY, name, () -> {
            StoredSession session = StoredSession.read(value);
            all.requireTicket(Findings.NOBODY, name, session.sid());
            all.sids().add(session.sid());
            for (long sequence : session.sequences()) {
                all.requireTicket(Findings.NOBODY, name + ": a message under way", sequence);
            }
        });
    }

    private boolean group(ByteBuffer key, ByteBuffer value) throws StoreException {
        long sid = sid(key);
        all.sids().add(sid);
        return all.record(sid, "its record", () -> {
            String filter = StoredGroup.read(value);
            all.requireTicket(sid, "shared group " + filter, sid);
        });
    }

    private boolean exchange(ByteBuffer key, ByteBuffer value) throws StoreException {
        long sid = sid(key);
        int packetId = packetId(key);
        return all.record(sid, "exchange " + packetId, () -> {
            StoredExchange exchange = StoredExchange.read(packetId, value);
            all.requireTicket(sid, "the message of exchange " + packetId, exchange.sequence());
            if (!isKnown(sid)) {
                exchanges++;
            } else if (!exchange.released()
                    && all.view().get(Space.QUEUE, Keys.entry(sid, exchange.sequence())) == null) {
                answered++;
            }
        });
    }

    private boolean received(ByteBuffer key, ByteBuffer value) throws StoreException {
        long sid = sid(key);
        return all.record(sid, "the received packet id " + packetId(key), () -> {
            if (value.remaining() != 1 || value.get(value.position()) != 1) {
                all.findings().damage(sid, "the record of the received packet id " + packetId(key) + " is damaged");
            }
            received += isKnown(sid) ? 0 : 1;
        });
    }

    private boolean subscription(ByteBuffer key, ByteBuffer value) throws StoreException {
        long sid = sid(key);
        String filter = Keys.text(key.duplicate().position(key.position() + Keys.SID_PREFIX_BYTES));
        return all.record(sid, "subscription " + filter, () -> {
            StoredSubscription subscription = StoredSubscription.read(filter, value);
            StoredSubscription.Replay replay = subscription.replay();
            if (replay != null && replay.lastTicket() != 0) {
                all.requireTicket(sid, "the replay of " + filter, replay.lastTicket());
            }
            subscriptions += isKnown(sid) ? 0 : 1;
        });
    }

    /** By now all clients and groups have been read. */
    private boolean isKnown(long sid) {
        all.sids().sort();
        return all.sids().contains(sid);
    }

    private static long sid(ByteBuffer key) {
        return key.getLong(key.position() + 1);
    }

    private static int packetId(ByteBuffer key) {
        return Short.toUnsignedInt(key.getShort(key.position() + Keys.SID_PREFIX_BYTES));
    }
}
