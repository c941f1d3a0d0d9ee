package dev.dunlin.store.mapdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.codec.testkit.RequiresTool;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.NavigableMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerationOnAFullDiskTest {
    private static final int VOLUME_MEBIBYTES = 32;
    private static final int BALLAST_BYTES = 24 << 20;
    private static final int FILE_BYTES_MAX = 8 << 20;
    private static final int LIMIT_UNIT_BYTES = 512;

    /** 16 MB. */
    private static final int ENTRIES = 20_000;

    private static final int VALUE_BYTES = 800;

    @TempDir
    Path folder;

    @Test
    void isBuiltWhenThereIsRoomAgain() throws Exception {
        Path volume = Files.createDirectory(folder.resolve("volume"));
        if (!"root".equals(System.getProperty("user.name"))
                || run("mount", "-t", "tmpfs", "-o", "size=" + VOLUME_MEBIBYTES + "m", "tmpfs", volume.toString())
                        != 0) {
            Assumptions.abort("only root may mount a small disk; the limit of file sizes stands in for it");
        }
        try {
            Path ballast = Files.write(volume.resolve("ballast"), new byte[BALLAST_BYTES]);
            Path file = volume.resolve("generation");
            for (int attempt = 0; attempt < 3; attempt++) {
                StoreException failure = catchThrowableOfType(StoreException.class, () -> build(file));
                assertThat(failure.kind()).as("%s", failure).isEqualTo(Kind.FULL);
                assertThat(file).doesNotExist();
            }
            Files.delete(ballast);
            build(file).verify(file);
        } finally {
            assertThat(run("umount", volume.toString()))
                    .as("exit code of umount")
                    .isZero();
        }
    }

    @Test
    @RequiresTool("prlimit")
    void isBuiltWhenFilesMayGrowAgain() throws Exception {
        String limited = "ulimit -S -f " + FILE_BYTES_MAX / LIMIT_UNIT_BYTES + "; exec \"$@\"";
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process child = new ProcessBuilder(
                        "sh",
                        "-c",
                        limited,
                        "sh",
                        java,
                        "-cp",
                        System.getProperty("java.class.path"),
                        GenerationOnAFullDiskTest.class.getName(),
                        folder.resolve("generation").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader said =
                        new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.US_ASCII));
                OutputStream ask = child.getOutputStream()) {
            assertThat(said.readLine()).isEqualTo("FULL");
            assertThat(run("prlimit", "--pid", String.valueOf(child.pid()), "--fsize=unlimited"))
                    .as("exit code of prlimit")
                    .isZero();
            ask.write('\n');
            ask.flush();
            assertThat(said.readLine()).isEqualTo("built");
        } finally {
            child.destroyForcibly();
        }
        assertThat(folder.resolve("generation")).exists();
    }

    /** Tries to build a file, and again after each byte of its input, and says what came of it. */
    public static void main(String[] args) throws IOException {
        String result;
        do {
            try {
                build(Path.of(args[0]));
                result = "built";
            } catch (StoreException e) {
                result = e.kind().name();
            }
            System.out.println(result);
        } while (!result.equals("built") && System.in.read() >= 0);
    }

    private static Seal build(Path file) throws StoreException {
        NavigableMap<byte[], byte[]> model = SortedModel.model();
        for (int i = 0; i < ENTRIES; i++) {
            model.put(ByteBuffer.allocate(Integer.BYTES).putInt(i).array(), new byte[VALUE_BYTES]);
        }
        return Generation.build(file, SortedModel.cursor(model));
    }

    private static int run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        assertThat(process.waitFor(1, TimeUnit.MINUTES))
                .as(command[0] + " ends")
                .isTrue();
        return process.exitValue();
    }
}
