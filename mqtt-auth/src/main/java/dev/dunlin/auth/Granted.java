package dev.dunlin.auth;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rules that hold for one client, with its names in their places. Immutable. */
// hot
final class Granted {
    private static final int BOTH = RuleTree.READ | RuleTree.WRITE;

    private final RuleTree own;
    private final RuleTree everybodys;
    private final RuleTree named;

    /** What it may subscribe to; null for anything. */
    private final @Nullable List<String> subscriptions;

    Granted(RuleTree own, RuleTree everybodys, RuleTree named, @Nullable List<String> subscriptions) {
        this.own = own;
        this.everybodys = everybodys;
        this.named = named;
        this.subscriptions = subscriptions;
    }

    /** {@link RuleTree#READ}, {@link RuleTree#WRITE}, both or neither. */
    int access(String topic) {
        int first = own.match(topic);
        if ((first & RuleTree.DENY) != 0) {
            return 0;
        }
        if (first == BOTH) {
            return BOTH;
        }
        int second = everybodys.match(topic) | named.match(topic);
        return (second & RuleTree.DENY) != 0 ? first : first | second;
    }

    boolean maySubscribe(String filter) {
        if (subscriptions == null) {
            return true;
        }
        for (String subscription : subscriptions) {
            if (Filters.covers(subscription, filter)) {
                return true;
            }
        }
        return false;
    }
}
