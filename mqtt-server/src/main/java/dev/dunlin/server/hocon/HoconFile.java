package dev.dunlin.server.hocon;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import dev.dunlin.server.hocon.Settings.Setting;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/** What a configuration file says, with what counts before it and the defaults. Immutable. */
public final class HoconFile {
    private final Path file;
    private final Given given;
    private final List<Path> files;
    private final List<Fault> faults;
    private final Settings broker;
    private final List<ListenerSettings> listeners;

    private HoconFile(Path file, Given given) {
        this.file = file;
        this.given = given;
        List<Path> read = new ArrayList<>();
        faults = new ArrayList<>();
        ConfigObject root = resolved(Includes.read(file, read, faults));
        files = List.copyOf(read);
        Reading reading = new Reading(faults);
        broker = reading.settings("", root, Keys.BROKER, Keys.APART).or(Reference.broker());
        listeners = List.copyOf(listeners(reading, root));
        new ListenerFaults(faults).check(listeners);
    }

    /** Reads a file, and what it includes. What is wrong is among the {@link #faults}. Blocks: names of hosts are looked up. */
    public static HoconFile read(Path file, Given given) {
        return new HoconFile(file, given);
    }

    /** Reads it again, as it is now. */
    public HoconFile again() {
        return new HoconFile(file, given);
    }

    /** The commented file with every key and its default. */
    public static String reference() {
        return Reference.text();
    }

    private ConfigObject resolved(Config said) {
        Config reference = Reference.config();
        try {
            return given.layer()
                    .withFallback(said)
                    .withFallback(reference)
                    .resolve()
                    .root();
        } catch (ConfigException e) {
            faults.add(Reasons.fault(e, Where.of(file)));
            return reference.root();
        }
    }

    // ---- listeners

    private List<ListenerSettings> listeners(Reading reading, ConfigObject root) {
        ConfigValue common = Objects.requireNonNull(root.get(Keys.LISTENER_DEFAULTS));
        if (!(common instanceof ConfigObject defaults)) {
            faults.add(new Fault(Where.of(common.origin()), Keys.LISTENER_DEFAULTS + " is a section"));
            return List.of();
        }
        reading.settings(Keys.LISTENER_DEFAULTS + ".", defaults, Keys.LISTENER, Set.of());
        ConfigValue all = Objects.requireNonNull(root.get(Keys.LISTENERS));
        if (!(all instanceof List<?> elements) || elements.isEmpty()) {
            faults.add(new Fault(
                    Where.of(all.origin()),
                    Keys.LISTENERS + " is a list with at least one listener in it: [ { ... } ]"));
            return List.of();
        }
        List<ListenerSettings> made = new ArrayList<>();
        List<Integer> ports = new ArrayList<>(given.ports());
        for (int i = 0; i < elements.size(); i++) {
            String called = Keys.LISTENERS + "[" + i + "]";
            if (elements.get(i) instanceof ConfigObject said) {
                Settings own = reading.settings(called + ".", said, Keys.LISTENER, Set.of());
                Config merged = withPort(said.toConfig().withFallback(defaults), ports);
                made.add(listener(where(said, own), own, merged, made));
            } else {
                Where where = Where.of(((ConfigValue) elements.get(i)).origin());
                faults.add(new Fault(where, called + " is a section: { ... }"));
            }
        }
        if (!ports.isEmpty()) {
            faults.add(new Fault(new Where(null, "--port"), "there are more ports than listeners on TCP"));
        }
        return made;
    }

    /** In the place of its own: the next port that was given, if this is on TCP. */
    private static Config withPort(Config listener, List<Integer> ports) {
        return ports.isEmpty() || listener.hasPath(Keys.UNIX_SOCKET)
                ? listener
                : listener.withValue(Keys.PORT, ConfigValueFactory.fromAnyRef(ports.remove(0), "--port"));
    }

    private ListenerSettings listener(Where where, Settings own, Config merged, List<ListenerSettings> before) {
        // What is wrong with either part has been said.
        Settings all = Reading.alone()
                .settings("", merged.root(), Keys.LISTENER, Set.of())
                .or(Reference.listener());
        return new ListenerSettings(name(all, before), where, own, all, broker);
    }

    private static String name(Settings all, List<ListenerSettings> before) {
        String said = all.textOrNull(Keys.NAME);
        if (said != null) {
            return said;
        }
        String scheme = ListenerSettings.scheme(all);
        String name = scheme;
        for (int i = 2; isTaken(name, before); i++) {
            name = scheme + "-" + i;
        }
        return name;
    }

    private static boolean isTaken(String name, List<ListenerSettings> before) {
        return before.stream().anyMatch(listener -> listener.name().equals(name));
    }

    /** One that is put together of several says where its parts are. */
    private static Where where(ConfigObject said, Settings own) {
        Where where = Where.of(said.origin());
        if (where.place() != null) {
            return where;
        }
        return own.all().values().stream()
                .map(Setting::where)
                .filter(part -> part.place() != null)
                .min(Where.ORDER)
                .orElse(where);
    }

    // ---- what it says

    /** One line for each thing that is wrong, with file and line; at most 20. Empty if a broker can be made of it. */
    public List<String> faults() {
        return Fault.lines(faults);
    }

    /** The files that were read: the main file first, then those that it includes. */
    public List<Path> files() {
        return files;
    }

    /** The other files that a broker with this configuration reads: those for TLS, passwords and rules. */
    public List<Path> namedFiles() {
        Stream<Path> access = listeners.stream()
                .flatMap(listener -> Stream.of(Keys.PASSWORD_FILE, Keys.ACL_FILE)
                        .map(listener::access)
                        .filter(Objects::nonNull)
                        .map(Path::of));
        Stream<Path> tls = listeners.stream().flatMap(listener -> ConfiguredListener.files(listener).stream());
        return Stream.concat(access, tls).distinct().toList();
    }

    /** Those, and those that it consists of. */
    public List<Path> allFiles() {
        return Stream.concat(files.stream(), namedFiles().stream()).toList();
    }

    Settings broker() {
        return broker;
    }

    List<ListenerSettings> listeners() {
        return listeners;
    }

    /** What is logged: off, error, warn, info, debug or trace. */
    public String logLevel() {
        return broker.text(Keys.LOG_LEVEL);
    }

    /** Whether each line of the log is an object of JSON. */
    public boolean logsJson() {
        return broker.text(Keys.LOG_FORMAT).equals("json");
    }

    /** Every key that has a value, and where from; passwords are hidden. */
    public String printed() {
        return Flat.of(this).printed();
    }

    /**
     * A sentence for each key that {@code now}, with as many listeners, says something else of.
     *
     * @param taken keys that don't matter
     */
    List<String> needRestart(HoconFile now, Set<String> taken) {
        return Flat.of(this).changed(Flat.of(now), taken);
    }
}
