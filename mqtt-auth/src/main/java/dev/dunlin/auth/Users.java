package dev.dunlin.auth;

import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.ConnectRequest;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/**
 * Users given in code, with hashes of their passwords: {@link PasswordFile} without a file, and in all the same. Any thread.
 *
 * <pre>{@code
 * Users users = Users.of(Map.of("ann", Passwords.pbkdf2().hash(password)));
 * }</pre>
 */
public final class Users implements Authenticator, AutoCloseable {
    private final PasswordCheck check = new PasswordCheck(new PasswordCheck.Pace());

    private Users() {}

    /**
     * These users.
     *
     * @param hashes user name to hash, as {@link Passwords#hash} makes it; copied
     * @throws IllegalArgumentException if a name is empty, or one of the texts isn't a hash
     */
    public static Users of(Map<String, String> hashes) {
        Users users = new Users();
        users.replace(hashes);
        return users;
    }

    /**
     * Takes users into use, in the place of those before, all at once. Clients whose user isn't among them, or has another
     * hash, are disconnected within a second.
     *
     * @throws IllegalArgumentException as {@link #of}; the users are as before then
     */
    public void replace(Map<String, String> hashes) {
        Map<String, PasswordHash> read = new HashMap<>();
        hashes.forEach((name, text) -> read.put(name, hash(name, text)));
        check.users(read);
    }

    private static PasswordHash hash(String name, String text) {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("the name of a user is empty");
        }
        try {
            return PasswordHash.of(text);
        } catch (PasswordHash.Unusable e) {
            throw new IllegalArgumentException("user '" + name + "' has " + e.getMessage(), e);
        }
    }

    /** As {@link PasswordFile#anonymous}. */
    public Users anonymous(boolean allowed) {
        check.anonymous(allowed);
        return this;
    }

    @Override
    public CompletionStage<AuthResult> authenticate(ConnectRequest request) {
        return check.authenticate(request);
    }

    /** Ends the threads: from now on, who needs a password is refused. */
    @Override
    public void close() {
        check.close();
    }
}
