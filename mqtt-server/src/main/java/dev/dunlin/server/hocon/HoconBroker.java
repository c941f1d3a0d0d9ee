package dev.dunlin.server.hocon;

import dev.dunlin.auth.AclFile;
import dev.dunlin.auth.AuthFileException;
import dev.dunlin.auth.PasswordFile;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerBuilder;
import dev.dunlin.broker.BrokerStartException;
import dev.dunlin.broker.Listener;
import dev.dunlin.broker.Tls;
import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.server.admin.AdminHttp;
import dev.dunlin.server.admin.AdminSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a configuration file becomes: a broker's listeners and bounds, who comes in, and where it keeps what it has to keep. */
public final class HoconBroker {
    private final HoconFile file;
    private final Limits limits;
    private final @Nullable AdminSettings admin;
    private final ConfiguredAccess access;
    private final LiveBounds bounds;
    private final Map<ListenerSettings, Listener> listeners = new LinkedHashMap<>();

    /** What listeners speak TLS with, by their names, as the last reading has it. */
    private final Map<String, Tls> tls = new HashMap<>();

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
     * Takes of another reading of the file what else a broker can change while it runs: the files for TLS, passwords and rules of
     * the listeners that had some at the start, which {@link #reload(PasswordFile)}, {@link #reload(AclFile)} and {@link #tls} go
     * by from then on; and {@code security.anonymous} where there is a password file. The level of the log is for the caller. One
     * thread at a time.
     *
     * @param now without faults
     * @return a sentence for each key that has changed, and needs a restart
     */
    public List<String> take(HoconFile now) {
        List<ListenerSettings> before = file.listeners();
        int count = now.listeners().size();
        if (before.size() != count) { // whatever else has changed
            return List.of(
                    Keys.LISTENERS + " has " + count + " in it now, not " + before.size() + ": that needs a restart");
        }
        Set<String> taken = bounds.keys();
        taken.add(Keys.LOG_LEVEL);
        access.take(before, now.listeners()).forEach((key, settled) -> taken.addAll(settled(key, settled, now)));
        for (int i = 0; i < count; i++) {
            ListenerSettings after = now.listeners().get(i);
            if (ConfiguredListener.asksAs(before.get(i), after)) {
                tls.put(after.name(), ConfiguredListener.tls(after.all()));
                for (String key : ConfiguredListener.TLS_FILES) {
                    taken.add(Flat.ofListener(i, key));
                }
            }
        }
        return file.needRestart(now, taken);
    }

    /** Where a key of the section security has no need of a restart, as these listeners go by what it says now. */
    private Set<String> settled(String key, Set<ListenerSettings> settled, HoconFile now) {
        Set<String> keys = new HashSet<>();
        boolean all = true;
        for (int i = 0; i < now.listeners().size(); i++) {
            ListenerSettings listener = file.listeners().get(i);
            if (settled.contains(listener)) {
                keys.add(Flat.ofListener(i, key));
            } else {
                all &= listener.all().has(key) && now.listeners().get(i).all().has(key);
            }
        }
        if (all) { // nobody is left who goes by what the broker's section says
            keys.add(key);
        }
        return keys;
    }

    /** What listeners speak TLS with since the last {@link #take}, by their names. Those that aren't there: as at the start. */
    public Map<String, Tls> tls() {
        return Map.copyOf(tls);
    }

    /** Reads the file again that the last {@link #take} has for these users. Blocks. */
    public void reload(PasswordFile users) throws AuthFileException {
        access.reload(users);
    }

    /** Reads the file again that the last {@link #take} has for these rules. Blocks. */
    public void reload(AclFile rules) throws AuthFileException {
        access.reload(rules);
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
