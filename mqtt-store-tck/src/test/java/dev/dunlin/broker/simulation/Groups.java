package dev.dunlin.broker.simulation;

import dev.dunlin.codec.QoS;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Shared subscriptions: each message goes to one member [5.0:MQTT-4.8.2-4, MQTT-4.8.2-5, MQTT-4.8.2-6]. A simulation has one
 * group per topic, on topics below {@code s/} that nobody subscribes to otherwise, so that every copy is known to be the group's.
 */
final class Groups {
    private static final String TOPICS = "s/";

    private final Model model;
    private final Map<String, Group> byFilter = new LinkedHashMap<>();
    private final Map<Integer, List<Holder>> holders = new HashMap<>();

    /** Clients whose session has ended with a connection that the broker doesn't know to be over. */
    private final Set<String> unnoticed = new HashSet<>();

    private static final class Group {
        /** Messages that a member must still get. */
        final Set<Integer> owed = new LinkedHashSet<>();

        /** Those of them that survive the broker. */
        final Set<Integer> stored = new LinkedHashSet<>();
    }

    /** Who got a message last. */
    private record Holder(Session session, int connection, int qos) {
        /** Whether its connection still holds: then nobody else may have it. */
        boolean holds() {
            boolean ended = !session.connected || session.endedByBrokerMs != Message.NEVER;
            return !ended && session.certain && session.connection == connection;
        }
    }

    Groups(Model model) {
        this.model = model;
    }

    static boolean isShared(Message message) {
        return message.topic.startsWith(TOPICS);
    }

    private static boolean isMember(Session session, String filter) {
        Sub sub = session.subs.get(filter);
        return sub != null && sub.mustFrom != Message.NEVER && sub.mustUntil == Message.NEVER;
    }

    private Stream<Session> members(String filter) {
        return model.sessions().stream().filter(session -> isThere(session) && isMember(session, filter));
    }

    private boolean isThere(Session session) {
        return session.certain && (session.connected || session.mustExist(model.nowMs()));
    }

    /** A member is about to join: a group that may have ended owes nothing. */
    void joining(String filter) {
        if (members(filter).findAny().isEmpty()) {
            forgive(filter);
        }
    }

    /** The broker has a message for a group. */
    void owe(Message message) {
        boolean mayHaveGone = message.overCrash && mayHaveGone(message.id); // before the crash
        if (mayHaveGone || holders.containsKey(message.id) || message.qos == QoS.AT_MOST_ONCE) {
            return;
        }
        for (Session session : model.sessions()) {
            for (Sub sub : session.subs.values()) {
                if (isThere(session) && sub.isShared() && sub.must(message)) {
                    Group group = group(sub.filter);
                    group.owed.add(message.id);
                    if (session.persistent) {
                        group.stored.add(message.id);
                    }
                }
            }
        }
    }

    /** A message comes to a member as a new one. */
    void delivered(Session session, Message message, Model.Delivery delivery) {
        List<Holder> all = holders.computeIfAbsent(message.id, id -> new ArrayList<>());
        List<Holder> forGood = all.stream().filter(each -> each.qos == 2).toList();
        Model.require(
                forGood.size() <= message.strangers,
                "{} comes to {}, was sent to {} before",
                message,
                session,
                forGood);
        List<Holder> holding = all.stream().filter(Holder::holds).toList();
        boolean late = session.endedByBrokerMs != Message.NEVER; // it was on its way before others got it
        Model.require(
                late || holding.size() < message.sends,
                "{} comes to {} while these hold it: {}",
                message,
                session,
                holding);
        all.add(new Holder(session, session.connection, delivery.qos().level()));
        byFilter.values().forEach(group -> group.owed.remove(message.id));
    }

    /** QoS 1 messages that a member hasn't acknowledged go to another one, or wait for it. */
    void connectionLost(Session session) {
        session.inUse.values().removeIf(id -> {
            boolean again = id != Model.ANONYMOUS && isShared(model.messages.get(id)) && session.copies(id).qos == 1;
            if (again) {
                String topic = model.messages.get(id).topic;
                session.subs.keySet().stream()
                        .filter(filter -> isMember(session, filter) && filter.endsWith(topic))
                        .forEach(filter -> group(filter).owed.add(id));
            }
            return again;
        });
    }

    private Group group(String filter) {
        return byFilter.computeIfAbsent(filter, each -> new Group());
    }

    /** A session may end: a group without members does. */
    void leaving(Session session) {
        session.subs.values().stream()
                .filter(Sub::isShared)
                .filter(sub -> members(sub.filter).allMatch(member -> member == session))
                .forEach(sub -> forgive(sub.filter));
    }

    /** A session has ended with its connection: for the broker it is a member until it knows. */
    void goneUnnoticed(Session session) {
        if (session.subs.values().stream().anyMatch(Sub::isShared)) {
            unnoticed.add(session.client);
        }
    }

    /** The broker knows that this client's connections before are over. */
    void noticed(String client) {
        unnoticed.remove(client);
    }

    /** A member may leave. */
    void unsubscribing(Sub sub) {
        if (sub.isShared() && members(sub.filter).findAny().isEmpty()) {
            forgive(sub.filter);
        }
    }

    private void forgive(String filter) {
        Group group = byFilter.get(filter);
        if (group != null) {
            group.owed.clear();
        }
    }

    void restarted(Model.Restart how) {
        unnoticed.clear();
        byFilter.forEach((filter, group) -> {
            boolean empty =
                    how == Model.Restart.FORGETFUL || members(filter).findAny().isEmpty();
            group.owed.removeIf(id -> empty || !group.stored.contains(id) || mayHaveGone(id));
        });
        if (how != Model.Restart.ORDERLY) { // nor that anybody has got it: then its publisher sends it as a new one
            holders.keySet().removeIf(id -> !isStored(id));
        }
        for (Session session :
                model.sessions()) { // what no stored member was there for when it was published isn't kept
            session.inUse.forEach((packetId, id) -> {
                if (id != Model.ANONYMOUS && isShared(model.messages.get(id)) && !isStored(id)) {
                    session.doubtful.add(packetId);
                }
            });
        }
    }

    private boolean isStored(int id) {
        return byFilter.values().stream().anyMatch(group -> group.stored.contains(id));
    }

    /** A QoS 2 message belongs to the member that it was sent to; if that wasn't stored it has ended with the broker. */
    private boolean mayHaveGone(int id) {
        return model.messages.get(id).qos.level() == 2;
    }

    /** Nothing moves: whatever a group has must have gone to a member, if all of them are there and have room: one without may hold it. */
    void quiet() {
        byFilter.keySet().forEach(this::joining);
        byFilter.forEach((filter, group) -> {
            List<Session> all = model.sessions().stream()
                    .filter(session -> session.subs.containsKey(filter))
                    .toList();
            boolean allThere = unnoticed.isEmpty() && all.stream().allMatch(session -> session.connected);
            if (allThere
                    && members(filter).findAny().isPresent()
                    && all.stream().allMatch(Session::hasRoom)) {
                group.owed.removeIf(
                        id -> model.wasDropped(model.messages.get(id).topic) || model.wasDropped("(in flight)"));
                group.owed.removeIf(id -> model.wasDropped(filter + " (stored)"));
                Model.require(
                        group.owed.isEmpty(),
                        "{} is still owed {}",
                        filter,
                        group.owed.stream().map(model.messages::get).toList());
            }
        });
    }
}
