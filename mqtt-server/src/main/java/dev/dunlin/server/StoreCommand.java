package dev.dunlin.server;

import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.File;
import java.io.PrintStream;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The commands that look after a store. */
@Command(
        name = "store",
        description = "Looks after a store.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {StoreCommand.Recover.class, Backup.class})
final class StoreCommand {
    /** One of them. */
    interface Action {
        /** Does what it is for, and prints what a person wants to know of it. */
        void run(PrintStream out) throws StoreException;
    }

    @Option(names = "--help", usageHelp = true, description = "Print this text and exit.")
    boolean help;

    /** Opens a damaged store with what is sound of it, and says what that was. */
    @Command(
            name = "recover",
            sortOptions = false,
            description =
                    "Makes a damaged store on which no broker runs usable again: keeps what is sound, sets the rest aside, says what is lost."
                            + " Changes nothing in a store that is sound.")
    static final class Recover implements Action {
        @Option(
                names = "--data",
                paramLabel = "DIR",
                required = true,
                converter = Options.FolderConverter.class,
                description = "The folder of the store.")
        Path data = Path.of("");

        @Option(
                names = "--store",
                paramLabel = "NAME",
                converter = Engines.Converter.class,
                description = "Which kind of store: rocksdb (default).")
        String store = Engines.DEFAULT;

        @Option(names = "--help", usageHelp = true, description = "Print this text and exit.")
        boolean help;

        @Override
        public void run(PrintStream out) throws StoreException {
            Path folder = data.toAbsolutePath().normalize();
            requireContent(folder);
            try (StorageEngine engine = Engines.of(store).at(folder).recover()) {
                tell(engine.recovery(), folder, out);
            }
        }

        /** An engine would make a new store there, and call that recovered. */
        private static void requireContent(Path folder) throws StoreException {
            String[] names = folder.toFile().list();
            if (names == null || names.length == 0) {
                throw new StoreException(Kind.IO, "there is no store in " + folder);
            }
        }

        private static void tell(RecoveryReport report, Path folder, PrintStream out) throws StoreException {
            if (report.created()) {
                throw new StoreException(
                        Kind.IO, "there was no store in " + folder + ", but now there is an empty one");
            }
            if (report.text().isEmpty()) {
                out.println("the store in " + folder + " is sound, nothing was changed");
                return;
            }
            out.println("the store in " + folder + " can be used again");
            out.println("what was wrong: " + report.text());
            out.println("cut: " + report.cutBytes() + " bytes");
            report.setAside().forEach(file -> out.println("set aside: " + folder + File.separator + file));
            out.println(
                    report.lostSynced()
                            ? "lost: something that had been stored for certain"
                            : "lost: nothing that is known to have been stored for certain");
        }
    }
}
