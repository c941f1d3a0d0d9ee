package dev.dunlin.auth;

import dev.dunlin.broker.spi.Authorizer;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.Permissions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Access rules from a file in Mosquitto's format ({@code acl_file}), in UTF-8:
 *
 * <pre>{@code
 * # Before any user: for clients without a user name.
 * topic read public/#
 *
 * user ann
 * topic home/#
 * topic deny home/safe
 *
 * # For everybody.
 * pattern write devices/%c/#
 * }</pre>
 *
 * <p>What the rules say is told at {@link AccessRules}. As an extension a rule may be {@code topic subscribe FILTER} or {@code
 * pattern subscribe FILTER}.
 *
 * <p>Rules that are read again hold at the next message, for clients that are connected as well. Any thread.
 */
public final class AclFile implements Authorizer, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AclFile.class);

    private final LiveRules rules;
    private final LiveFile file;

    private AclFile(LiveRules rules, LiveFile file) {
        this.rules = rules;
        this.file = file;
    }

    /**
     * Reads a file, and takes its rules into use.
     *
     * @throws AuthFileException if it can't be read, or one of its lines isn't a rule
     */
    public static AclFile at(Path path) throws AuthFileException {
        LiveRules rules = new LiveRules(AccessRules.builder().build());
        LiveFile file = new LiveFile(path, LOG, (from, lines) -> {
            AclParser parser = new AclParser(from);
            rules.now = parser.rules(lines);
            return parser.summary();
        });
        return new AclFile(rules, file);
    }

    @Override
    public CompletionStage<Permissions> permissions(ClientInfo client) {
        return CompletableFuture.completedFuture(rules.permissions(client));
    }

    /**
     * Reads the file again: all of its rules are taken into use at once. May block.
     *
     * @throws AuthFileException if it can't be read, or one of its lines isn't a rule; the rules are as before then. Logged
     */
    public void reload() throws AuthFileException {
        file.reload();
    }

    /**
     * Reads another file in the place of this one: all of its rules are taken into use at once, and it is the one that is read
     * again and watched from then on. May block.
     *
     * @throws AuthFileException if it can't be read, or one of its lines isn't a rule; rules and file are as before then. Logged
     */
    public void reload(Path other) throws AuthFileException {
        file.reload(other);
    }

    /**
     * Reads the file again whenever it has changed, on a thread of its own. A change counts when two looks in a row find the
     * same file; one that can't be used is logged and leaves the rules as they are.
     *
     * @param every how often to look, from 1 ms; in the place of what was said before
     * @return this
     */
    public AclFile watch(Duration every) {
        file.watch(every);
        return this;
    }

    /** Ends the watch. The rules stay in use. */
    @Override
    public void close() {
        file.close();
    }
}
