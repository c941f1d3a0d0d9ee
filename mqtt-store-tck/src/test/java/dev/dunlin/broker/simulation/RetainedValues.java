package dev.dunlin.broker.simulation;

import dev.dunlin.codec.QoS;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Retained messages: a new subscription gets the last one of each topic, or a newer one, and never an older one
 * [5.0:MQTT-3.3.1-5, MQTT-3.3.1-6, MQTT-3.3.1-9], [3.1.1:MQTT-3.3.1-5, MQTT-3.3.1-6]. In a simulation a topic below {@code r/}
 * has one publisher, so that it is known which is the last one.
 */
final class RetainedValues {
    private final Model model;

    /** What was published, oldest first, by topic. */
    private final Map<String, List<Message>> byTopic = new LinkedHashMap<>();

    RetainedValues(Model model) {
        this.model = model;
    }

    /** PUBLISH is sent for the first time. */
    void publishing(Message message) {
        if (!message.retain) {
            return;
        }
        byTopic.computeIfAbsent(message.topic, topic -> new ArrayList<>()).add(message);
        // Whoever hasn't got the one before may not get it any more, and gets this one as any other message.
        model.sessions().forEach(session -> session.owedRetained.remove(message.topic));
    }

    /**
     * The one that has replaced all before it for sure at that moment; null if there is none. One that was sent again may have
     * replaced others then, or long before.
     */
    private static @Nullable Message lastAt(List<Message> published, long at) {
        Message last = null;
        for (Message each : published) {
            last = each.routedBy < at && !each.refused && !each.repeated ? each : last;
        }
        return last;
    }

    /** SUBSCRIBE is sent, and asks for what is retained. */
    void subscribing(Session session, Sub sub) {
        sub.replays++;
        sub.replaysPending++;
        sub.replayUntil = Message.NEVER;
        byTopic.forEach((topic, published) -> {
            Message last = sub.matches(topic) ? lastAt(published, model.at()) : null;
            boolean own = last != null && sub.noLocal && last.publisher.equals(session.client);
            if (last != null && !last.clears && !own && last == published.get(published.size() - 1)) {
                session.owedRetained.put(topic, last);
            }
        });
    }

    /** SUBACK has come. */
    void subscribed(Sub sub, boolean granted, Session session) {
        if (sub.replaysPending > 0 && --sub.replaysPending == 0) {
            sub.replayUntil = model.at();
        }
        if (!granted) {
            stop(session, sub);
        }
    }

    /** UNSUBSCRIBE is sent. */
    void unsubscribing(Session session, Sub sub) {
        stop(session, sub);
    }

    private static void stop(Session session, Sub sub) {
        session.owedRetained.keySet().removeIf(sub::matches);
    }

    /** QoS 0 isn't sent again, and a SUBSCRIBE without SUBACK has perhaps never come. */
    void connectionLost(Session session) {
        session.subs.values().stream().filter(sub -> sub.replaysPending > 0).forEach(sub -> {
            sub.replaysPending = 0;
            stop(session, sub);
        });
        session.owedRetained.entrySet().removeIf(owed -> {
            Stream<Sub> subs = session.subs.values().stream().filter(sub -> sub.matches(owed.getKey()));
            return owed.getValue().qos == QoS.AT_MOST_ONCE || subs.anyMatch(sub -> sub.qosMin == QoS.AT_MOST_ONCE);
        });
    }

    /** Whether this may be a retained message for a subscription: none that came later had replaced it by then. */
    boolean mayReplay(Sub sub, Message message) {
        if (!message.retain || sub.replayFrom == Message.NEVER || !sub.matches(message.topic)) {
            return false;
        }
        if (message.sentAt > sub.replayUntil && !message.repeated) {
            return false;
        }
        Message last = lastAt(byTopic.getOrDefault(message.topic, List.of()), sub.replayFrom);
        return last == null || message.repeated || message.order >= last.order;
    }

    /** How often a message may come to a session because of what was retained. */
    int replays(Session session, Message message) {
        if (!message.retain) {
            return 0;
        }
        int asked = session.allSubs()
                .filter(sub -> sub.matches(message.topic))
                .mapToInt(sub -> sub.replays)
                .sum();
        return asked == 0 ? 0 : asked + model.uncleanRestarts();
    }

    /** After a crash: whether a session may have got this one because it was retained. Then another one may come in its place. */
    boolean owesAgain(Session session, Message message) {
        if (replays(session, message) == 0) {
            return false;
        }
        List<Message> published = byTopic.getOrDefault(message.topic, List.of());
        if (message == published.get(published.size() - 1)) {
            session.owedRetained.put(message.topic, message);
        }
        return true;
    }

    /** A message has come. */
    void delivered(Session session, Message message) {
        Message owed = session.owedRetained.get(message.topic);
        if (owed != null && (message.repeated || message.order >= owed.order)) {
            session.owedRetained.remove(message.topic);
        }
    }

    void restarted(Model.Restart how) {
        if (how == Model.Restart.FORGETFUL) {
            byTopic.clear();
        } else if (how == Model.Restart.CRASH) { // QoS 0 waits for nothing: it may be lost
            for (List<Message> published : byTopic.values()) {
                published.stream()
                        .filter(each -> each.qos == QoS.AT_MOST_ONCE)
                        .forEach(each -> each.routedBy = Message.NEVER);
            }
            model.sessions()
                    .forEach(session -> session.owedRetained.values().removeIf(each -> each.qos == QoS.AT_MOST_ONCE));
        }
    }
}
