package dev.dunlin.broker.simulation;

import dev.dunlin.broker.simulation.Session.Copies;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.codec.QoS;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.helpers.MessageFormatter;

/**
 * What MQTT promises, seen from the clients. It is told what they send and what comes, and throws a {@link Violation} at the
 * first thing that must not be; {@link #quiet} asks for what must have come.
 *
 * <p>Nobody outside knows when exactly the broker does something: a publish is routed between its sending and its
 * acknowledgement, a subscription begins between SUBSCRIBE and SUBACK, a session ends some time after its connection. So
 * everything here has two moments, and <em>may</em> and <em>must</em> are different questions: a message must come if its
 * subscription surely stood all the time in which it may have been routed, and may come if the two times touch.
 *
 * <p>Time is a counter of what has happened ({@code at}); milliseconds are only for what MQTT measures in seconds.
 */
final class Model {
    /** How the broker came back. */
    enum Restart {
        /** It was stopped in good order. */
        ORDERLY,
        /** It was killed, or its machine was. */
        CRASH,
        /** It keeps nothing. */
        FORGETFUL
    }

    /** A retained message without payload: when it arrives nobody can tell which one it is. */
    static final int ANONYMOUS = -1;

    final TimeSource time;
    final long slackMs;
    final List<Message> messages = new ArrayList<>();
    private final Map<String, Session> sessions = new LinkedHashMap<>();
    private final Map<String, Session> opening = new HashMap<>();
    private final Map<String, Integer> drops = new HashMap<>();
    private final List<Message> unacknowledged = new ArrayList<>();
    private final Set<Message> underWay = new LinkedHashSet<>();
    private final Groups groups = new Groups(this);
    private final RetainedValues retained = new RetainedValues(this);
    private final Wills wills = new Wills(this);
    private long at;
    private long orders;
    private long wallMs;
    private int jumps;

    /** At most so far the broker's wall clock is ahead of time's: it doesn't go back over a restart. */
    private long aheadMs;

    private long lastTroubleAt = -1;
    private int restarts;
    private int uncleanRestarts;

    /** @param slackMs how long something may lie between the broker's doing and the client's seeing it */
    Model(TimeSource time, long slackMs) {
        this.time = time;
        this.slackMs = slackMs;
    }

    /** @param otherwise what is wrong, with {} for each of {@code about} */
    static void require(boolean condition, String otherwise, @Nullable Object... about) {
        if (!condition) {
            throw new Violation(MessageFormatter.basicArrayFormat(otherwise, about));
        }
    }

    long at() {
        return at;
    }

    long nowMs() {
        return time.monotonicMs();
    }

    /** The wall clock as the broker sees it at its start. */
    long wallMs() {
        return wallMs;
    }

    /** Somebody sets the wall clock, by which ages are counted over a restart. */
    void jumped() {
        jumps++;
        for (Session session : sessions.values()) { // the broker may not know yet that its connection is over
            session.lostWallMs = Math.min(session.lostWallMs, time.wallMs());
        }
        wills.jumped();
    }

    /** The store is not well at this moment. */
    void trouble() {
        lastTroubleAt = at;
    }

    long lastTroubleAt() {
        return lastTroubleAt;
    }

    Collection<Session> sessions() {
        return sessions.values();
    }

    /** The session that a client has, or may have; null if it has none. */
    @Nullable
    Session session(String client) {
        return sessions.get(client);
    }

    Groups groups() {
        return groups;
    }

    RetainedValues retained() {
        return retained;
    }

    Wills wills() {
        return wills;
    }

    // ---- connections

    /** CONNECT is sent. */
    void connecting(String client, boolean cleanStart, boolean persistent, long expiryMs) {
        at++;
        wills.connecting(client);
        Session former = sessions.get(client);
        if (former != null && cleanStart) {
            groups.leaving(former);
            former.uncertain();
        }
        Session made = new Session(client, persistent, expiryMs);
        made.connectSentMs = nowMs();
        opening.put(client, made);
        if (former != null) {
            former.endedByBrokerMs = Message.NEVER;
            former.connectSentMs = nowMs();
        }
    }

