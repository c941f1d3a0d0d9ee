package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Space;

/**
 * The changes of one session, staged in its loop's {@link ChangeWriter}. Nothing is submitted here, so that what belongs
 * together becomes one change. Loop only.
 */
public final class SessionChanges {
    private final ChangeWriter to;
    private final long sid;

    /** Changes of the session with this sid. */
    public SessionChanges(ChangeWriter to, long sid) {
        this.to = to;
        this.sid = sid;
    }

    /** The session's record. */
    public static void session(ChangeWriter to, String clientId, StoredSession session) {
        session.write(to, clientId);
    }

    /** The client has no session any more. */
    public static void noSession(ChangeWriter to, String clientId) {
        to.delete(Space.SESSION).u8(Keys.CLIENT).text(clientId).end();
    }

    /** Stages the record of a new shared group, whose sid is the ticket of the change. */
    public static void newGroup(ChangeWriter to, String shareFilter) {
        StoredGroup.write(to, shareFilter);
    }

    /** The shared group is gone; its entries are the caller's. */
    public void noGroup() {
        StoredGroup.delete(to, sid);
    }

    /** A subscription, new or changed. */
    public void subscribed(StoredSubscription subscription) {
        subscription.write(to, sid);
    }

    /** A subscription is gone. */
    public void unsubscribed(String filter) {
        StoredSubscription.delete(to, sid, filter);
    }

    /** A QoS 2 packet id of the client's is in use. */
    public void received(int packetId) {
        to.put(Space.SESSION)
                .u8(Keys.RECEIVED)
                .u64(sid)
                .u16(packetId)
                .value()
                .u8(1)
                .end();
    }

    /** A QoS 2 packet id of the client's is free. */
    public void forgotten(int packetId) {
        to.delete(Space.SESSION).u8(Keys.RECEIVED).u64(sid).u16(packetId).end();
    }

    /** A QoS 2 message is sent for the first time. */
    public void sent(int packetId, long entry) {
        new StoredExchange(packetId, EntryId.sequence(entry), false).write(to, sid);
    }

    /** PUBREC has come: only the packet id stays. */
    public void released(int packetId, long entry) {
        new StoredExchange(packetId, EntryId.sequence(entry), true).write(to, sid);
        entryGone(entry);
    }

    /** PUBCOMP has come. */
    public void completed(int packetId) {
        StoredExchange.delete(to, sid, packetId);
    }

    /** An entry was delivered, dropped or has expired. */
    public void entryGone(long entry) {
        to.delete(Space.QUEUE).u64(sid).u64(EntryId.sequence(entry)).end();
        referenceGone(entry);
    }

    /** An entry is gone with its whole range: if it refers to a message, that has one reference less. */
    public void referenceGone(long entry) {
        if (EntryId.isReference(entry)) {
            to.release(EntryId.sequence(entry));
        }
    }

    /** A new entry whose message it carries; its sequence is the change's ticket. */
    public void inline(StoredEntry.Delivery delivery, StoredMessage.Kept message, long publishedAtMs) {
        StoredEntry.writeInline(to, sid, delivery, message, publishedAtMs);
    }

    /** A new entry that refers to the change's message, which {@link StoredMessage#writeShared} stages last. */
    public void reference(StoredEntry.Delivery delivery) {
        StoredEntry.writeReference(to, sid, delivery);
    }

    /** An entry of a shared group becomes one of this session's, with its reference. */
    public void movedFrom(long groupSid, long entry, StoredEntry.Delivery delivery, Again again) {
        removedFrom(groupSid, entry);
        StoredEntry.writeAgain(to, sid, entry, delivery, again);
    }

    /** An entry is gone from a queue whose message stays: its reference goes elsewhere. */
    private void removedFrom(long queueSid, long entry) {
        to.delete(Space.QUEUE).u64(queueSid).u64(EntryId.sequence(entry)).end();
    }

    /** Notes at an entry that it may have been sent. */
    public void maybeSent(long entry, StoredEntry.Delivery delivery, Again again) {
        StoredEntry.writeAgain(to, sid, EntryId.maybeSent(entry), delivery, again);
    }

    /**
     * What an entry that is written again is made of, if it carries its message.
     *
     * @param publishedAtMs wall time
     */
    public record Again(StoredMessage.Kept message, long publishedAtMs) {}

    /** All entries go, whatever they are. Their references are the caller's. */
    public void noEntries() {
        to.deleteRange(Space.QUEUE).u64(sid).u64(0).value().u64(sid + 1).u64(0).end();
    }

    /** All QoS 2 packet ids go, whatever they are. */
    public void noExchanges() {
        for (char kind : new char[] {Keys.EXCHANGE, Keys.RECEIVED}) {
            to.deleteRange(Space.SESSION)
                    .u8(kind)
                    .u64(sid)
                    .value()
                    .u8(kind)
                    .u64(sid + 1)
                    .end();
        }
    }
}
