package dev.dunlin.broker.spi;

import java.util.Map;

/**
 * Who a client was authenticated as.
 *
 * @param name the user name; empty for an anonymous client
 * @param attributes whatever an {@link Authenticator} knows about it that an {@link Authorizer} needs, such as roles;
 *     unmodifiable. Kept with a stored will, so no secrets
 */
public record Identity(String name, Map<String, String> attributes) {
    /** The identity of a client that was let in without authentication. */
    public static final Identity ANONYMOUS = new Identity("");

    /** Takes a copy of the attributes. */
    public Identity {
        attributes = Map.copyOf(attributes);
    }

    /** An identity without attributes. */
    public Identity(String name) {
        this(name, Map.of());
    }
}
