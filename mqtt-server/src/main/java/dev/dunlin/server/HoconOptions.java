package dev.dunlin.server;

import dev.dunlin.broker.spi.OverflowPolicy;
import dev.dunlin.server.hocon.Given;
import dev.dunlin.server.hocon.HoconFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The options for a broker that is set up by a configuration file of its own. */
final class HoconOptions {
    private static final String FILE = "--config";
    private static final String CHECK = "--check-config";
    private static final String PRINT = "--print-config";
    private static final String PORT = "--port";
    private static final String LIMIT = "--limit";

    /** What may stand beside the file and counts before it, and the key that it stands for. */
    private static final Map<String, String> KEYS = Map.of(
            "--store",
            "store.engine",
            "--data",
            "store.data",
            "--durability",
            "store.durability",
            "--watch",
            "security.watch",
            "--sys-interval",
            "sys-interval",
            "--password-file",
            "security.password-file",
            "--acl-file",
            "security.acl-file",
            AdminOptions.PORT,
            "admin.port",
            AdminOptions.BIND,
            "admin.bind",
            AdminOptions.TOKEN_FILE,
            "admin.token-file");

    private static final Set<String> SECONDS = Set.of("--watch", "--sys-interval");
    private static final Set<String> BESIDE = Set.of(FILE, CHECK, PRINT, PORT, LIMIT, "--allow-anonymous");

    @Option(
            names = FILE,
            paramLabel = "FILE",
            converter = Options.FileConverter.class,
            description =
                    "Start with this configuration file, see docs/configuration.md. Beside it there may be --port, --store,"
                            + " --data, --durability, --limit, --sys-interval, --password-file, --acl-file,"
                            + " --allow-anonymous, --watch and --admin-..., which count before what it says.")
    @Nullable
    Path file;

    @Option(
            names = CHECK,
            description = "Read that file and all that it names, say what is wrong or OK, and exit. Nothing is opened.")
    boolean check;

    @Option(
            names = PRINT,
            description =
                    "Print what that file, the command line, the environment and the defaults say together, each with its"
                            + " place, and exit; without --config, every key with its default and what it is.")
    boolean print;

    /** With a file, or one of the questions about it. */
    boolean isUsed() {
        return file != null || check || print;
    }

    /** Whether something is to be printed, and no broker started. */
    boolean isQuestion() {
        return check || print;
    }

    /** The variables that would be keys of a file, if there were one. */
    static List<String> withoutUse(Map<String, String> environment) {
        return environment.keySet().stream()
                .filter(name -> name.startsWith(Given.PREFIX))
                .sorted()
                .toList();
    }

    void check(ParseResult given) {
        if (check && file == null) {
            throw refused(given, CHECK + " needs " + FILE);
        }
        for (OptionSpec option : given.matchedOptions()) {
            String name = option.longestName();
            if (!BESIDE.contains(name) && !KEYS.containsKey(name)) {
                String whose = file == null ? PRINT : FILE;
                throw refused(given, name + " can't stand beside " + whose + ": say it in the file");
            }
            if (file == null && !name.equals(PRINT)) {
                throw refused(given, name + " has no use for " + PRINT + " without " + FILE);
            }
        }
        if (given.hasSubcommand()) {
            throw refused(given, (file == null ? PRINT : FILE) + " is for the broker: it can't stand before a command");
        }
    }

    private static ParameterException refused(ParseResult given, String why) {
        return new ParameterException(given.commandSpec().commandLine(), why);
    }

    /** The file, with what the command line and the environment say. Blocks. */
    HoconFile read(Path path, Options options, ParseResult given, Map<String, String> environment) {
        List<Given.Option> said = new ArrayList<>();
        for (OptionSpec option : given.matchedOptions()) {
            String name = option.longestName();
            String key = KEYS.get(name);
            if (key != null) {
                String text = String.valueOf(option.stringValues().get(0));
                boolean none = name.equals(AdminOptions.PORT) && text.equals(Converters.NONE);
                said.add(new Given.Option(name, key, none ? null : SECONDS.contains(name) ? text + "s" : text));
            } else if (name.equals("--allow-anonymous")) {
                said.add(new Given.Option(name, "security.anonymous", options.allowAnonymous));
            }
        }
        for (LimitSetting limit : options.limits) {
            Object value = limit.value() instanceof OverflowPolicy policy
                    ? policy.name().toLowerCase(Locale.ROOT).replace('_', '-')
                    : limit.value();
            said.add(new Given.Option(LIMIT, Given.keyOfLimit(limit.name()), value));
        }
        return HoconFile.read(path, new Given(environment, said, options.portsInPlace()));
    }
}
