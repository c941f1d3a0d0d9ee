package dev.dunlin.server;

import dev.dunlin.auth.AclFile;
import dev.dunlin.auth.AuthFileException;
import dev.dunlin.auth.PasswordFile;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerBuilder;
import dev.dunlin.broker.Listener;
import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.server.admin.AdminSettings;
import dev.dunlin.server.hocon.HoconBroker;
import dev.dunlin.server.mosquitto.Configuration;
import dev.dunlin.server.mosquitto.ConfigurationException;
import dev.dunlin.server.mosquitto.ConfiguredBroker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ParseResult;

/**
 * A broker that is to be started, and what belongs to its process.
 *
 * @param builder has all but a store
 * @param kept where and how things are kept; null if nothing is
 * @param pidFile where the number of the process is written; null for nowhere
 * @param users what is read again
 * @param rules what is read again
 * @param watch how the files that a reload reads looked before they were read, and how often to look again
 * @param source where all that is written
 * @param admin how it is administered; null for not at all
 */
record Plan(
        BrokerBuilder builder,
        @Nullable Kept kept,
        @Nullable Path pidFile,
        List<PasswordFile> users,
        List<AclFile> rules,
        Watch watch,
        Source source,
        @Nullable Admin admin) {

    /**
     * Administration over HTTP.
     *
     * @param page where its page speaks MQTT, if nobody else has a say in that; null if there is no such listener
     */
    record Admin(AdminSettings settings, @Nullable Listener page) {}

    /** For WebSocket, where nothing is said. */
    private static final int PAGE_PORT = 8_083;

    /**
     * A store.
     *
     * @param engine its name
     * @param data its folder
     */
    record Kept(String engine, Path data, Durability durability) {}

    /** @param every zero for never */
    record Watch(FileStamps stamps, Duration every) {}

    /**
     * The file that a plan comes from.
     *
     * @param mosquitto of Mosquitto
     * @param hocon of our own
     */
    record Source(
            @Nullable ConfiguredBroker mosquitto, @Nullable HoconBroker hocon) {
        static final Source COMMAND_LINE = new Source(null, null);
    }

    /** As the command line has it. */
    static Plan of(Options options, ParseResult given, Limits server) throws AuthFileException {
        AccessOptions access = options.access;
        FileStamps stamps = new FileStamps(Stream.of(
                        access.passwordFile,
                        access.aclFile,
                        options.cert,
                        options.key,
                        options.clientCa,
                        options.clientCrl)
                .filter(Objects::nonNull)
                .toList());
        BrokerBuilder builder = Broker.builder()
                .loops(Runtime.getRuntime().availableProcessors())
                .limits(options.limits(server))
                .sysInterval(Duration.ofSeconds(options.access.sysSeconds));
        options.listeners().forEach(builder::listen);
        List<PasswordFile> users = new ArrayList<>();
        List<AclFile> rules = new ArrayList<>();
        if (access.passwordFile != null) {
            users.add(PasswordFile.at(access.passwordFile).anonymous(options.allowAnonymous));
            builder.authenticator(users.get(0));
        } else if (options.allowAnonymous) {
            builder.allowAnonymous();
        }
        if (access.aclFile != null) {
            rules.add(AclFile.at(access.aclFile));
            builder.authorizer(rules.get(0));
        }
        Kept kept = options.isInMemory() ? null : new Kept(options.store, options.data, options.durability);
        return new Plan(
                builder, kept, null, users, rules, watch(stamps, options), Source.COMMAND_LINE, admin(options, given));
    }

    private static @Nullable Admin admin(Options options, ParseResult given) {
        boolean bare = options.isBare(given);
        AdminSettings settings = options.admin.settings(bare, options.cert, options.key);
        return settings == null ? null : new Admin(settings, bare ? Listener.webSocket("127.0.0.1", PAGE_PORT) : null);
    }

    private static @Nullable Admin admin(@Nullable AdminSettings settings) {
        return settings == null ? null : new Admin(settings, null);
    }

    private static Watch watch(FileStamps stamps, Options options) {
        return new Watch(stamps, Duration.ofSeconds(options.access.watchSeconds));
    }

    /** As a configuration of Mosquitto has it. */
    static Plan of(Options options, Configuration configuration, Limits server) throws ConfigurationException {
        FileStamps stamps = new FileStamps(ConfiguredBroker.files(configuration));
        List<Integer> ports = options.portsInPlace();
        ConfiguredBroker configured = ConfiguredBroker.of(configuration, ports, server, options::limits);
        BrokerBuilder builder = Broker.builder().loops(Runtime.getRuntime().availableProcessors());
        configured.configure(builder);
        Path data = configured.data();
        return new Plan(
                builder,
                data == null ? null : new Kept(options.store, data, options.durability),
                configured.pidFile(),
                configured.passwordFiles(),
                configured.aclFiles(),
                watch(stamps, options),
                new Source(configured, null),
                admin(options.admin.settings(false, options.cert, options.key)));
    }

    /**
     * As a configuration file of our own has it.
     *
     * @param stamps how the files looked before they were read
     */
    static Plan of(HoconBroker configured, FileStamps stamps) {
        BrokerBuilder builder = Broker.builder();
        configured.configure(builder);
        String engine = configured.engine();
        return new Plan(
                builder,
                engine.equals(Engines.MEMORY) ? null : new Kept(engine, configured.data(), configured.durability()),
                configured.pidFile(),
                configured.passwordFiles(),
                configured.aclFiles(),
                new Watch(stamps, configured.watch()),
                new Source(null, configured),
                admin(configured.admin()));
    }

    /** The folder of the store; null if nothing is to be kept. */
    @Nullable
    Path data() {
        return kept == null ? null : kept.data;
    }
}
