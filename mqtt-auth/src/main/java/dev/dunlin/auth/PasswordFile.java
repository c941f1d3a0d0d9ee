package dev.dunlin.auth;

import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.ConnectRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Users from a file in Mosquitto's format ({@code password_file}), in UTF-8, with a line {@code user:hash} for each. A hash is
 * {@code $7$iterations$salt$hash} or {@code $6$salt$hash}, as mosquitto_passwd and {@code dunlin passwd} make them, or {@code
 * $argon2id$...} if password4j is on the class path.
 *
 * <p>Who gives a user name needs its password. Who gives none is refused, unless {@link #anonymous} says otherwise. Who is
 * wrong, in whichever way, is refused with 0x86 (bad user name or password), after the same time. Where a listener takes user
 * names from certificates, that is the user name and no password is looked at.
 *
 * <p>As in Mosquitto: lines that begin with # are comments, empty lines are nothing, what stands behind a second colon is
 * nothing, spaces around name and hash aren't part of them, of several lines for a user the last one counts, and a line without
 * a hash that can be read lets nobody in; that is logged, without what is in it. A file in which all are of that kind can't be
 * used. Nobody gets in with an empty password.
 *
 * <p>Passwords are checked on threads of this object, 1 or 2 with 200 clients that wait at most, 8 of them from one address (in
 * IPv6 from one network of 64 bits): who comes then is refused with 0x89 (server busy), as is who has waited for 10 s. A password
 * of at most 1,024 bytes that was right is remembered for a minute, as a keyed hash. The array with the password is cleared.
 *
 * <p>A client whose user isn't in the file any more when it is read again, or has another hash, is disconnected within a
 * second. Any thread.
 */
public final class PasswordFile implements Authenticator, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PasswordFile.class);

    private final PasswordCheck check;
    private final LiveFile file;

    private PasswordFile(PasswordCheck check, LiveFile file) {
        this.check = check;
        this.file = file;
    }

    /**
     * Reads a file.
     *
     * @throws AuthFileException if it can't be read, or none of its users has a hash that can be checked
     */
    public static PasswordFile at(Path path) throws AuthFileException {
        return at(path, new PasswordCheck.Pace());
    }

    static PasswordFile at(Path path, PasswordCheck.Pace pace) throws AuthFileException {
        PasswordCheck check = new PasswordCheck(pace);
        LiveFile file = new LiveFile(path, LOG, (from, lines) -> {
            PasswordLines users = PasswordLines.read(from, lines);
            users.faults().forEach(LOG::warn);
            check.users(users.hashes());
            return users.summary();
        });
        return new PasswordFile(check, file);
    }

    /**
     * Whether clients without a user name get in, as {@link dev.dunlin.broker.spi.Identity#ANONYMOUS}; they don't unless it is
     * said here. When they don't any more, those that are connected are disconnected within a second. An empty user name is
     * none.
     *
     * @return this
     */
    public PasswordFile anonymous(boolean allowed) {
        check.anonymous(allowed);
        return this;
    }

    @Override
    public CompletionStage<AuthResult> authenticate(ConnectRequest request) {
        return check.authenticate(request);
    }

    /**
     * Reads the file again: all of its users are taken into use at once. May block.
     *
     * @throws AuthFileException if it can't be read, or none of its users has a hash that can be checked; the users are as
     *     before then. Logged
     */
    public void reload() throws AuthFileException {
        file.reload();
    }

    /**
     * Reads another file in the place of this one: all of its users are taken into use at once, and it is the one that is read
     * again and watched from then on. May block.
     *
     * @throws AuthFileException if it can't be read, or none of its users has a hash that can be checked; users and file are as
     *     before then. Logged
     */
    public void reload(Path other) throws AuthFileException {
        file.reload(other);
    }

    /**
     * Reads the file again whenever it has changed, on a thread of its own. A change counts when two looks in a row find the
     * same file; one that can't be used is logged and leaves the users as they are.
     *
     * @param every how often to look, from 1 ms; in the place of what was said before
     * @return this
     */
    public PasswordFile watch(Duration every) {
        file.watch(every);
        return this;
    }

    /** Ends the watch and the threads: from now on, who needs a password is refused. */
    @Override
    public void close() {
        file.close();
        check.close();
    }
}
