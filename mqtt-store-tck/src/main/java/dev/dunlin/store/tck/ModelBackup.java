package dev.dunlin.store.tck;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/** The file that a model store leaves as its backup: entries one after the other, each with its space and its lengths. */
final class ModelBackup {
    static final String FILE = "model.backup";

    private static final int END = -1;

    private ModelBackup() {}

    static void write(Contents contents, Path emptyDir) throws StoreException {
        try {
            Files.createDirectories(emptyDir);
            writeFile(contents, emptyDir.resolve(FILE));
        } catch (IOException | UncheckedIOException e) {
            throw new StoreException(Kind.IO, "the backup in " + emptyDir + " can't be written", e);
        }
    }

    private static void writeFile(Contents contents, Path file) throws IOException {
        try (var out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
            for (Space space : Space.values()) {
                contents.in(space).visit(new byte[0], null, (key, value) -> append(out, space, key, value));
            }
            out.writeByte(END);
        }
    }

    private static boolean append(DataOutputStream out, Space space, byte[] key, byte[] value) {
        try {
            out.writeByte(space.ordinal());
            out.writeInt(key.length);
            out.writeInt(value.length);
            out.write(key);
            out.write(value);
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Contents read(Path file) throws StoreException {
        OpBuffer ops = new OpBuffer();
        try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
            for (int space = in.readByte(); space != END; space = in.readByte()) {
                int keyBytes = in.readInt();
                int valueBytes = in.readInt();
                ByteBuffer key = ByteBuffer.wrap(in.readNBytes(keyBytes));
                ops.put(Space.values()[space], key, ByteBuffer.wrap(in.readNBytes(valueBytes)));
            }
        } catch (IOException e) {
            throw new StoreException(Kind.CORRUPT, "the backup " + file + " can't be read: use another one", e);
        }
        return Contents.EMPTY.with(ops);
    }
}
