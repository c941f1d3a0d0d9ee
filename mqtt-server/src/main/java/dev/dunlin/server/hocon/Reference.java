package dev.dunlin.server.hocon;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;

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
        return Parsed.CONFIG;
    }

    /** What holds for the broker. */
    static Settings broker() {
        return Parsed.BROKER;
    }

    /** What holds for a listener. */
    static Settings listener() {
        return Parsed.LISTENER;
    }

    /** Read once: wanted for each listener. */
    private static final class Parsed {
        static final Config CONFIG = ConfigFactory.parseString(
                        text(), ConfigParseOptions.defaults().setOriginDescription(Where.DEFAULT))
                .resolve();
        static final Settings BROKER = Reading.alone().settings("", CONFIG.root(), Keys.BROKER, Keys.APART);
        static final Settings LISTENER =
                Reading.alone().settings("", CONFIG.getObject(Keys.LISTENER_DEFAULTS), Keys.LISTENER, Set.of());
    }
}
