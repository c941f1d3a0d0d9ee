package dev.dunlin.server;

import dev.dunlin.broker.spi.Durability;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.TypeConversionException;

/** The command line. What is not declared here is refused. */
@Command(
        name = "dunlin",
        sortOptions = false,
        versionProvider = Version.class,
        description = "MQTT 3.1, 3.1.1 and 5.0 broker. Prints one line when it is ready, stops on SIGTERM and SIGINT.",
        footer = {
            "",
            "Environment:",
            "  DUNLIN_LOG   What is logged to standard error: off, error, warn (default),",
            "               info, debug or trace.",
            "",
            "Exit codes: 0 stopped by a signal, 1 could not start, 2 wrong usage."
        },
        subcommands = StoreCommand.class)
final class Options {
    private static final String DATA = "--data";
    private static final String DURABILITY = "--durability";

    @Option(
            names = "--bind",
            paramLabel = "ADDR",
            converter = BindConverter.class,
            description = "Address to listen on (default 127.0.0.1). Any other than loopback needs --allow-anonymous.")
    BindAddress bind = BindAddress.LOOPBACK;

    @Option(
            names = "--port",
            paramLabel = "N",
            converter = PortConverter.class,
            description = "TCP port, 0 to 65535; 0 takes a free one (default 1883).")
    int port = 1883;

    @Option(names = "--allow-anonymous", description = "Let every client in that reaches the address.")
    boolean allowAnonymous;

    @Option(
            names = "--store",
            paramLabel = "NAME",
            converter = Engines.OrMemoryConverter.class,
            description =
                    "Where sessions and messages are kept: rocksdb (default), or memory, which is gone at the end.")
    String store = Engines.DEFAULT;

    @Option(
            names = DATA,
            paramLabel = "DIR",
            converter = FolderConverter.class,
            description = "The folder of the store, made if it isn't there (default ./data).")
    Path data = Path.of("data");

    @Option(
            names = DURABILITY,
            paramLabel = "LEVEL",
            converter = DurabilityConverter.class,
            description =
                    "What an acknowledged message survives: power, a power cut (default), or process, the end of the"
                            + " broker, whichever way it comes.")
    Durability durability = Durability.POWER;

    @Option(names = "--version", versionHelp = true, description = "Print the version and exit.")
    boolean version;

    @Option(names = "--help", usageHelp = true, description = "Print this text and exit.")
    boolean help;

    /** A parser that fills {@code options}. */
    static CommandLine parserOf(Options options) {
        // An argument that starts with @ is an argument, not a file of them.
        return new CommandLine(options).setExpandAtFiles(false);
    }

    boolean isInMemory() {
        return store.equals(Engines.MEMORY);
    }

    /** What can only be seen of all options together. */
    void check(ParseResult given) {
        for (String option : List.of(DATA, DURABILITY)) {
            if (isInMemory() && given.hasMatchedOption(option)) {
                throw new ParameterException(
                        given.commandSpec().commandLine(),
                        option + " is for a store, and --store memory keeps nothing");
            }
        }
        if (given.hasSubcommand() && !given.matchedOptions().isEmpty()) {
            throw new ParameterException(
                    given.commandSpec().commandLine(),
                    given.matchedOptions().get(0).longestName() + " is for the broker: it can't stand before '"
                            + given.subcommand().commandSpec().name() + "'");
        }
    }

    private static final class BindConverter implements ITypeConverter<BindAddress> {
        @Override
        public BindAddress convert(String text) {
            return BindAddress.parse(text);
        }
    }

    private static final class PortConverter implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            if (text.matches("[0-9]{1,5}") && Integer.parseInt(text) <= 65_535) {
                return Integer.parseInt(text);
            }
            throw new TypeConversionException("'" + text + "' is not a port, 0 to 65535");
        }
    }

    private static final class DurabilityConverter implements ITypeConverter<Durability> {
        @Override
        public Durability convert(String text) {
            return switch (text) {
                case "power" -> Durability.POWER;
                case "process" -> Durability.PROCESS;
                default ->
                    throw new TypeConversionException(
                            "'" + text + "' is not a level of durability, known: power, process");
            };
        }
    }

    /** Takes a folder, there or not. */
    static final class FolderConverter implements ITypeConverter<Path> {
        @Override
        public Path convert(String text) {
            try {
                if (!text.isBlank()) {
                    return Path.of(text);
                }
            } catch (InvalidPathException e) {
                // Said below, in the same words as for a blank one.
            }
            throw new TypeConversionException("'" + text + "' is not a folder");
        }
    }
}
