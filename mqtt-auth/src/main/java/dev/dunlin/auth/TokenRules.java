package dev.dunlin.auth;

import dev.dunlin.broker.spi.Authorizer;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.Permissions;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/**
 * Lets a client do what its token says: the topic filters in it are patterns as of {@link AccessRules}, with the same care for
 * names. A token with {@code "acl": {"pub": ["devices/%c/#"], "sub": ["news/+"]}} lets publish to the first, and be sent what
 * matches the second. What it doesn't grant is denied.
 *
 * <p>{@link JwtAuthenticator} puts them into the attributes {@value #WRITE}, {@value #READ} and {@value #READ_WRITE} of the
 * client's identity, one filter a line; another authenticator may do so as well. Immutable. Any thread.
 */
public final class TokenRules implements Authorizer {
    /** The attribute with the filters to publish to. */
    public static final String WRITE = "acl.write";

    /** The attribute with the filters to be sent. */
    public static final String READ = "acl.read";

    /** The attribute with the filters for both. */
    public static final String READ_WRITE = "acl.readwrite";

    private final Authorizer others;

    private TokenRules(Authorizer others) {
        this.others = others;
    }

    /** Who has no rules in its token may do nothing. */
    public static TokenRules only() {
        return new TokenRules(AccessRules.builder().build());
    }

    /** Who has no rules in its token, not even an empty list of them, is for another to decide: an {@link AclFile}, say. */
    public static TokenRules or(Authorizer others) {
        return new TokenRules(others);
    }

    @Override
    public CompletionStage<Permissions> permissions(ClientInfo client) {
        Map<String, String> attributes = client.identity().attributes();
        boolean none =
                !attributes.containsKey(WRITE) && !attributes.containsKey(READ) && !attributes.containsKey(READ_WRITE);
        if (none) {
            return others.permissions(client);
        }
        AccessRules.Section rules = AccessRules.builder().pattern();
        lines(attributes, WRITE).forEach(rules::write);
        lines(attributes, READ).forEach(rules::read);
        lines(attributes, READ_WRITE).forEach(rules::readWrite);
        return rules.build().permissions(client);
    }

    private static Iterable<String> lines(Map<String, String> attributes, String name) {
        return attributes.getOrDefault(name, "").lines().toList();
    }
}