    /** For a client of 3.1, whose CONNACK doesn't say whether a session is present: what it may hope for, and what it must not rely on. */
    boolean mayHaveSession(String client) {
        Session former = sessions.get(client);
        Session made = Objects.requireNonNull(opening.get(client));
        if (former == null || !former.mayExist(made.connectSentMs)) {
            return false;
        }
        if (!former.mustExist(nowMs())) {
            groups.leaving(former);
            former.uncertain();
        }
        return true;
    }

    /** CONNACK has come [5.0:MQTT-3.2.2-2], [5.0:MQTT-3.2.2-3], [3.1.1:MQTT-3.2.2-1], [3.1.1:MQTT-3.2.2-2]. */
    Session connected(String client, boolean cleanStart, boolean present, int receiveMaximum) {
        at++;
        Session former = sessions.get(client);
        Session made = Objects.requireNonNull(opening.remove(client));
        if (present) {
            require(!cleanStart, "{} asked for a clean start and has a session", client);
            require(former != null, "{} has a session that nobody made", client);
            require(former.mayExist(made.connectSentMs), "{} should have ended long ago", former);
        } else {
            require(cleanStart || former == null || !former.mustExist(nowMs()), "lost at {}: {}", nowMs(), former);
        }
        wills.connected(client, present);
        groups.noticed(client);
        for (Message message : underWay) {
            message.sentUntil = message.publisher.equals(client) ? at : message.sentUntil;
        }
        underWay.removeIf(message -> message.publisher.equals(client));
        if (!present && former != null) {
            ended(former);
        }
        Session session = present ? Objects.requireNonNull(former) : made;
        sessions.put(client, session);
        session.certain = true;
        session.connected = true;
        session.connectedAt = at;
        session.connection++;
        session.receiveMaximum = receiveMaximum;
        session.open.clear();
        session.endsEarliestMs = Message.NEVER;
        session.endsLatestMs = Message.NEVER;
        return session;
    }

    /** CONNACK has come, and it was an error: nothing has changed. */
    void refused(String client) {
        at++;
        opening.remove(client);
        wills.refused(client);
    }

    /**
     * The client has lost its connection, or ended it.
     *
     * @param orderly by DISCONNECT with 0x00, which forbids the will
     */
    void closed(String client, boolean orderly) {
        at++;
        Message will = wills.closed(client, orderly);
        if (will != null) {
            will.order = ++orders;
        }
        Session made = opening.remove(client);
        if (made != null && !sessions.containsKey(client)) {
            sessions.put(client, made); // nobody knows
            made.certain = false;
        }
        Session session = sessions.get(client);
        if (session == null) {
            return;
        }
        if (made != null && !session.mustExist(nowMs())) { // it may have made another one in the place of this one
            groups.leaving(session);
            session.uncertain();
        }
        session.open.clear();
        wallMs = Math.max(wallMs, time.wallMs() + aheadMs);
        if (session.connected) { // else its CONNECT may never have come, and what was before counts
            session.connected = false;
            session.lostWallMs = time.wallMs();
            session.endsEarliestMs = Math.min(nowMs(), session.endedByBrokerMs) + session.expiryMs;
        }
        session.endsLatestMs = Message.NEVER;
        session.owed.removeIf(id -> !isKept(session, messages.get(id)));
        retained.connectionLost(session);
        groups.connectionLost(session);
        if (!session.persistent) {
            ended(session);
            sessions.remove(client);
            groups.goneUnnoticed(session);
        }
    }

    /** The broker has ended a connection; its client doesn't know yet. */
    void endedByBroker(String client) {
        wills.endedByBroker(client);
        Session session = sessions.get(client);
        if (session != null) {
            session.endedByBrokerMs = Math.min(session.endedByBrokerMs, nowMs());
        }
    }

