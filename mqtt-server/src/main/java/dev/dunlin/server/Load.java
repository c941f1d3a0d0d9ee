package dev.dunlin.server;

import dev.dunlin.broker.StoreDump;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Makes a store of a dump. */
@Command(
        name = "load",
        sortOptions = false,
        description =
                "Makes a store of a dump, from standard input or a file. The store is there when it is complete and on the"
                        + " disk; of a dump that is damaged or cut off nothing is left.")
final class Load implements StoreAction {
    @Spec
    @Nullable
    CommandSpec command;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            required = true,
            converter = Options.FolderConverter.class,
            description = "The folder of the new store: empty, or not there yet.")
    Path data = Path.of("");

    @Option(
            names = "--store",
            paramLabel = "NAME",
            converter = Engines.Converter.class,
            description = "Which kind of store it becomes: " + Engines.DEFAULT + " (default) or mapdb.")
    String store = Engines.DEFAULT;

    @Option(
            names = "--in",
            paramLabel = "FILE",
            converter = Options.FileConverter.class,
            description = "The dump, instead of standard input.")
    @Nullable
    Path file;

    @Option(names = "--help", usageHelp = true, description = "Print this text and exit.")
    boolean help;

    @Override
    public int run(PrintStream out, PrintStream err) throws StoreException, InterruptedException {
        if (file == null && Terminal.isInput()) {
            throw new ParameterException(
                    Objects.requireNonNull(command).commandLine(),
                    "a dump doesn't come from a terminal: name a file with --in, or redirect the input");
        }
        Path folder = data.toAbsolutePath().normalize();
        try (InputStream from = file == null ? new FileInputStream(FileDescriptor.in) : open(file)) {
            StoreDump dump = StoreDump.load(from, folder, Engines.of(store)::at);
            out.println("loaded: " + Words.entries(dump) + " of a store of " + dump.engine() + " into " + folder
                    + ", a store of " + store);
            return OK;
        } catch (IOException e) {
            throw new StoreException(Kind.IO, "loading into " + folder + " failed: " + Words.of(e), e);
        }
    }

    private static InputStream open(Path file) throws StoreException, IOException {
        if (!Files.isReadable(file) || Files.isDirectory(file)) {
            throw new StoreException(Kind.IO, "there is no file " + file + " that can be read");
        }
        return Files.newInputStream(file);
    }
}
