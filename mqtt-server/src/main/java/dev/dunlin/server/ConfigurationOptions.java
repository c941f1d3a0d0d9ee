package dev.dunlin.server;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The options for a broker that is set up by a configuration of Mosquitto. */
final class ConfigurationOptions {
    private static final String FILE = "--mosquitto-conf";
    private static final String IGNORE = "--ignore-unsupported";

    /** What may stand beside the file: what Mosquitto has no key for, and the ports. */
    private static final Set<String> BESIDE = Set.of(
            FILE,
            IGNORE,
            "--port",
            "--store",
            "--durability",
            "--limit",
            "--watch",
            AdminOptions.PORT,
            AdminOptions.BIND,
            AdminOptions.TOKEN_FILE);

    private static final Set<String> OF_ADMIN = Set.of("--cert", "--key");

    @Option(
            names = FILE,
            paramLabel = "FILE",
            converter = Options.FileConverter.class,
            description =
                    "Start with this mosquitto.conf of Mosquitto 2.0, see docs/from-mosquitto.md. Beside it there may be --port,"
                            + " --store and --durability if it says persistence true, --limit, --watch and --admin-..., and --cert and"
                            + " --key for --admin-bind.")
    @Nullable
    Path file;

    @Option(
            names = IGNORE,
            description =
                    "Start without what of that file isn't supported, and say so; otherwise the start is refused.")
    boolean ignoreUnsupported;

    /**
     * With a file: nothing else may be said that the file says.
     *
     * @param adminNeedsTls whether there is administration that other machines reach
     */
    void check(ParseResult given, boolean adminNeedsTls) {
        for (OptionSpec option : given.matchedOptions()) {
            boolean ofAdmin = adminNeedsTls && OF_ADMIN.contains(option.longestName());
            if (!ofAdmin && !BESIDE.contains(option.longestName())) {
                throw new ParameterException(
                        given.commandSpec().commandLine(),
                        option.longestName() + " can't stand beside " + FILE + ": the file says that");
            }
        }
        if (given.hasSubcommand()) {
            throw new ParameterException(
                    given.commandSpec().commandLine(), FILE + " is for the broker: it can't stand before a command");
        }
    }

    /** What the file says of a store. */
    void checkStore(ParseResult given, boolean persistent, boolean memory) {
        for (String option : List.of("--store", "--durability")) {
            if (!persistent && given.hasMatchedOption(option)) {
                throw new ParameterException(
                        given.commandSpec().commandLine(),
                        option + " is for a store, and the file has no persistence true");
            }
        }
        if (persistent && memory) {
            throw new ParameterException(
                    given.commandSpec().commandLine(),
                    "--store memory keeps nothing, and the file has persistence true");
        }
    }

    /** Without a file. */
    void checkIsAlone(ParseResult given) {
        if (ignoreUnsupported) {
            throw new ParameterException(given.commandSpec().commandLine(), IGNORE + " is for " + FILE);
        }
    }
}