    /** The broker knows that the connection is over, too. */
    void noticed(String client) {
        Session session = sessions.get(client);
        if (session != null && !session.connected) {
            session.endsLatestMs = nowMs() + session.expiryMs + slackMs;
        }
        wills.noticed(client);
        groups.noticed(client);
    }

    /** An administrator is about to end a session. */
    void ending(String client) {
        at++;
        Session session = sessions.get(client);
        if (session != null) {
            groups.leaving(session);
            session.uncertain();
        }
    }

    /** An administrator has had the answer that this session is ended: nothing of it may come back. */
    void endedForGood(String client) {
        at++;
        Session session = sessions.remove(client);
        if (session != null) {
            require(!session.connected, "{} is ended, and connected", session);
            ended(session);
        }
    }

    /** An administrator has had the answer that what waited for a session is dropped: acknowledged before, it may not come any more. */
    void purged(String client, List<Message> waited) {
        at++;
        waited.stream().filter(Message::isAcknowledged).forEach(message -> message.purgedFor = client);
    }

    private void ended(Session session) {
        groups.leaving(session);
        session.certain = false;
        session.forgive();
    }

    /** Whether a message is kept for a session that has no connection. */
    private boolean isKept(Session session, Message message) {
        return qosMin(session, message) > 0;
    }

    /** The broker has gone and come back. */
    void restarted(Restart how) {
        at++;
        restarts++;
        uncleanRestarts += how == Restart.ORDERLY ? 0 : 1;
        unacknowledged.clear();
        wallMs = Math.max(wallMs, time.wallMs());
        jumps +=
                aheadMs > 0 || wallMs > time.wallMs() ? 1 : 0; // of the time that has passed the broker may see nothing
        aheadMs = wallMs - time.wallMs();
        wills.restarted(how);
        groups.restarted(how);
        retained.restarted(how);
        for (Session session : List.copyOf(sessions.values())) {
            require(!session.connected, "clients first");
            if (how == Restart.FORGETFUL) {
                ended(session);
                sessions.remove(session.client);
                continue;
            }
            session.lostWallMs =
                    Math.min(session.lostWallMs, time.wallMs()); // it has gone back, and the broker hadn't seen it
            long elapsed = Math.max(0, wallMs - session.lostWallMs);
            session.endsEarliestMs =
                    Math.min(session.endsEarliestMs, nowMs() + Math.max(0, session.expiryMs - elapsed));
            session.endsLatestMs = nowMs() + session.expiryMs + slackMs;
            if (how == Restart.CRASH) {
                oweAgain(session);
            }
        }
    }

    /** After a crash QoS 1 messages that were not acknowledged come again, under other packet ids; QoS 2 goes on. */
    private void oweAgain(Session session) {
        session.inUse.entrySet().removeIf(each -> {
            int id = each.getValue();
            boolean again = !session.exactlyOnce.contains(each.getKey());
            if (again
                    && id != ANONYMOUS
                    && messages.get(id).isAcknowledged()
                    && session.certain
                    && !session.doubtful.contains(each.getKey())
                    && !Groups.isShared(messages.get(id))
                    && !retained.owesAgain(session, messages.get(id))) {
                session.owed.add(id);
            }
            return again;
        });
    }

    // ---- publishing

    Message message(String publisher, String topic, QoS qos, boolean retain, boolean clears, int expirySeconds) {
        Message message = new Message(messages.size(), publisher, topic, qos, retain, clears, expirySeconds);
        messages.add(message);
        return message;
    }

