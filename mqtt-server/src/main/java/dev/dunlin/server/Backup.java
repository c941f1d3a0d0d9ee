package dev.dunlin.server;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.StoreBackup;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Copies a store: a broker that runs on it is asked to do so, through its {@link ControlSocket}; otherwise this process does. */
@Command(
        name = Backup.NAME,
        sortOptions = false,
        description =
                "Copies a store to another folder, where a broker can be started on it. If a broker runs on the store, that one"
                        + " makes the copy and goes on meanwhile. The copy holds all that was acknowledged before.",
        footer = {"", "Exit codes: 0 copied, 1 there is no copy, 2 wrong usage."})
final class Backup implements StoreAction {
    static final String NAME = "backup";

    @Mixin
    GivenStore given = new GivenStore();

    @Option(
            names = "--to",
            paramLabel = "DIR",
            required = true,
            converter = Options.FolderConverter.class,
            description = "The folder of the copy: empty, or made.")
    Path to = Path.of("");

    @Override
    public int run(PrintStream out, PrintStream err) throws StoreException {
        Path folder = given.path();
        Path target = to.toAbsolutePath().normalize();
        StorageEngineProvider store = given.provider();
        if (target.startsWith(folder)) {
            throw new StoreException(
                    Kind.IO, "the folder " + target + " for the backup lies in the store's own folder");
        }
        if (target.toString().matches("(?s).*[\\r\\n].*")) {
            throw new StoreException(Kind.IO, "the name of the folder for the backup has a line break in it");
        }
        List<String> whyNobodyAnswers = new ArrayList<>();
        try (RunningBroker broker = RunningBroker.on(folder, whyNobodyAnswers::add)) {
            if (broker != null) {
                out.println(broker.ask(NAME + " " + target, out::println));
                return OK;
            }
        } catch (IOException e) {
            throw new StoreException(Kind.IO, "the connection to the broker can't be closed: " + e.getMessage(), e);
        }
        out.println(offline(store, target, String.join("", whyNobodyAnswers)));
        return OK;
    }

    private static String offline(StorageEngineProvider store, Path target, String whyNobodyAnswers)
            throws StoreException {
        long startNs = System.nanoTime();
        try {
            return sentence(StoreBackup.of(store, target), startNs);
        } catch (StoreException e) {
            if (e.kind() == Kind.LOCKED) {
                throw new StoreException(e.kind(), e.getMessage() + ", and " + whyNobodyAnswers, e);
            }
            throw e;
        }
    }

    /** As a running broker does it. */
    static void online(Broker broker, String folder, ControlSocket.Answer to) {
        Path target;
        try {
            target = Path.of(folder);
        } catch (InvalidPathException e) {
            to.error("'" + folder + "' is not a folder");
            return;
        }
        if (!target.isAbsolute()) {
            to.error("'" + folder + "' is no absolute path of a folder for a backup");
            return;
        }
        to.progress("the broker copies its store to " + target + " and goes on meanwhile");
        long startNs = System.nanoTime();
        broker.backup(target).whenComplete((backup, failure) -> end(backup, failure, startNs, to));
    }

    private static void end(
            @Nullable StoreBackup backup, @Nullable Throwable failure, long startNs, ControlSocket.Answer to) {
        if (backup == null) {
            to.error(failure == null ? "the backup failed" : String.valueOf(failure.getMessage()));
        } else {
            to.ok(sentence(backup, startNs));
        }
    }

    private static String sentence(StoreBackup backup, long startNs) {
        long ms = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNs);
        return String.format(
                Locale.ROOT,
                "the backup in %s holds %d bytes and took %.1f s",
                backup.folder(),
                backup.bytes(),
                ms / 1_000.0);
    }
}
