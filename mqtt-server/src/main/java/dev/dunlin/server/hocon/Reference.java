package dev.dunlin.server.hocon;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** The commented file with every key and its default: what holds where nobody says anything else. */
final class Reference {
    private static final String FILE = "dunlin-reference.conf";

    private Reference() {}

    static String text() {
        try (InputStream in = Reference.class.getResourceAsStream(FILE)) {
            if (in == null) {
                throw new IllegalStateException(FILE + " is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException(FILE + " on the class path can't be read", e);
        }
    }

    static Config config() {
        return ConfigFactory.parseString(text(), ConfigParseOptions.defaults().setOriginDescription(Where.DEFAULT));
    }
}
