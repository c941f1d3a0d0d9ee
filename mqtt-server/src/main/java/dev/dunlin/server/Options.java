package dev.dunlin.server;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
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
        })
final class Options {
    private static final List<String> STORES = List.of("memory");

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
            converter = StoreConverter.class,
            description = "Where sessions and messages are kept: memory (default).")
    String store = STORES.get(0);

    @Option(names = "--version", versionHelp = true, description = "Print the version and exit.")
    boolean version;

    @Option(names = "--help", usageHelp = true, description = "Print this text and exit.")
    boolean help;

    /** A parser that fills {@code options}. */
    static CommandLine parserOf(Options options) {
        // An argument that starts with @ is an argument, not a file of them.
        return new CommandLine(options).setExpandAtFiles(false);
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

    private static final class StoreConverter implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            if (STORES.contains(text)) {
                return text;
            }
            throw new TypeConversionException("'" + text + "' is not a store, known: " + String.join(", ", STORES));
        }
    }
}
