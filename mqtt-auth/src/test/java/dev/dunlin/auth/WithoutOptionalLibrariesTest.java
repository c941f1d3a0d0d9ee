package dev.dunlin.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who uses neither tokens nor argon2id needs neither library. */
final class WithoutOptionalLibrariesTest {
    private static final byte[] PASSWORD = "secret".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private static URLClassLoader without(String... libraries) throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            boolean left = List.of(libraries).stream().anyMatch(entry::contains);
            if (!left) {
                urls.add(Path.of(entry).toUri().toURL());
            }
        }
        return new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
    }

    /** Reads the file and closes it again, by classes of that loader. */
    private void read(ClassLoader loader) throws Exception {
        Class<?> type = loader.loadClass(PasswordFile.class.getName());
        Method at = type.getMethod("at", Path.class);
        Object file = at.invoke(null, folder.resolve("passwords"));
        type.getMethod("close").invoke(file);
    }

    @Test
    void mosquittosHashesNeedNone() throws Exception {
        Files.writeString(
                folder.resolve("passwords"),
                "ann:" + Passwords.pbkdf2(1).hash(PASSWORD) + "\nbob:"
                        + Passwords.sha512().hash(PASSWORD) + "\n");
        try (URLClassLoader loader = without("password4j", "nimbus")) {
            assertThatThrownBy(() -> loader.loadClass("com.password4j.Argon2Function"))
                    .isInstanceOf(ClassNotFoundException.class);
            assertThatThrownBy(() -> loader.loadClass("com.nimbusds.jwt.SignedJWT"))
                    .isInstanceOf(ClassNotFoundException.class);
            read(loader);
        }
    }

    @Test
    void whatIsMissingIsSaidInASentence() throws Exception {
        Path file = Files.writeString(
                folder.resolve("passwords"),
                "ann:" + Passwords.pbkdf2(1).hash(PASSWORD) + "\nbob:"
                        + Passwords.argon2id(64, 1, 1).hash(PASSWORD) + "\n");
        try (URLClassLoader loader = without("password4j", "nimbus")) {
            assertThatThrownBy(() -> read(loader))
                    .isInstanceOf(InvocationTargetException.class)
                    .satisfies(e -> assertThat(e.getCause())
                            .hasMessage("line 2 of " + file
                                    + " has an argon2id hash, and the library password4j, which checks those, isn't on the"
                                    + " class path"));
        }
        try (URLClassLoader loader = without("nothing")) {
            read(loader);
        }
    }
}
