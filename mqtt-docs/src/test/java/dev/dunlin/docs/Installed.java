package dev.dunlin.docs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.auth.Passwords;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** What the pages expect in {@code /etc}: a key, its certificate, users and rules; a configuration of Mosquitto. */
final class Installed {
    private static final int PATIENCE_SECONDS = 30;

    private Installed() {}

    static void in(Path scratch, Terminal terminal) throws Exception {
        Path etc = Files.createDirectories(scratch.resolve("etc"));
        Files.writeString(etc.resolve("users"), "ann:" + Passwords.pbkdf2().hash("secret".getBytes(UTF_8)) + "\n");
        Files.writeString(etc.resolve("rules"), "user ann\ntopic #\n");
        Files.writeString(
                etc.resolve("mosquitto.conf"), terminal.here("listener 1883 127.0.0.1\nallow_anonymous true\n"));
        Process openssl = new ProcessBuilder(
                        "openssl",
                        "req",
                        "-x509",
                        "-newkey",
                        "ec",
                        "-pkeyopt",
                        "ec_paramgen_curve:prime256v1",
                        "-nodes",
                        "-keyout",
                        "key.pem",
                        "-out",
                        "chain.pem",
                        "-days",
                        "2",
                        "-subj",
                        "/CN=localhost")
                .directory(etc.toFile())
                .redirectErrorStream(true)
                .redirectOutput(scratch.resolve("openssl.log").toFile())
                .start();
        assertThat(openssl.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(openssl.exitValue()).isZero();
    }
}
