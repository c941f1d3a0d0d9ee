package dev.dunlin.server;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The commands that look after a store. */
@Command(
        name = StoreCommand.NAME,
        description = "Looks after a store.",
        synopsisSubcommandLabel = "COMMAND",
        footer = {"", "Exit codes: 0 fine, 1 damaged or failed, 2 wrong usage."},
        subcommands = {
            Check.class,
            Recover.class,
            Backup.class,
            Stats.class,
            Dump.class,
            Load.class,
        })
final class StoreCommand {
    static final String NAME = "store";

    @Option(names = "--help", usageHelp = true, description = "Print this text and exit.")
    boolean help;
}
