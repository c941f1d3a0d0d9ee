package dev.dunlin.broker.spi;

import java.util.Map;

/**
 * Who a client was authenticated as.
 *
 * @param name the user name; empty for an anonymous client; at most 16,384 characters
 * @param attributes whatever an {@link Authenticator} knows about it that an {@link Authorizer} needs, such as roles;
 *     unmodifiable. Kept with a stored will, so no secrets; if they are more than about 60 KiB, a will that is published after
 *     a restart has to do without them
 */
public record Identity(String name, Map<String, String> attributes) {
    /** The identity of a client that was let in without authentication. */
    public static final Identity ANONYMOUS = new Identity("");

    private static final int NAME_MAX = 16_384;

    /**
     * Takes a copy of the attributes.
     *
     * @throws IllegalArgumentException for a name that is too long
     */
    public Identity {
        if (name.length() > NAME_MAX) {
            throw new IllegalArgumentException("a user name has at most " + NAME_MAX + " characters");
        }
        attributes = Map.copyOf(attributes);
    }

    /** An identity without attributes. */
    public Identity(String name) {
        this(name, Map.of());
    }
}
