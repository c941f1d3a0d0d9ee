package dev.dunlin.server.mosquitto;

import dev.dunlin.auth.AclFile;
import dev.dunlin.auth.AuthFileException;
import dev.dunlin.auth.PasswordFile;
import dev.dunlin.broker.BrokerBuilder;
import dev.dunlin.broker.Listener;
import dev.dunlin.broker.spi.Limits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** What a configuration becomes: a broker's listeners and bounds, who comes in, and where it keeps what it has to keep. */
public final class ConfiguredBroker {
    /** Within {@code persistence_location}: the store wants a folder for itself. */
    private static final String STORE = "dunlin";

    private final Configuration configuration;
    private final Limits limits;
    private final List<Listener> listeners;
    private final AccessFiles access;

    private ConfiguredBroker(Configuration configuration, Limits limits, List<Listener> listeners, AccessFiles access) {
        this.configuration = configuration;
        this.limits = limits;
        this.listeners = listeners;
        this.access = access;
    }

    /**
     * Looks up addresses, and reads password and access files.
     *
     * @param configuration without findings, or with such as may be ignored
     * @param ports in the place of those of the first listeners on TCP, 0 for one that the system chooses
     * @param server the bounds of what Mosquitto has no key for
     * @param last changes the bounds of the broker, and of each listener, after the configuration did
     * @throws ConfigurationException if an address can't be found, or a file not be used
     * @throws IllegalArgumentException if there are more ports than listeners, or {@code last} throws it
     */
    public static ConfiguredBroker of(
            Configuration configuration, List<Integer> ports, Limits server, UnaryOperator<Limits> last)
            throws ConfigurationException {
        Limits limits = last.apply(ConfiguredLimits.of(configuration.broker(), server));
        ConfiguredListener made = new ConfiguredListener(configuration, limits);
        AccessFiles access = new AccessFiles(configuration);
        List<Listener> listeners = new ArrayList<>();
        List<Integer> left = new ArrayList<>(ports);
        for (ListenerSection section : configuration.listeners()) {
            Integer port = section.isUnix() || left.isEmpty() ? null : left.remove(0);
            try {
                Listener listener = access.guarded(section, made.of(section, port));
                Limits own = listener.limits();
                listeners.add(own == null ? listener : listener.limits(last.apply(own)));
            } catch (Refusal e) {
                throw new ConfigurationException(section.place() + ": " + e.getMessage(), e);
            } catch (AuthFileException | IllegalArgumentException e) {
                throw new ConfigurationException(section.place() + ": " + e.getMessage(), e);
            }
        }
        if (!left.isEmpty()) {
            throw new IllegalArgumentException("there are more ports than listeners on TCP");
        }
        return new ConfiguredBroker(configuration, limits, listeners, access);
    }

    /** Gives a builder all but a store. */
    public void configure(BrokerBuilder builder) {
        Section broker = configuration.broker();
        builder.limits(limits)
                .tcpNoDelay(broker.flag(Key.SET_TCP_NODELAY))
                .upgradeQoS(broker.flag(Key.UPGRADE_OUTGOING_QOS))
                .sysInterval(Duration.ofSeconds(broker.number(Key.SYS_INTERVAL)));
        listeners.forEach(builder::listen);
    }

    /** The folder of the store; null if nothing is to be kept. */
    public @Nullable Path data() {
        Section broker = configuration.broker();
        return broker.flag(Key.PERSISTENCE)
                ? Path.of(Objects.requireNonNull(broker.text(Key.PERSISTENCE_LOCATION)))
                        .resolve(STORE)
                : null;
    }

    /** Where the number of the process is written; null for nowhere. */
    public @Nullable Path pidFile() {
        String file = configuration.broker().text(Key.PID_FILE);
        return file == null ? null : Path.of(file);
    }

    /** What to read again, and to close at the end. */
    public List<PasswordFile> passwordFiles() {
        return access.users();
    }

    /** What to read again, and to close at the end. */
    public List<AclFile> aclFiles() {
        return access.rules();
    }

    /** The files that a broker with this configuration reads: those for TLS, passwords and rules. None is looked at here. */
    public static List<Path> files(Configuration configuration) {
        List<Path> files = new ArrayList<>();
        for (ListenerSection section : configuration.listeners()) {
            files.addAll(AccessFiles.files(section.settings(), configuration.access(section)));
            files.addAll(ConfiguredListener.files(section));
        }
        return files.stream().distinct().toList();
    }

    /** The configuration's main file. */
    public Path file() {
        return configuration.file();
    }

    /** Whether another reading of the file says something else, but for comments and the like. */
    public boolean differs(Configuration now) {
        return !said(configuration).equals(said(now));
    }

    private static List<Object> said(Configuration configuration) {
        List<Object> said = new ArrayList<>(List.of(configuration.perListener(), values(configuration.broker())));
        for (ListenerSection listener : configuration.listeners()) {
            said.add(listener.name());
            said.add(values(listener.settings()));
        }
        return said;
    }

    private static List<Object> values(Section section) {
        List<Object> values = new ArrayList<>();
        section.settings().forEach((key, setting) -> {
            values.add(key);
            values.add(setting.value());
        });
        return values;
    }
}
