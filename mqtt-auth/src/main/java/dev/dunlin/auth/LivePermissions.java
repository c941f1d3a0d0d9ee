package dev.dunlin.auth;

import dev.dunlin.broker.spi.Permissions;
import dev.dunlin.codec.QoS;

/**
 * What the rules of now say of one client. The last topic's answer is remembered, together with the rules that gave it: a client
 * is asked about the same topic again and again, and most often it is the same String.
 *
 * <p>Any event loop, several at once. Two may remember at the same time: either of what they remember is right, as it is one
 * immutable object.
 */
// hot
final class LivePermissions implements Permissions {
    private final LiveRules rules;
    private final String user;
    private final String clientId;

    /** Not volatile: final fields of its object are seen by whoever sees the object. */
    private Answer last;

    LivePermissions(LiveRules rules, String user, String clientId) {
        this.rules = rules;
        this.user = user;
        this.clientId = clientId;
        AccessRules now = rules.now;
        last = new Answer(now, now.granted(user, clientId), "", 0); // no topic is empty
    }

    @Override
    public boolean mayPublish(String topic, QoS qos, boolean retain) {
        return (access(topic) & RuleTree.WRITE) != 0;
    }

    @Override
    public boolean mayReceive(String topic) {
        return (access(topic) & RuleTree.READ) != 0;
    }

    private int access(String topic) {
        AccessRules now = rules.now;
        Answer known = last;
        if (known.rules == now && known.topic.equals(topic)) { // which begins with whether they are the same object
            return known.access;
        }
        return ask(now, topic);
    }

    private int ask(AccessRules now, String topic) {
        Granted granted = granted(now);
        int access = granted.access(topic);
        last = new Answer(now, granted, topic, access);
        return access;
    }

    /** Made once for each change of the rules, and not for each filter of a SUBSCRIBE. */
    private Granted granted(AccessRules now) {
        Answer known = last;
        if (known.rules != now) {
            known = new Answer(now, now.granted(user, clientId), "", 0);
            last = known;
        }
        return known.granted;
    }

    @Override
    public boolean maySubscribe(String filter) {
        return granted(rules.now).maySubscribe(filter);
    }

    private static final class Answer {
        final AccessRules rules;
        final Granted granted;
        final String topic;
        final int access;

        Answer(AccessRules rules, Granted granted, String topic, int access) {
            this.rules = rules;
            this.granted = granted;
            this.topic = topic;
            this.access = access;
        }
    }
}
