package dev.dunlin.auth;

import dev.dunlin.broker.spi.Authorizer;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.Permissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Who may publish and be sent what, by rules as Mosquitto has them. What no rule grants is denied.
 *
 * <pre>{@code
 * AccessRules rules = AccessRules.builder()
 *         .user("ann").readWrite("home/#").deny("home/safe")
 *         .anonymous().read("public/#")
 *         .pattern().write("devices/%c/#")
 *         .build();
 * }</pre>
 *
 * <p>The rules of a client's user come first, then the patterns, which are for everybody; among each, those that deny before the
 * others, whatever their order. A pattern has the client identifier for {@code %c} and the user name for {@code %u}. A name
 * can't make more of a pattern than one level:
 *
 * <ul>
 *   <li>to a client with '+' or '#' in its client identifier or user name, patterns grant nothing at all, as in Mosquitto;
 *   <li>a pattern grants nothing if a name in it is empty, has '/' or U+0000 in it, or begins the filter with '$'. Unlike in
 *       Mosquitto; it denies what it says, literally;
 *   <li>a pattern with {@code %u} isn't there for an anonymous client.
 * </ul>
 *
 * <p>Each client may subscribe to anything: what it is sent is decided topic by topic. But where {@link Section#subscribe}
 * speaks of it, the filters it subscribes to must be covered.
 *
 * <p>Immutable. Any thread.
 */
public final class AccessRules implements Authorizer {
    /** By name; that of anonymous clients is empty. */
    private final Map<String, UserRules> users;

    /** Patterns without a name in them: the same for everybody. */
    private final RuleTree fixed;

    private final List<String> fixedSubscriptions;

    private final List<Rule> named;

    private final boolean patterns;

    private final LiveRules always = new LiveRules(this);

    private AccessRules(Builder from) {
        Map<String, UserRules> own = new HashMap<>();
        from.users.forEach((name, rules) -> own.put(name, new UserRules(rules)));
        users = own;
        fixed = new RuleTree();
        List<String> subscriptions = new ArrayList<>();
        List<Rule> withNames = new ArrayList<>();
        for (Rule pattern : from.patterns) {
            if (pattern.hasName()) {
                withNames.add(pattern);
            } else if (pattern.bits == Rule.SUBSCRIBE) {
                subscriptions.add(pattern.filter);
            } else {
                fixed.add(pattern.filter, pattern.bits);
            }
        }
        fixedSubscriptions = List.copyOf(subscriptions);
        named = List.copyOf(withNames);
        patterns = !from.patterns.isEmpty();
    }

    /** Rules to be: none yet. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public CompletionStage<Permissions> permissions(ClientInfo client) {
        return CompletableFuture.completedFuture(always.permissions(client));
    }

    /** The rules for a client, with its names in their places. */
    Granted granted(String user, String clientId) {
        UserRules own = users.getOrDefault(user, UserRules.NONE);
        List<String> subscriptions = new ArrayList<>(own.subscriptions);
        boolean bounded = !own.subscriptions.isEmpty();
        if (!patterns) {
            return new Granted(own.tree, RuleTree.EMPTY, RuleTree.EMPTY, bounded ? subscriptions : null);
        }
        boolean wild = hasWildcard(user) || hasWildcard(clientId);
        if (!wild) {
            subscriptions.addAll(fixedSubscriptions);
        }
        bounded |= !fixedSubscriptions.isEmpty();
        RuleTree tree = named.isEmpty() ? RuleTree.EMPTY : new RuleTree();
        for (Rule pattern : named) {
            bounded |= pattern.bits == Rule.SUBSCRIBE;
            String filter = wild ? null : pattern.filled(user, clientId);
            if (filter != null && pattern.bits == Rule.SUBSCRIBE) {
                subscriptions.add(filter);
            } else if (filter != null) {
                tree.add(filter, pattern.bits);
            }
        }
        return new Granted(own.tree, wild ? RuleTree.EMPTY : fixed, tree, bounded ? subscriptions : null);
    }

    private static boolean hasWildcard(String name) {
        return name.indexOf('+') >= 0 || name.indexOf('#') >= 0;
    }

    /** The rules of one user. */
    private static final class UserRules {
        static final UserRules NONE = new UserRules(List.of());

        final RuleTree tree = new RuleTree();
        final List<String> subscriptions = new ArrayList<>();

        UserRules(List<Rule> rules) {
            for (Rule rule : rules) {
                if (rule.bits == Rule.SUBSCRIBE) {
                    subscriptions.add(rule.filter);
                } else {
                    tree.add(rule.filter, rule.bits);
                }
            }
        }
    }

    /** A filter, with names to be put in if it is a pattern, and what it is for. */
    private record Rule(String filter, int bits) {
        static final int SUBSCRIBE = 8;
        private static final String CLIENT_ID = "%c";
        private static final String USER = "%u";

        boolean hasName() {
            return filter.contains(CLIENT_ID) || filter.contains(USER);
        }

        /** With the names in it; null if it doesn't hold for this client. */
        @Nullable
        String filled(String user, String clientId) {
            if (filter.contains(USER) && user.isEmpty()) {
                return null;
            }
            String filled = withNames(user, clientId);
            boolean safe = (!filter.contains(USER) || isOneLevel(user))
                    && (!filter.contains(CLIENT_ID) || isOneLevel(clientId))
                    && filled.startsWith("$") == filter.startsWith("$");
            return safe || bits == RuleTree.DENY ? filled : null;
        }

        private static boolean isOneLevel(String name) {
            return !name.isEmpty() && name.indexOf('/') < 0 && name.indexOf('\0') < 0;
        }

        /** In one pass: a name with %c in it stays as it is. */
        private String withNames(String user, String clientId) {
            StringBuilder filled = new StringBuilder();
            for (int i = 0; i < filter.length(); i++) {
                if (filter.startsWith(CLIENT_ID, i)) {
                    filled.append(clientId);
                    i++;
                } else if (filter.startsWith(USER, i)) {
                    filled.append(user);
                    i++;
                } else {
                    filled.append(filter.charAt(i));
                }
            }
            return filled.toString();
        }
    }

    /** Collects rules. One thread. */
    public static final class Builder {
        private final Map<String, List<Rule>> users = new HashMap<>();
        private final List<Rule> patterns = new ArrayList<>();

        private Builder() {}

        /**
         * What follows is for a user, in addition to what was said of it before.
         *
         * @throws IllegalArgumentException for an empty name: that would be {@link #anonymous()}
         */
        public Section user(String name) {
            if (name.isEmpty()) {
                throw new IllegalArgumentException("the name of a user is empty");
            }
            return new Section(this, users.computeIfAbsent(name, ignored -> new ArrayList<>()));
        }

        /** What follows is for clients without a user name, and for nobody else. */
        public Section anonymous() {
            return new Section(this, users.computeIfAbsent("", ignored -> new ArrayList<>()));
        }

        /** What follows is for everybody, with the client identifier for {@code %c} and the user name for {@code %u}. */
        public Section pattern() {
            return new Section(this, patterns);
        }

        /** The rules. */
        public AccessRules build() {
            return new AccessRules(this);
        }

        private static void add(List<Rule> to, String filter, int bits) {
            String fault = Filters.fault(filter);
            if (fault != null) {
                throw new IllegalArgumentException("the filter '" + filter + "' " + fault);
            }
            to.add(new Rule(filter, bits));
        }
    }

    /** The rules of a user, of anonymous clients, or of everybody. */
    public static final class Section {
        private final Builder builder;
        private final List<Rule> rules;

        private Section(Builder builder, List<Rule> rules) {
            this.builder = builder;
            this.rules = rules;
        }

        private Section with(String filter, int bits) {
            Builder.add(rules, filter, bits);
            return this;
        }

        /**
         * Lets be sent messages whose topic matches.
         *
         * @throws IllegalArgumentException if the filter isn't valid, as of each rule here
         */
        public Section read(String filter) {
            return with(filter, RuleTree.READ);
        }

        /** Lets publish to topics that match. */
        public Section write(String filter) {
            return with(filter, RuleTree.WRITE);
        }

        /** Lets do both. */
        public Section readWrite(String filter) {
            return with(filter, RuleTree.READ | RuleTree.WRITE);
        }

        /** Denies both, whatever other rules of this section say. */
        public Section deny(String filter) {
            return with(filter, RuleTree.DENY);
        }

        /**
         * Lets subscribe to filters that match no topic which this one doesn't: to {@code a/+} if this is {@code a/#}. With a
         * rule of this kind for a client, other filters are refused; without any, none is. It lets read nothing. Not in
         * Mosquitto.
         */
        public Section subscribe(String filter) {
            return with(filter, Rule.SUBSCRIBE);
        }

        /** As {@link Builder#user}. */
        public Section user(String name) {
            return builder.user(name);
        }

        /** As {@link Builder#anonymous}. */
        public Section anonymous() {
            return builder.anonymous();
        }

        /** As {@link Builder#pattern}. */
        public Section pattern() {
            return builder.pattern();
        }

        /** As {@link Builder#build}. */
        public AccessRules build() {
            return builder.build();
        }
    }
}
