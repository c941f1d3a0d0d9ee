package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.View;
import dev.dunlin.codec.Publish;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;

/**
 * Reads every record of a store, and holds them against each other. Changes nothing. What it keeps in memory meanwhile is eight
 * bytes for each session and shared group, eight and a bit for each message outside of its queue entry, and the largest value.
 * One thread, once.
 */
public final class Inspection {
    private static final byte[] BEGIN = {};

    private final View view;
    private final Tally tally = new Tally();
    private final Findings findings = new Findings();
    private final long lastTicket;

    /** Of all sessions and groups, sorted once SESSION has been read. */
    private final Longs sids = new Longs();

    private final Longs messageIds = new Longs();
    private final BitSet referenced = new BitSet();
    private List<String> damage = List.of();

    private Inspection(View view) throws StoreException {
        this.view = view;
        lastTicket = Meta.lastTicket(view);
    }

    /** Inspects what a view shows, whose format is known. */
    public static Inspection of(View view) throws StoreException {
        Inspection inspection = new Inspection(view);
        inspection.run();
        return inspection;
    }

    /** How many records there are. */
    public Tally tally() {
        return tally;
    }

    /** How many records are damaged, or lost. */
    public long damaged() {
        return findings.damaged();
    }

    /** The first ones of these, a sentence each. */
    public List<String> damage() {
        return damage;
    }

    /** What the next start removes, a sentence for each kind. */
    public List<String> leftOver() {
        return findings.leftOver();
    }

    private void run() throws StoreException {
        walk(Space.META, this::meta);
        SessionInspection sessions = new SessionInspection(this);
        boolean sidsKnown = walk(Space.SESSION, sessions::record) && findings.damaged() == 0;
        sids.sort();
        if (sidsKnown) {
            sessions.tellWhatIsLeftOver();
        }
        boolean messagesKnown = walk(Space.MESSAGE, this::message);
        QueueInspection queues = new QueueInspection(this, messagesKnown);
        boolean queuesKnown = walk(Space.QUEUE, queues::entry);
        if (sidsKnown) {
            queues.tellWhatIsLeftOver();
        }
        if (queuesKnown) {
            tellOfUnreferencedMessages();
        }
        walk(Space.RETAINED, this::retained);
        damage = findings.damage(view);
    }

    /** Returns whether the space could be read to its end. */
    private boolean walk(Space space, View.Visitor visitor) throws StoreException {
        try {
            view.scan(space, BEGIN, null, (key, value) -> {
                tally.count(space, key, value);
                return visitor.entry(key, value);
            });
            return true;
        } catch (StoreException e) {
            if (e.kind() != Kind.CORRUPT && e.kind() != Kind.IO) {
                throw e;
            }
            findings.damage(Findings.NOBODY, space + " can't be read to its end: " + e.getMessage());
            return false;
        }
    }

    // ---- what the parts share

    Findings findings() {
        return findings;
    }

    Longs sids() {
        return sids;
    }

    View view() {
        return view;
    }

    /** Reads a record. */
    @FunctionalInterface
    interface Reading {
        /** Reads, throws if it can't, and notes what is wrong with it. */
        void read() throws StoreException;
    }

    /** Reads a record; notes as damage if that fails, whatever the bytes are. Returns true: the scan goes on. */
    boolean record(long sid, String name, Reading reading) throws StoreException {
        try {
            reading.read();
        } catch (StoreException e) {
            if (e.kind() != Kind.CORRUPT && e.kind() != Kind.VERSION) {
                throw e;
            }
            findings.damage(sid, name + ": " + e.getMessage());
        } catch (RuntimeException e) { // the bytes are not what they should be, and a reader ran over their end
            findings.damage(sid, name + " can't be read: " + e);
        }
        return true;
    }

    /** A key that is too short to say what it belongs to, or too long. */
    boolean badKey(Space space, ByteBuffer key) {
        findings.damage(Findings.NOBODY, "a key in " + space + " has " + key.remaining() + " bytes");
        return true;
    }

    /** Whatever has a number got it from the one queue of changes, before the last one. */
    void requireTicket(long sid, String name, long ticket) {
        if (ticket <= 0 || ticket > lastTicket) {
            findings.damage(sid, name + " has number " + ticket + ", but the last one that was given is " + lastTicket);
        }
    }

    /** Notes that a queue entry refers to a message. Returns whether it is there. */
    boolean refer(long messageId) {
        int index = messageIds.indexOf(messageId);
        if (index >= 0) {
            referenced.set(index);
        }
        return index >= 0;
    }

    // ---- the small spaces

    private boolean meta(ByteBuffer key, ByteBuffer value) throws StoreException {
        String name = Keys.text(key);
        return record(Findings.NOBODY, "META " + name, () -> {
            String wrong = Meta.wrong(name, value);
            if (!wrong.isEmpty()) {
                findings.damage(Findings.NOBODY, "META " + name + " " + wrong);
            }
        });
    }

    private boolean message(ByteBuffer key, ByteBuffer value) throws StoreException {
        if (key.remaining() != Long.BYTES) {
            return badKey(Space.MESSAGE, key);
        }
        long id = key.getLong(key.position());
        messageIds.add(id);
        return record(Findings.NOBODY, "message " + id, () -> {
            requireTicket(Findings.NOBODY, "message " + id, id);
            String topic =
                    StoredMessage.read(Checksums.checked(value, "a message")).decode(Publish::topic);
            if (topic.isEmpty()) {
                findings.damage(Findings.NOBODY, "message " + id + " has no topic");
            }
        });
    }

    private boolean retained(ByteBuffer key, ByteBuffer value) throws StoreException {
        String topic = StandardCharsets.UTF_8.decode(key.duplicate()).toString();
        String name = "the retained message of " + topic;
        return record(Findings.NOBODY, name, () -> {
            StoredRetained.Content record = StoredRetained.borrowed(topic, value);
            requireTicket(Findings.NOBODY, name, record.ticket());
            String published = record.message().decode(Publish::topic);
            if (!published.equals(topic)) {
                findings.damage(Findings.NOBODY, name + " was published to " + published);
            }
        });
    }

    /** With references counted, a message goes with its last entry: that one is there means that an entry is lost. */
    private void tellOfUnreferencedMessages() throws StoreException {
        int unreferenced = messageIds.size() - referenced.cardinality();
        if (unreferenced == 0) {
            return;
        }
        if (Meta.mayHoldForgottenMessages(view)) {
            findings.leftOver("messages that no queue refers to any more", unreferenced);
            return;
        }
        for (int i = referenced.nextClearBit(0); i < messageIds.size(); i = referenced.nextClearBit(i + 1)) {
            findings.damage(Findings.NOBODY, "message " + messageIds.get(i) + " is in no queue: its entries are lost");
        }
    }
}
