package dev.dunlin.server;

import dev.dunlin.auth.AuthFileException;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerBuilder;
import dev.dunlin.broker.BrokerStartException;
import dev.dunlin.broker.Listener;
import dev.dunlin.broker.ListenerAddress;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.server.admin.AdminHttp;
import dev.dunlin.server.admin.ServerTraits;
import dev.dunlin.server.hocon.HoconBroker;
import dev.dunlin.server.hocon.HoconFile;
import dev.dunlin.server.mosquitto.Configuration;
import dev.dunlin.server.mosquitto.ConfigurationException;
import dev.dunlin.server.mosquitto.Finding;
import dev.dunlin.server.mosquitto.LogSettings;
import dev.dunlin.server.mosquitto.Nearest;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The runnable broker: reads the command line, starts one broker, prints where it listens, and runs until a signal.
 * Whatever goes wrong is one line on standard error.
 */
public final class Main {
    private static final int EXIT_FAILED = 1;
    private static final int EXIT_USAGE = 2;

    /** How long clients get to take their DISCONNECT; with the stop itself inside the 2 s that users are promised. */
    private static final Duration DRAIN = Duration.ofSeconds(1);

    private static final Duration STOP_MAX = Duration.ofMillis(1700);

    private static final Set<String> LOG_LEVELS = Set.of("off", "error", "warn", "info", "debug", "trace");

    /** Taken at least, with however little memory. */
    private static final int PACKET_BYTES_MIN = 1 << 20;

    private Main() {}

    /**
     * Runs the broker, or does what a sub-command says; returns only from that, {@code --help} and {@code --version}.
     *
     * @param args the command line
     */
    public static void main(String[] args) throws InterruptedException {
        Options options = new Options();
        ParseResult given;
        try {
            given = Options.parserOf(options, args).parseArgs(args);
            if (CommandLine.printHelpIfRequested(given)) {
                return;
            }
            options.check(given);
        } catch (ParameterException e) {
            throw exit(EXIT_USAGE, words(e) + " (see --help)");
        }
        chooseLogLevel(System.getenv().getOrDefault("DUNLIN_LOG", ""));
        if (given.hasSubcommand()) {
            runCommand(given.subcommand());
        } else if (options.hocon.isQuestion()) {
            answer(options, given);
        } else {
            run(options, given);
        }
    }

    /** What is wrong with the command line. */
    private static String words(ParameterException e) {
        if (!(e instanceof UnmatchedArgumentException unmatched)) {
            return String.valueOf(e.getMessage());
        }
        String given = unmatched.getUnmatched().get(0);
        String first = "'" + given + "'";
        if (unmatched.isUnknownOption()) {
            Set<String> known =
                    unmatched.getCommandLine().getCommandSpec().optionsMap().keySet();
            String nearest = given.startsWith("--") ? Nearest.near(known, given.replaceFirst("=.*", "")) : null;
            return "there is no option " + first + (nearest == null ? "" : "; did you mean " + nearest + "?");
        }
        CommandLine asked = unmatched.getCommandLine();
        boolean command = asked.getParent() == null || !asked.getSubcommands().isEmpty();
        return command ? "there is no command " + first : "there is no use for " + first;
    }

    private static void run(Options options, ParseResult given) throws InterruptedException {
        Hangups hangups = Hangups.take();
        Plan plan = plan(options, given);
        AdminHttp admin = bind(plan);
        Broker broker = startOrClose(plan, admin);
        OrderedStop stop = stopOnSignal(broker);
        writePid(plan.pidFile(), stop);
        Reloads reloads = new Reloads(broker, plan);
        if (admin != null) {
            stop.administeredBy(admin);
            admin.start(broker, traits(plan, reloads));
        }
        if (plan.data() != null) {
            listenForCommands(plan.data(), broker, reloads, stop);
        }
        reloads.onSignal(hangups);
        reloads.onChange(plan.watch());
        LogConfiguration.publishBy(broker);
        for (ListenerAddress address : broker.listeners()) {
            System.out.println("dunlin listening on " + address.uri());
        }
        if (admin != null) {
            System.out.println("dunlin administered at " + admin.uri());
        }
        // The broker's threads are daemons: this one keeps the process alive.
        Thread.currentThread().join();
    }

    private static void runCommand(ParseResult given) throws InterruptedException {
        ParseResult last = given.hasSubcommand() ? given.subcommand() : given;
        if (!(last.commandSpec().userObject() instanceof StoreAction action)) {
            throw exit(
                    EXIT_USAGE,
                    "'store' needs a command: "
                            + String.join(", ", last.commandSpec().subcommands().keySet())
                            + " (see dunlin store --help)");
        }
        int code;
        try {
            code = action.run(System.out, System.err);
        } catch (ParameterException e) {
            throw exit(EXIT_USAGE, e.getMessage() + " (see --help)");
        } catch (StoreException e) {
            throw exit(EXIT_FAILED, String.valueOf(e.getMessage()));
        }
        if (code != StoreAction.OK) {
            System.exit(code);
        }
    }

