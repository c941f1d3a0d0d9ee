package dev.dunlin.server.hocon;

import dev.dunlin.auth.AclFile;
import dev.dunlin.auth.AuthFileException;
import dev.dunlin.auth.PasswordFile;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerBuilder;
import dev.dunlin.broker.BrokerStartException;
import dev.dunlin.broker.Listener;
import dev.dunlin.broker.Tls;
import dev.dunlin.broker.TlsReload;
import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.server.admin.AdminHttp;
import dev.dunlin.server.admin.AdminSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a configuration file becomes: a broker's listeners and bounds, who comes in, and where it keeps what it has to keep. */
public final class HoconBroker {
    private final HoconFile file;
    private final Limits limits;
    private final @Nullable AdminSettings admin;
    private final ConfiguredAccess access;
    private final LiveBounds bounds;
    private final Map<ListenerSettings, Listener> listeners = new LinkedHashMap<>();

    private final ConfiguredTls tls;
    private final List<Fault> faults = new ArrayList<>();

    /**
     * Reads password and access files. Blocks.
     *
     * @param file without faults
     * @param server the bounds of which it says nothing
     * @param engines the stores that there are
     */
    public HoconBroker(HoconFile file, Limits server, Set<String> engines) {
        this.file = file;
        if (!engines.contains(engine())) {
            faults.add(new Fault(
                    file.broker().where(Keys.STORE_ENGINE, Where.of(file.files().get(0))),
                    Keys.STORE_ENGINE + " is " + String.join(" or ", engines) + ", not '" + engine() + "'"));
        }
        limits = file.broker().limits(server);
        admin = ConfiguredAdmin.of(file, faults);
        access = new ConfiguredAccess(faults);
        for (ListenerSettings settings : file.listeners()) {
            listeners.put(settings, access.guarded(settings, ConfiguredListener.of(settings, limits)));
        }
        tls = new ConfiguredTls(file.listeners());
        bounds = new LiveBounds(file, server, listeners);
    }

    /** One line for each file that can't be used, with the line that names it. With any, no broker is to be started. */
    public List<String> faults() {
        return Fault.lines(faults);
    }

    /**
     * As {@link #faults}, and looks also at what a start would look at before it listens, the files for TLS above all. Nothing
     * is bound and no store is opened. Blocks.
     */
    public List<String> rehearse() {
        List<Fault> all = new ArrayList<>(faults);
        listeners.forEach((settings, listener) -> {
            // Who may come in was looked at when the file was read.
            String fault = fault(Broker.builder()
                    .limits(limits)
                    .listen(listener)
                    .allowAnonymous()
                    .loops(1));
            if (fault != null) {
                all.add(new Fault(settings.where(), fault));
            }
        });
        String fault = admin == null ? null : AdminHttp.fault(admin);
        if (fault != null) {
            all.add(new Fault(
                    file.broker().where(Keys.ADMIN_CERT, Where.of(file.files().get(0))), fault));
        }
        return Fault.lines(all);
    }

