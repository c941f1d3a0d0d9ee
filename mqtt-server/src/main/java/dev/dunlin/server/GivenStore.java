package dev.dunlin.server;

import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of commands for a store that is there: its folder, and the engine, which the folder knows. */
final class GivenStore {
    @Spec(Spec.Target.MIXEE)
    @Nullable
    CommandSpec command;

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
            description = "Which kind of store; needed nowhere, as the store knows.")
    @Nullable
    String store;

    @Option(names = "--help", usageHelp = true, description = "Print this text and exit.")
    boolean help;

    Path path() {
        return data.toAbsolutePath().normalize();
    }

    /**
     * The store, not yet open.
     *
     * @throws StoreException if there is none: an engine would make a new one
     * @throws ParameterException if it is of another kind than was said
     */
    StorageEngineProvider provider() throws StoreException {
        String name = Engines.nameIn(path());
        if (name == null) {
            String[] files = path().toFile().list();
            throw new StoreException(
                    Kind.IO,
                    files == null || files.length == 0
                            ? "there is no store in " + path()
                            : "the folder " + path() + " has no file FORMAT that names an engine: it is no store");
        }
        if (store != null && !store.equals(name)) {
            throw new ParameterException(
                    Objects.requireNonNull(command).commandLine(),
                    "the store in " + path() + " is one of " + name + ", not of " + store + ": leave --store out");
        }
        return Engines.of(name).at(path());
    }

    /** Does something with a store that isn't open yet. */
    interface Use<T> {
        /** Opens it, does it, and closes it again. */
        T of(StorageEngineProvider store) throws StoreException;
    }

    /** As {@link #provider}; if a broker has the store open, says what to do instead of this, which is called {@code verb}. */
    <T> T use(String verb, Use<T> use) throws StoreException {
        try {
            return use.of(provider());
        } catch (StoreException e) {
            if (e.kind() != Kind.LOCKED) {
                throw e;
            }
            throw new StoreException(
                    Kind.LOCKED,
                    "the store in " + path() + " is open already: stop the broker, or take a backup of it (dunlin store"
                            + " backup) and " + verb + " that",
                    e);
        }
    }
}
