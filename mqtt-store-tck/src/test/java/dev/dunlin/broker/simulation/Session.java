package dev.dunlin.broker.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One session of a client, from its making to its end, as far as its client can know: what has come, and what is still owed. */
final class Session {
    final String client;
    final boolean persistent;
    final long expiryMs;
    final Map<String, Sub> subs = new LinkedHashMap<>();

    /** Subscriptions that have ended, whose messages may still come. */
    private final List<Sub> formerSubs = new ArrayList<>();

    /** What must still come, by the id of the message. QoS 0 is owed only as long as the connection holds. */
    final Set<Integer> owed = new LinkedHashSet<>();

    /** Retained values that must still come, or a newer one: the place in the order, by topic. */
    final Map<String, Message> owedRetained = new HashMap<>();

    /** Copies of a message that have come, by its id. */
    final Map<Integer, Copies> copies = new HashMap<>();

    /** The last message that came, by what is kept in order. */
    final Map<String, Message> last = new HashMap<>();

    /** Packet ids that stand for a message until the client has acknowledged it. */
    final Map<Integer, Integer> inUse = new HashMap<>();

    /** Those of them that were sent with QoS 2. */
    final Set<Integer> exactlyOnce = new LinkedHashSet<>();

    /** Those of them that may belong to a session that is gone. */
    final Set<Integer> doubtful = new LinkedHashSet<>();

    /** Those of them that count against the quota of the present connection. */
    final Set<Integer> open = new LinkedHashSet<>();

    /** Counts the sessions that it may have been: another one may have taken its place without its client's knowing. */
    int identity;

    /** Whether it is there at all. */
    boolean certain = true;

    boolean connected;
    long connectedAt;

    /** The latest moment at which it had no connection. */
    long connectSentMs;

    int receiveMaximum;
    int connection;

    /** Without a connection it ends some time between these two. */
    long endsEarliestMs = Message.NEVER;

    long endsLatestMs = Message.NEVER;

    /** When the broker has ended the present connection. */
    long endedByBrokerMs = Message.NEVER;

    long lostWallMs;

    Session(String client, boolean persistent, long expiryMs) {
        this.client = client;
        this.persistent = persistent;
        this.expiryMs = expiryMs;
    }

    /** How a message has come. */
    static final class Copies {
        /** Without DUP. */
        int fresh;

        /** In all, each packet id once as long as it is in use. */
        int all;

        int qos;

        /** Packet ids in the present life of the broker, which it knows to be one message's; {@code life} counts crashes. */
        int inLife;

        int life;

        int inLife(int crashes) {
            return life == crashes ? inLife : 0;
        }

        /** Its packet ids, and on which connection each came last. */
        final Map<Integer, Integer> packetIds = new HashMap<>();

        /** Whether a packet id of it has come before, on another connection. */
        boolean cameBefore(int packetId, int connection) {
            Integer on = packetIds.get(packetId);
            return on != null && on != connection;
        }
    }

    Copies copies(int message) {
        return copies.computeIfAbsent(message, id -> new Copies());
    }

    boolean hasCome(int message) {
        Copies come = copies.get(message);
        return come != null && come.all > 0;
    }

    /** Whether it must be there at this moment. */
    boolean mustExist(long nowMs) {
        return certain && nowMs < endsEarliestMs;
    }

    boolean mayExist(long nowMs) {
        return nowMs <= endsLatestMs;
    }

    /** Nobody knows any more whether it is there, and with which subscriptions. */
    void uncertain() {
        identity++;
        certain = false;
        doubtful.addAll(inUse.keySet());
        forgive();
        subs.values().forEach(sub -> sub.mustFrom = Message.NEVER);
    }

    /** The message that a packet id stands for; null if it is free, as it may be when nobody knows which session this is. */
    @Nullable
    Integer holds(int packetId, int message) {
        Integer holds = inUse.get(packetId);
        boolean gone = doubtful.remove(packetId) && holds != null && holds != message;
        return gone ? null : holds;
    }

    /** Whether a packet id is in use for sure. */
    boolean isInUse(int packetId) {
        return inUse.containsKey(packetId) && !doubtful.contains(packetId);
    }

    /** Nothing is owed any more. */
    void forgive() {
        owed.clear();
        owedRetained.clear();
    }

    /** Takes a subscription in the place of one that has ended. */
    void put(Sub sub) {
        Sub former = subs.put(sub.filter, sub);
        if (former != null) {
            formerSubs.add(former);
        }
    }

    /** Its subscriptions, those that have ended too. */
    Stream<Sub> allSubs() {
        return Stream.concat(subs.values().stream(), formerSubs.stream());
    }

    boolean hasRoom() {
        return open.size() < receiveMaximum;
    }

    @Override
    public String toString() {
        return "session of " + client + (connected ? "" : " (from " + endsEarliestMs + " to " + endsLatestMs + " ms)");
    }
}
