package dev.dunlin.server.hocon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The configuration file of the packages, of which packaging/build fills in the folders. */
final class PackagedConfigurationTest {
    @TempDir
    private Path folder;

    @Test
    void isRightAsItIs() throws IOException {
        assertThat(new HoconBrokers(folder).faults(text())).isEmpty();
    }

    @Test
    void isRightWithEverySettingThatItSuggests() throws IOException {
        String suggested = text().replaceAll("(?m)^#(?= {2})", "");

        assertThat(suggested).contains("\n  password-file = ", "\n  format = json\n", "websocket-path");
        assertThat(new HoconBrokers(folder).faults(suggested)).isEmpty();
    }

    private static String text() throws IOException {
        return Files.readString(Path.of("..", "packaging", "dunlin.conf"))
                .replace("@CONF@", "/etc/dunlin")
                .replace("@DATA@", "/var/lib/dunlin");
    }
}