    /** Before the first logger exists: the log configuration reads the property. */
    private static void chooseLogLevel(String level) {
        if (level.isEmpty()) {
            return;
        }
        if (!LOG_LEVELS.contains(level.toLowerCase(Locale.ROOT))) {
            throw exit(EXIT_USAGE, "DUNLIN_LOG is off, error, warn, info, debug or trace, not '" + level + "'");
        }
        System.setProperty(LogConfiguration.LEVEL, level);
    }

    /** About the configuration file. */
    private static void answer(Options options, ParseResult given) {
        Path path = options.hocon.file;
        if (path == null) {
            System.out.print(HoconFile.reference());
            return;
        }
        HoconFile file = good(path, options, given);
        if (options.hocon.print) {
            System.out.print(file.printed());
        }
        if (options.hocon.check) {
            endIfAny(broker(file).rehearse());
            System.out.println("OK");
        }
    }

    /** A file of HOCON without anything wrong; otherwise the process ends with a line for each. */
    private static HoconFile good(Path path, Options options, ParseResult given) {
        HoconFile file = options.hocon.read(path, options, given, System.getenv());
        endIfAny(file.faults());
        // Before the first logger. Who asks a question wants its answer; what is to be warned of belongs to it.
        LogConfiguration.choose(options.hocon.isQuestion() ? "warn" : file.logLevel(), file.logsJson());
        return file;
    }

    private static HoconBroker broker(HoconFile file) {
        Limits server = limits(LoggerFactory.getLogger(Main.class), PlatformDependent.maxDirectMemory());
        return new HoconBroker(file, server, Engines.orMemory());
    }

    private static Plan plan(Path path, Options options, ParseResult given) {
        HoconFile file = good(path, options, given);
        FileStamps stamps = new FileStamps(file.allFiles());
        HoconBroker broker = broker(file);
        endIfAny(broker.faults());
        return Plan.of(broker, stamps);
    }

    private static void endIfAny(List<String> faults) {
        faults.forEach(fault -> System.err.println("dunlin: " + oneLine(fault)));
        if (!faults.isEmpty()) {
            System.exit(EXIT_FAILED);
        }
    }

    private static Plan plan(Options options, ParseResult given) {
        if (options.hocon.file != null) {
            return plan(options.hocon.file, options, given);
        }
        Path file = options.configuration.file;
        Configuration configuration = file == null ? null : read(file, options.configuration.ignoreUnsupported);
        if (configuration != null) {
            LogSettings log = LogSettings.of(configuration);
            checkLogFile(log.file());
            LogConfiguration.settings(log); // before the first logger
        }
        Logger log = LoggerFactory.getLogger(Main.class);
        HoconOptions.withoutUse(System.getenv())
                .forEach(name -> log.warn("{} has no effect: it is for --config", name));
        Limits server = limits(log, PlatformDependent.maxDirectMemory());
        try {
            if (configuration == null) {
                checkOpenToOthers(options);
                return Plan.of(options, given, server);
            }
            Plan plan = Plan.of(options, configuration, server);
            options.configuration.checkStore(given, plan.data() != null, options.isInMemory());
            warnOfOtherStore(log, plan.data());
            return plan;
        } catch (ParameterException | IllegalArgumentException e) {
            throw exit(EXIT_USAGE, String.valueOf(e.getMessage()));
        } catch (AuthFileException | ConfigurationException e) {
            throw exit(EXIT_FAILED, String.valueOf(e.getMessage()));
        }
    }