    /** PUBLISH is sent, perhaps again. */
    void publishing(Message message) {
        at++;
        if (message.sends++ == 0) {
            message.sentAt = at;
            message.sentMs = nowMs();
            message.order = ++orders;
            message.jumps = jumps;
            message.identity = identity(message.publisher);
            retained.publishing(message);
        } else {
            message.repeated = true;
            boolean stranger = message.identity != identity(message.publisher);
            message.strangers += stranger ? 1 : 0;
            message.overCrash |= message.sentRestarts != uncleanRestarts;
            boolean known = message.qos == QoS.EXACTLY_ONCE && message.sentRestarts == uncleanRestarts && !stranger;
            message.sends -= known ? 1 : 0; // the packet id tells that it is the same
        }
        message.sentRestarts = uncleanRestarts;
        message.sentUntil = Message.NEVER;
        underWay.add(message);
        if (message.qos == QoS.AT_MOST_ONCE) {
            unacknowledged.add(message);
        }
    }

    private int identity(String client) {
        Session session = sessions.get(client);
        return session == null ? 0 : session.identity;
    }

    /** PUBACK or PUBREC has come: from now on the message is the broker's. */
    void acknowledged(Message message) {
        at++;
        if (!message.isAcknowledged()) {
            routed(message);
        }
    }

    /** It is routed for sure. */
    void routed(Message message) {
        underWay.remove(message);
        message.routedBy = at;
        message.acknowledgedMs = nowMs();
        if (message.clears) {
            return;
        }
        if (Groups.isShared(message)) {
            groups.owe(message);
            return;
        }
        for (Session session : sessions.values()) {
            boolean owes = session.certain && !session.hasCome(message.id) && mustCome(session, message);
            boolean connected = session.connected && session.connectedAt < message.sentAt;
            boolean kept = session.connected || session.mustExist(nowMs()); // if it ends, a crash may bring it back
            if (owes && kept && (connected || isKept(session, message))) {
                session.owed.add(message.id);
            }
        }
    }

    private boolean mustCome(Session session, Message message) {
        boolean own = session.client.equals(message.publisher);
        return session.subs.values().stream().anyMatch(sub -> sub.must(message) && !(own && sub.noLocal));
    }

    /** PUBACK or PUBREC has come, with an error: nothing has changed. */
    void refusedPublish(Message message) {
        at++;
        message.refused = !message.repeated;
        boolean come = sessions.values().stream().anyMatch(each -> each.hasCome(message.id));
        require(!message.refused || !come, "{} was refused, and has come", message);
    }

    /** The publisher keeps its connection and has had an answer to something later, or all is quiet: QoS 0 is routed. */
    private void routeAtMostOnce() {
        List.copyOf(unacknowledged).forEach(this::routed);
        unacknowledged.clear();
    }

    /** Nobody knows what becomes of the QoS 0 messages of a client whose connection ends. */
    void forgetAtMostOnce(String client) {
        unacknowledged.removeIf(message -> message.publisher.equals(client));
    }

    // ---- subscriptions

    /** SUBSCRIBE is sent. */
    Sub subscribing(Session session, Sub asked, boolean replays) {
        at++;
        if (asked.isShared()) {
            groups.joining(asked.filter);
        }
        Sub sub = session.subs.get(asked.filter);
        if (sub == null || sub.mustUntil != Message.NEVER) {
            session.put(asked);
            sub = asked;
            sub.mayFrom = at;
        }
        sub.qosMin = min(sub.qosMin, asked.qosMin);
        sub.qosMax = max(sub.qosMax, asked.qosMax);
        sub.replayFrom = replays ? Math.min(sub.replayFrom, at) : sub.replayFrom;
        if (replays) {
            retained.subscribing(session, sub);
        }
        return sub;
    }

    /** SUBACK has come. */
    void subscribed(Session session, Sub sub, boolean granted, boolean replays) {
        at++;
        if (replays) {
            retained.subscribed(sub, granted, session);
        }
        if (granted && session.certain && session.subs.get(sub.filter) == sub) {
            sub.mustFrom = Math.min(sub.mustFrom, at);
        }
    }

    /** UNSUBSCRIBE is sent. */
    void unsubscribing(Session session, Sub sub) {
        at++;
        sub.mustUntil = Math.min(sub.mustUntil, at);
        retained.unsubscribing(session, sub);
        groups.unsubscribing(sub);
    }

