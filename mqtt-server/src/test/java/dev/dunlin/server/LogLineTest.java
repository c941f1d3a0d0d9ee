package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A record of the log as one line. */
class LogLineTest {
    /** The longest name of a client, made of what a careless expression takes quadratic time for: half a minute. */
    private static final String BLANKS = " ".repeat(65_535);

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static LoggingEvent event(@Nullable Throwable cause, String message, Object... values) {
        return new LoggingEvent("", new LoggerContext().getLogger("test"), Level.INFO, message, cause, values);
    }

    @Test
    void joinsLinesInATimeThatGrowsWithTheText() {
        String text = BLANKS + "a\n" + BLANKS + "b";
        assertThat(assertTimeoutPreemptively(PATIENCE, () -> LogLine.joined(text)))
                .isEqualTo(BLANKS + "a | b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a",
                "a b",
                "a\nb",
                "a \t\r\n \n\u000b b\n",
                "\n",
                " a\tb\f\r",
                "a \u0085 b\u2028\nc",
                "\n\na  b\r"
            })
    void joinsLinesByABar(String text) {
        assertThat(LogLine.joined(text)).isEqualTo(text.replaceAll("\\s*[\\r\\n]+\\s*", " | "));
    }

    @Test
    void cutsALongValueAndSaysWhatComesAfterIt() {
        String line = assertTimeoutPreemptively(
                PATIENCE, () -> LogLine.message(event(null, "client {}: connected by {}", BLANKS, "tcp")));
        assertThat(line).isEqualTo("client " + BLANKS.substring(0, 1024) + "…: connected by tcp");
    }

    @Test
    void cutsNoCharacterInHalf() {
        String name = "a" + "😀".repeat(1000);
        assertThat(LogLine.message(event(null, "{}", name))).isEqualTo(name.substring(0, 1023) + "…");
    }

    @Test
    void cutsTheLine() {
        Throwable cause = new IllegalStateException("x".repeat(100_000));
        assertThat(LogLine.message(event(cause, "client {}: a fault", "a")))
                .startsWith("client a: a fault java.lang.IllegalStateException: xxx")
                .endsWith("x…")
                .hasSize(16 * 1024 + 1);
    }

    @Test
    void escapesInJsonWhatIsNotPrintable() {
        JsonEncoder encoder = LogConfiguration.objects(new LoggerContext());

        String line = new String(
                encoder.encode(event(null, "client {}", "ä\u009b2J\u202e😀\uDBFF\uDFFF\u2028\n")),
                StandardCharsets.UTF_8);

        assertThat(line)
                .contains("\"client ä\\u009b2J\\u202e😀\\udbff\\udfff\\u2028\\n\"")
                .endsWith("}\n")
                .hasLineCount(1);
    }
}