    /** The log itself is silent about it. */
    private static void checkLogFile(@Nullable Path file) {
        if (file == null) {
            return;
        }
        try {
            Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)
                    .close();
        } catch (IOException e) {
            throw exit(EXIT_FAILED, "the file of log_dest can't be written: " + Words.of(e));
        }
    }

    private static void warnOfOtherStore(Logger log, @Nullable Path data) {
        if (data != null && !Files.exists(data) && Files.exists(data.resolveSibling("mosquitto.db"))) {
            log.warn("mosquitto.db is not read: sessions and retained messages begin anew, in {}", data);
        }
    }

    /** A configuration without anything in the way; otherwise the process ends with a line for each. */
    private static Configuration read(Path file, boolean ignoreUnsupported) {
        Configuration configuration = Configuration.read(file);
        boolean good = true;
        for (Finding finding : configuration.findings()) {
            boolean ignored = ignoreUnsupported && finding.ignorable();
            System.err.println("dunlin: " + (ignored ? "ignored: " : "") + oneLine(finding.toString()));
            good &= ignored;
        }
        if (!good) {
            System.exit(EXIT_FAILED);
        }
        return configuration;
    }

    private static void checkOpenToOthers(Options options) {
        String openTo = options.hostOpenToOthers();
        if (openTo != null) {
            // The broker refuses too, in the words of its API.
            throw exit(
                    EXIT_FAILED,
                    "other machines reach " + openTo
                            + ": bind to 127.0.0.1, give users passwords (--password-file), require certificates of clients"
                            + " (--client-ca, with --port none and no --ws-port), or let every client in with"
                            + " --allow-anonymous");
        }
    }

    /** Takes the port for administration, and lets its page in by the listener that is there for it. */
    private static @Nullable AdminHttp bind(Plan plan) {
        Plan.Admin asked = plan.admin();
        if (asked == null) {
            return null;
        }
        try {
            AdminHttp admin = AdminHttp.bind(asked.settings());
            Listener page = asked.page();
            if (page != null) {
                plan.builder().listen(page.webSocketOrigins(admin.origins().toArray(String[]::new)));
            }
            return admin;
        } catch (IOException e) {
            throw exit(EXIT_FAILED, String.valueOf(e.getMessage()));
        }
    }

    private static ServerTraits traits(Plan plan, Reloads reloads) {
        Plan.Kept kept = plan.kept();
        return new ServerTraits(
                Version.number(),
                kept == null ? Engines.MEMORY : kept.engine(),
                kept == null ? "none" : kept.durability().name().toLowerCase(Locale.ROOT),
                reloads::ask);
    }

    private static Broker startOrClose(Plan plan, @Nullable AdminHttp admin) {
        try {
            return start(plan);
        } catch (RuntimeException | Error e) { // its thread would keep the process alive, which never gets ready
            if (admin != null) {
                admin.close();
            }
            throw e;
        }
    }

    private static Broker start(Plan plan) {
        Logger log = LoggerFactory.getLogger(Main.class);
        BrokerBuilder builder = plan.builder();
        Plan.Kept kept = plan.kept();
        if (kept == null) {
            log.info("store: none, everything is in memory");
        } else {
            Path folder = kept.data().toAbsolutePath().normalize();
            log.info("store: {} in {}, durability {}", kept.engine(), folder, kept.durability());
            builder.storage(engine(kept.engine(), folder), kept.durability());
        }
        try {
            return builder.start();
        } catch (BrokerStartException e) {
            throw exit(EXIT_FAILED, String.valueOf(e.getMessage()));
        }
    }

    private static void writePid(@Nullable Path file, OrderedStop stop) {
        if (file == null) {
            return;
        }
        try {
            stop.writePid(file);
        } catch (IOException e) {
            stop.failed();
            throw exit(EXIT_FAILED, "the pid_file can't be written: " + Words.of(e));
        }
    }

    /**
     * The largest message is at most half of what may lie outside the heap, where it is gathered: one that is larger is refused
     * as MQTT has it, and not by an error in the middle of it. The broker has the JVM to itself: it may hold half of what that
     * has, on the heap and outside.
     */
    static Limits limits(Logger log, long directBytes) {
        int largest = (int) Math.min(Limits.PROTOCOL_PACKET_BYTES_MAX, Math.max(PACKET_BYTES_MIN, directBytes / 2));
        if (largest < Limits.PROTOCOL_PACKET_BYTES_MAX) {
            log.info(
                    "messages: at most {} bytes, half of the memory outside the heap (-XX:MaxDirectMemorySize)",
                    largest);
        }
        long budget = Runtime.getRuntime().maxMemory() / 2 + directBytes / 2;
        return Limits.STANDALONE.withPacketBytesMax(largest).withMemoryBudgetBytes(budget);
    }

    private static StorageEngineProvider engine(String name, Path folder) {
        try {
            return Engines.forBroker(name, folder);
        } catch (StoreException e) {
            throw exit(EXIT_FAILED, String.valueOf(e.getMessage()));
        }
    }

    /** A broker that can't be told anything while it runs is still a broker. */
    private static void listenForCommands(Path data, Broker broker, Reloads reloads, OrderedStop stop) {
        Path folder = data.toAbsolutePath().normalize();
        try {
            stop.closes(ControlSocket.open(
                    folder,
                    Map.of(
                            Backup.NAME,
                            (about, to) -> Backup.online(broker, about, to),
                            Reload.NAME,
                            (about, to) -> reloads.answer(to)),
                    ControlSocket.PATIENCE));
        } catch (IOException e) {
            LoggerFactory.getLogger(Main.class)
                    .warn(
                            "commands: there can be no socket {}, so neither backup nor reload while the broker runs: {}",
                            folder.resolve(ControlSocket.FILE),
                            e.getMessage());
        }
    }

    /**
     * A JVM that SIGTERM ends runs its hooks and exits with 143, whatever they do, and a service manager or script
     * reads that as a failure. An ordered stop is a success: the hook says so with {@code halt}, which ends the
     * process from within. (A handler of {@code sun.misc.Signal} could call {@code exit} instead, but that class is
     * no API.) Nothing else hooks into this process, so nothing is cut short.
     */
    private static OrderedStop stopOnSignal(Broker broker) {
        OrderedStop stop = new OrderedStop(() -> broker.closeAsync(DRAIN), STOP_MAX, EXIT_FAILED);
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(stop.run()), "dunlin-stop"));
        return stop;
    }

    /** Ends the process; declared to return so that callers can {@code throw} and the compiler sees the end. */
    private static IllegalStateException exit(int code, String message) {
        System.err.println("dunlin: " + oneLine(message));
        System.exit(code);
        return new IllegalStateException("unreachable");
    }

    static String oneLine(String message) {
        return message.replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
    }
}
