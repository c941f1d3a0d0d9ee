package dev.dunlin.broker.simulation;

import dev.dunlin.codec.QoS;
import java.util.Map;
import java.util.TreeMap;

/** What a soak has done and seen. */
final class Figures {
    /** Messages that clients have sent, and those with QoS 1 and 2 that were acknowledged. */
    long published;

    long acknowledged;

    /** What clients got, and what of it was sent again. */
    long delivered;

    long deliveredAgain;

    /** What clients have sent again. */
    long publishedAgain;

    long connections;
    long takeovers;
    long wills;
    long slowConsumers;
    long largeMessages;
    long kills;
    long killsWhileStarting;
    long stops;
    long quietPhases;
    long chapters;
    int owedMax;
    final Map<String, Long> dropped = new TreeMap<>();

    /** A client has noted this. */
    void noted(String what, Object... about) {
        if (what.startsWith("gets PUBLISH")) {
            delivered++;
            deliveredAgain += about[4].equals("") ? 0 : 1;
        } else if (what.startsWith("PUBLISH")) {
            publishedAgain += about[2].equals("") ? 0 : 1;
        }
    }

    void dropped(String reason, long n) {
        dropped.merge(reason, n, Long::sum);
    }

    /** A chapter is over. */
    void add(Model model) {
        chapters++;
        for (Message message : model.messages) {
            published += message.sends > 0 && !message.will ? 1 : 0;
            boolean known = message.isAcknowledged() && !message.will;
            acknowledged += known && message.qos != QoS.AT_MOST_ONCE ? 1 : 0;
        }
    }

    @Override
    public String toString() {
        return published + " messages published, " + acknowledged + " acknowledged, " + publishedAgain
                + " times resent by clients; " + delivered + " deliveries, " + deliveredAgain
                + " of them resent; at most " + owedMax + " owed to one session; " + connections + " connections, "
                + takeovers + " takeovers, " + wills + " wills, " + slowConsumers + " slow consumers, " + largeMessages
                + " large messages; " + kills
                + " kills, " + killsWhileStarting + " more while starting, " + stops + " stops, " + quietPhases
                + " quiet phases in " + chapters + " chapters; dropped " + dropped;
    }
}
