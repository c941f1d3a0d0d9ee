package dev.dunlin.server;

import dev.dunlin.broker.StoreDump;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Writes a store as a portable stream. */
@Command(
        name = "dump",
        sortOptions = false,
        description = "Writes all of a store, as one portable stream, to standard output or a file.",
        footer = {
            "",
            "To move a store to another engine:",
            "  dunlin store dump --data A | dunlin store load --data B --store NAME"
        })
final class Dump implements StoreAction {
    @Mixin
    GivenStore store = new GivenStore();

    @Option(
            names = "--out",
            paramLabel = "FILE",
            converter = Options.FileConverter.class,
            description = "A new file, which is there when it is complete and on the disk.")
    @Nullable
    Path file;

    @Override
    public int run(PrintStream out, PrintStream err) throws StoreException, InterruptedException {
        if (file == null && Terminal.isOutput()) {
            throw new ParameterException(
                    Objects.requireNonNull(store.command).commandLine(),
                    "a dump is not for a terminal: name a file with --out, or redirect the output");
        }
        StoreDump dump = store.use("dump", this::write);
        (file == null ? err : out).println("dumped: " + Words.entries(dump) + " from " + store.path());
        return OK;
    }

    private StoreDump write(StorageEngineProvider provider) throws StoreException {
        try {
            return file == null ? toStandardOutput(provider) : toFile(provider, file);
        } catch (IOException e) {
            throw new StoreException(Kind.IO, "the dump can't be written: " + Words.of(e), e);
        }
    }

    /** Not through System.out, which swallows failures. */
    private static StoreDump toStandardOutput(StorageEngineProvider provider) throws StoreException, IOException {
        try (OutputStream to = new FileOutputStream(FileDescriptor.out)) {
            return StoreDump.write(provider, to);
        }
    }

    private static StoreDump toFile(StorageEngineProvider provider, Path file) throws StoreException, IOException {
        try (NewFile made = NewFile.at(file)) {
            StoreDump dump = StoreDump.write(provider, made.out());
            made.finish();
            return dump;
        }
    }
}