    /** Why a start fails before anything is bound; null if it doesn't. */
    private static @Nullable String fault(BrokerBuilder builder) {
        EndOfRehearsal end = new EndOfRehearsal();
        builder.beforeListening(local -> {
            throw end;
        });
        try {
            builder.start().close();
            throw new IllegalStateException("a broker has started that was to be ended before");
        } catch (EndOfRehearsal reached) {
            return null;
        } catch (BrokerStartException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** Ends a start, as what is thrown by a task that runs before the listeners are bound. */
    private static final class EndOfRehearsal extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    Limits limits() {
        return limits;
    }

    List<Listener> listeners() {
        return List.copyOf(listeners.values());
    }

    /** Gives a builder all but a store. */
    public void configure(BrokerBuilder builder) {
        Settings broker = file.broker();
        Integer loops = broker.numberOrNull(Keys.LOOPS);
        builder.limits(limits)
                .loops(loops == null ? Runtime.getRuntime().availableProcessors() : loops)
                .tcpNoDelay(broker.flag(Keys.TCP_NO_DELAY))
                .upgradeQoS(broker.flag(Keys.UPGRADE_QOS))
                .sysInterval(broker.time(Keys.SYS_INTERVAL));
        listeners.values().forEach(builder::listen);
    }

    /**
     * Has a broker that is made of this go by the bounds of another reading of the file. They count in a moment; docs/limits.md
     * says of each for what. One thread at a time.
     *
     * @param now without faults
     * @return the keys that say something else than at the last reading, such as "limits.queue-bytes-max"
     */
    public List<String> takeLimits(HoconFile now, Broker broker) {
        return bounds.take(now, broker);
    }

    /**
     * Notes of another reading of the file what else a broker can change while it runs: the files for TLS, passwords and rules of
     * the listeners that had some at the start, and {@code security.anonymous} where there is a password file. Nothing of it
     * counts before {@link #reload(AclFile)}, {@link #reload(PasswordFile)} and {@link #reloaded} have it, and what can't be read
     * never does. Of a listener that isn't at its place in the list any more, or of which anything else needs a restart, nothing
     * is taken; nor if more than one says something else of its users, its rules and the certificates that it trusts: one without
     * the other could let somebody in whom neither reading lets in. The level of the log is for the caller. One thread at a time.
     *
     * @param now without faults
     * @return a sentence for each key that says something else than what is in force, and needs a restart
     */
    public List<String> take(HoconFile now) {
        List<ListenerSettings> before = file.listeners();
        List<ListenerSettings> after = now.listeners();
        Map<ListenerSettings, ListenerSettings> same = new LinkedHashMap<>();
        for (int i = 0; i < before.size() && before.size() == after.size(); i++) {
            ListenerSettings its = before.get(i);
            boolean oneChange = access.changes(its, after.get(i)) + tls.changes(its, after.get(i)) <= 1;
            if (oneChange && ConfiguredListener.isSame(its, after.get(i))) {
                same.put(its, after.get(i));
            }
        }
        access.take(same);
        tls.take(same);
        if (before.size() != after.size()) { // whatever else has changed
            return List.of(Keys.LISTENERS + " has " + after.size() + " in it now, not " + before.size()
                    + ": that needs a restart");
        }
        return needRestart(now);
    }

    private List<String> needRestart(HoconFile now) {
        Set<String> elsewhere = bounds.keys();
        elsewhere.add(Keys.LOG_LEVEL);
        elsewhere.addAll(ConfiguredListener.CHANGING);
        for (int i = 0; i < file.listeners().size(); i++) {
            for (String key : ConfiguredListener.CHANGING) {
                elsewhere.add(Flat.ofListener(i, key));
            }
        }
        Set<String> sentences = new LinkedHashSet<>(file.needRestart(now, elsewhere));
        for (int i = 0; i < file.listeners().size(); i++) {
            ListenerSettings before = file.listeners().get(i);
            ListenerSettings after = now.listeners().get(i);
            Stays stays = new Stays(i, before, after, sentences);
            access.compare(before, after, stays);
            tls.compare(before, after, stays);
        }
        return List.copyOf(sentences);
    }

    /** What listeners are to speak TLS with by the last {@link #take}, or go on with, by the names that the broker has for them. */
    public Map<String, Tls> tls() {
        return tls.wanted();
    }

    /** What has come of {@link #tls}. */
    public void reloaded(TlsReload reload) {
        tls.taken(reload);
    }

    /**
     * Reads the file that the last {@link #take} has for these users. To be called after {@link #reload(AclFile)}: other users
     * wait for the rules of their listeners. Blocks.
     *
     * @throws AuthFileException if it can't be used, or those rules can't; the users are those of the file that was read before
     */
    public void reload(PasswordFile users) throws AuthFileException {
        access.reload(users);
    }

    /**
     * Reads the file that the last {@link #take} has for these rules. Blocks.
     *
     * @throws AuthFileException if it can't be used; the rules are those of the file that was read before
     */
    public void reload(AclFile rules) throws AuthFileException {
        access.reload(rules);
    }

    /** The files that this was made of, and those for TLS, passwords and rules that are in force. */
    public List<Path> filesInForce() {
        return Stream.of(file.files(), access.files(), tls.files())
                .flatMap(List::stream)
                .distinct()
                .toList();
    }

    /** The file that it is made of. */
    public HoconFile file() {
        return file;
    }

    /** The engine of the store, or "memory". */
    public String engine() {
        return file.broker().text(Keys.STORE_ENGINE);
    }

    /** The folder of the store. */
    public Path data() {
        return Path.of(file.broker().text(Keys.STORE_DATA));
    }

    /** What an acknowledged message survives. */
    public Durability durability() {
        return file.broker().text(Keys.STORE_DURABILITY).equals("process") ? Durability.PROCESS : Durability.POWER;
    }

    /** Where the number of the process is written; null for nowhere. */
    public @Nullable Path pidFile() {
        return file.broker().path(Keys.PID_FILE);
    }

    /** How often to look whether files have changed; zero for never. */
    public Duration watch() {
        return file.broker().time(Keys.WATCH);
    }

    /** How it is administered over HTTP; null for not at all. */
    public @Nullable AdminSettings admin() {
        return admin;
    }

    /** What to read again. */
    public List<PasswordFile> passwordFiles() {
        return access.users();
    }

    /** What to read again. */
    public List<AclFile> aclFiles() {
        return access.rules();
    }
}
