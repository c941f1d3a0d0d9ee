package dev.dunlin.broker.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What a package-lock.json names, and our script beside it, in a folder under target. */
public final class NodeModules {
    private static final int INSTALL_SECONDS = 300;

    private NodeModules() {}

    /** The folder of a script; filled if it isn't yet, by one process at a time. */
    public static synchronized Path installed(String name, String script) throws IOException, InterruptedException {
        Path folder = Files.createDirectories(Path.of("target", name)).toAbsolutePath();
        try (FileChannel lockFile =
                        FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                var lock = lockFile.lock()) {
            assertThat(lock.isValid()).isTrue();
            for (String file : List.of("package.json", "package-lock.json", script)) {
                try (InputStream in = NodeModules.class.getResourceAsStream("/" + name + "/" + file)) {
                    Files.copy(in, folder.resolve(file), StandardCopyOption.REPLACE_EXISTING);
                }
            }
            Path wanted = folder.resolve("package-lock.json");
            Path done = folder.resolve("installed-lock.json");
            if (!Files.exists(done) || !Arrays.equals(Files.readAllBytes(done), Files.readAllBytes(wanted))) {
                install(folder);
                Files.copy(wanted, done, StandardCopyOption.REPLACE_EXISTING);
            }
        }
        return folder;
    }

    private static void install(Path folder) throws IOException, InterruptedException {
        Path log = folder.resolve("npm.log");
        Process npm = new ProcessBuilder("npm", "ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        assertThat(npm.waitFor(INSTALL_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(npm.exitValue()).as("npm: %s", Files.readString(log)).isZero();
    }
}