    /** UNSUBACK has come. */
    void unsubscribed(Sub sub) {
        at++;
        sub.mayUntil = Math.min(sub.mayUntil, at);
    }

    private static QoS min(QoS one, QoS other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private static QoS max(QoS one, QoS other) {
        return one.compareTo(other) > 0 ? one : other;
    }

    /** The lowest QoS that a message may have for a session. */
    private int qosMin(Session session, Message message) {
        int lowest = session.subs.values().stream()
                .filter(sub -> sub.must(message))
                .mapToInt(sub -> sub.qosMin.level())
                .max()
                .orElse(0);
        return Math.min(lowest, message.qos.level());
    }

    // ---- deliveries

    /** A PUBLISH that has come. */
    record Delivery(int message, String topic, QoS qos, boolean dup, boolean retain, int packetId, long expiry) {}

    /** A PUBLISH has come. */
    void delivered(Session session, Delivery delivery) {
        at++;
        if (delivery.qos != QoS.AT_MOST_ONCE) {
            requireQuota(session, delivery.packetId);
        }
        if (delivery.message == ANONYMOUS) {
            use(session, delivery);
            return;
        }
        require(delivery.message < messages.size(), "{} gets what nobody has sent", session);
        Message message = messages.get(delivery.message);
        require(message.topic.equals(delivery.topic), "{} comes on topic {}", message, delivery.topic);
        require(!message.refused, "{} was refused, and comes", message);
        require(!session.client.equals(message.purgedFor), "{} was purged, and comes to {}", message, session);
        Integer holds = delivery.qos == QoS.AT_MOST_ONCE ? null : session.holds(delivery.packetId, message.id);
        require(holds == null || holds == message.id, "packet id {} is in use for #{}", delivery.packetId, holds);
        requireWanted(session, message, delivery);
        wills.delivered(message);
        boolean first = !session.hasCome(message.id);
        if (holds != null) {
            requireResend(session, message, delivery);
        } else {
            requireNew(session, message, delivery);
        }
        if (first) {
            if (!delivery.retain) {
                requireOrder(session, message, delivery);
            }
            requireNotExpired(session, message, delivery);
        }
        note(session, message, delivery, holds == null);
    }

    /** [5.0:MQTT-3.3.4-9], [5.0:MQTT-4.9.0-2]: not more under way than the client allows. */
    private static void requireQuota(Session session, int packetId) {
        session.open.add(packetId);
        require(
                session.open.size() <= session.receiveMaximum,
                "{} has {} exchanges under way and allows {}",
                session,
                session.open.size(),
                session.receiveMaximum);
    }

    /** There may be a subscription for it, with this QoS [5.0:MQTT-3.8.4-8], [3.1.1:MQTT-3.8.4-6]. */
    private void requireWanted(Session session, Message message, Delivery delivery) {
        boolean own = session.client.equals(message.publisher);
        List<Sub> may = session.allSubs()
                .filter(sub -> sub.may(message) || sub.mayShare(message) || retained.mayReplay(sub, message))
                .toList();
        require(!may.isEmpty(), "{} has no subscription for {}", session, message);
        require(
                !own || may.stream().anyMatch(sub -> !sub.noLocal),
                "{} gets its own {} in spite of no local",
                session,
                message); // [5.0:MQTT-3.8.3-3]
        int highest = may.stream().mapToInt(sub -> sub.qosMax.level()).max().orElse(0);
        require(
                delivery.qos.level() <= Math.min(highest, message.qos.level())
                        && (delivery.retain || delivery.qos.level() >= qosMin(session, message)),
                "{} comes to {} with QoS {}",
                message,
                session,
                delivery.qos.level());
        boolean mayRetain = message.retain
                && may.stream().anyMatch(sub -> sub.retainAsPublished || retained.mayReplay(sub, message));
        require(!delivery.retain || mayRetain, "{} comes with RETAIN", message); // [5.0:MQTT-3.3.1-12]
    }

    /** Sent again: with DUP, on another connection [5.0:MQTT-3.3.1-1], [5.0:MQTT-4.4.0-1], [3.1.1:MQTT-3.3.1-1]. */
    private static void requireResend(Session session, Message message, Delivery delivery) {
        Copies copies = session.copies(message.id);
        require(delivery.dup, "{} comes again to {} without DUP", message, session);
        require(
                copies.cameBefore(delivery.packetId, session.connection),
                "{} comes again on one connection of {}",
                message,
                session);
        require(message.retain || copies.qos == delivery.qos.level(), "{} comes again with another QoS", message);
    }

    private void requireNew(Session session, Message message, Delivery delivery) {
        Copies copies = session.copies(message.id);
        if (delivery.qos == QoS.EXACTLY_ONCE) { // [5.0:MQTT-4.3.3-13], [3.1.1:MQTT-4.3.3-1]: once, whatever happens
            int allowed = 1 + message.strangers + retained.replays(session, message);
            require(copies.all < allowed || copies.qos < 2, "{} comes twice to {}", message, session);
        }
        if (Groups.isShared(message)) {
            groups.delivered(session, message, delivery);
            return;
        }
        if (!delivery.dup) {
            int allowed = message.sends + retained.replays(session, message);
            require(
                    copies.fresh < allowed,
                    "{} comes to {} as new for the {}. time",
                    message,
                    session,
                    copies.fresh + 1);
            return;
        }
        require(
                (session.connection > 1 && session.connectedAt > message.sentAt) || uncleanRestarts > 0,
                "{} comes to {} with DUP for the first time",
                message,
                session);
        boolean acknowledged = copies.cameBefore(delivery.packetId, session.connection);
        int allowed = message.sends + retained.replays(session, message);
        require(
                acknowledged || copies.inLife(uncleanRestarts) < allowed,
                "{} comes to {} again under another packet id",
                message,
                session);
    }

    /** [5.0:MQTT-4.6.0-5], [3.1.1:MQTT-4.6.0-6]: in the order of their publisher, per topic and QoS. */
    private static void requireOrder(Session session, Message message, Delivery delivery) {
        if (message.order == Message.UNORDERED || Groups.isShared(message)) {
            return;
        }
        String key = message.publisher + ' ' + message.topic + ' ' + message.qos + ' ' + delivery.qos;
        Message before = session.last.get(key);
        boolean inOrder = before == null || before.order < message.order;
        if (inOrder) {
            session.last.put(key, message);
        }
        boolean mayBeAgain =
                message.repeated || delivery.dup; // after a crash from the oldest on, also what had been dropped
        require(inOrder || mayBeAgain, "{} gets {} behind {}", session, message, before);
    }

    /** [5.0:MQTT-3.3.2-5], [5.0:MQTT-3.3.2-6]: not too late, and it says how much time is left. */
    private void requireNotExpired(Session session, Message message, Delivery delivery) {
        boolean sentBefore = delivery.dup || message.jumps != jumps || Groups.isShared(message) || message.sends > 1;
        if (message.expirySeconds == 0 || sentBefore || !message.isAcknowledged() || message.will) {
            return;
        }
        long expiryMs = message.expirySeconds * 1000L;
        long waitedMs = Math.max(0, Math.max(session.connectSentMs, message.sentMs) - message.acknowledgedMs);
        require(waitedMs <= expiryMs, "{} comes to {} after its expiry", message, session);
        require(
                delivery.expiry < 0 || (delivery.expiry - 1) * 1000 <= expiryMs - waitedMs,
                "{} has waited {} ms, and has {} s left",
                message,
                waitedMs,
                delivery.expiry);
    }

    private void note(Session session, Message message, Delivery delivery, boolean isNew) {
        Copies copies = session.copies(message.id);
        copies.fresh += isNew && !delivery.dup ? 1 : 0;
        boolean another = copies.packetIds.put(delivery.packetId, session.connection) == null;
        copies.all += another ? 1 : 0;
        copies.inLife = copies.inLife(uncleanRestarts) + (another ? 1 : 0);
        copies.life = uncleanRestarts;
        copies.qos = delivery.qos == QoS.AT_MOST_ONCE ? copies.qos : delivery.qos.level();
        use(session, delivery);
        session.owed.remove(message.id);
        retained.delivered(session, message);
    }

    private static void use(Session session, Delivery delivery) {
        if (delivery.qos == QoS.AT_MOST_ONCE) {
            return;
        }
        session.inUse.put(delivery.packetId, delivery.message);
        if (delivery.qos == QoS.EXACTLY_ONCE) {
            session.exactlyOnce.add(delivery.packetId);
        } else {
            session.exactlyOnce.remove(delivery.packetId);
        }
    }

    /** PUBREL has come: its exchange is under way again, should the connection be a new one. */
    void released(Session session, int packetId) {
        at++;
        requireQuota(session, packetId);
    }

    /** The client has sent what ends an exchange: PUBACK, PUBCOMP, or PUBREC with an error. */
    void completed(Session session, int packetId) {
        at++;
        session.inUse.remove(packetId);
        session.open.remove(packetId);
    }

    // ---- the books

    /** The broker says that it has dropped something. */
    void dropped(String session, long n, String topic, String reason) {
        require(!reason.equals("STORE_DAMAGED"), "something of {} on {} is damaged", session, topic);
        require(!reason.equals("PACKET_TOO_LARGE"), "something for {} on {} is too large", session, topic);
        if (reason.equals("REFUSED")) { // a publish: should it have been QoS 0, nobody else will say so
            unacknowledged.removeIf(message -> message.publisher.equals(session) && message.topic.equals(topic));
            return;
        }
        Session dropping = sessions.get(session);
        if (dropping != null) {
            dropping.owedRetained.remove(topic); // a newer one was to come instead
        }
        drops.merge(session + ' ' + topic, (int) n, Integer::sum);
        drops.merge(topic, (int) n, Integer::sum);
    }

    /** Whether the broker has said that it has dropped one more on this topic: the count goes down. */
    boolean wasDropped(String sessionAndTopic) {
        Integer left = drops.get(sessionAndTopic);
        if (left == null || left == 0) {
            return false;
        }
        drops.put(sessionAndTopic, left - 1);
        return true;
    }

    private boolean wasDropped(Session session, String topic) {
        return wasDropped(session.client + ' ' + topic) || wasDropped(session.client + " (stored)");
    }

    /**
     * Nothing moves any more, and the store is well: whatever is owed to a connected client that has room must have come, or
     * been dropped and accounted for.
     */
    void quiet() {
        at++;
        routeAtMostOnce();
        wills.quiet();
        for (Session session : sessions.values()) {
            if (session.connected && session.hasRoom()) {
                requireAllHasCome(session);
            }
        }
        groups.quiet();
    }

    private void requireAllHasCome(Session session) {
        session.owed.removeIf(id -> wasDropped(session, messages.get(id).topic));
        require(session.owed.isEmpty(), "{} is still owed {}", session, describe(session.owed));
        session.owedRetained.keySet().removeIf(topic -> wasDropped(session, topic));
        session.owedRetained.values().removeIf(each -> each.mayHaveExpired(nowMs(), jumps)); // which nobody counts
        require(
                session.owedRetained.isEmpty(),
                "{} is still owed the retained {}",
                session,
                session.owedRetained.values());
        List<Integer> stuck = session.inUse.keySet().stream()
                .filter(id -> !session.open.contains(id) && !session.doubtful.contains(id))
                .toList();
        require(stuck.isEmpty(), "{} was not sent again what has packet ids {}", session, stuck);
    }

    private List<Message> describe(Collection<Integer> ids) {
        return ids.stream().map(messages::get).toList();
    }

    int restarts() {
        return restarts;
    }

    int uncleanRestarts() {
        return uncleanRestarts;
    }
}
