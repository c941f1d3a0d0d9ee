package dev.dunlin.server;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Asks a running broker, through its {@link ControlSocket}, to read its files again, see {@link Reloads}. */
@Command(
        name = Reload.NAME,
        sortOptions = false,
        description =
                "Lets the broker that runs on a data folder read its certificates, keys, revocation lists, passwords and rules"
                        + " again, and the file of --config. Clients that are connected stay, unless their user is gone or has"
                        + " another password.",
        footer = {"", "Exit codes: 0 reloaded, 1 something is as before, 2 wrong usage."})
final class Reload implements StoreAction {
    static final String NAME = "reload";

    @Option(
            names = "--data",
            paramLabel = "DIR",
            converter = Options.FolderConverter.class,
            description = "The data folder of the broker (default ./data).")
    Path data = Path.of("data");

    @Option(names = "--help", usageHelp = true, description = "Print this text and exit.")
    boolean help;

    @Override
    public int run(PrintStream out, PrintStream err) throws StoreException {
        Path folder = data.toAbsolutePath().normalize();
        List<String> whyNobodyAnswers = new ArrayList<>();
        try (RunningBroker broker = RunningBroker.on(folder, whyNobodyAnswers::add)) {
            if (broker == null) {
                throw new StoreException(
                        Kind.IO, "no broker runs on " + folder + ": " + String.join("", whyNobodyAnswers));
            }
            out.println(broker.ask(NAME, out::println));
            return OK;
        } catch (IOException e) {
            throw new StoreException(Kind.IO, "the connection to the broker can't be closed: " + e.getMessage(), e);
        }
    }
}
