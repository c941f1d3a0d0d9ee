package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds {@link LogRules} on the main sources of all modules, and shows for each rule that it finds what it is for. */
class LogRulesTest {
    private static final String PATH = "mqtt-codec/src/main/java/dev/dunlin/codec/A.java";

    @Test
    void linesOfTheLogSayWhoCannotBeFeignedAndShowNoStackForTheFaultsOfOthers() {
        List<SourceFile> sources = SourceFile.ofAllModules();

        assertThat(sources.stream().flatMap(file -> LogRules.lines(file).stream()))
                .isEmpty();
        assertThat(sources)
                .filteredOn(file -> file.text().contains("\"client {}: "))
                .as("files that the rule is about")
                .hasSizeGreaterThan(5);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            LOG.warn("no client {}", Printable.text(id))            | a line about a client begins with "client {}: "
            LOG.warn("client {} is odd", Printable.text(id))        | a line about a client begins with "client {}: "
            LOG.warn("client {}: is odd", id)                       | a client can feign a line by id: Printable.text(...)
            LOG.warn("client {}: is odd", session.id())             | a client can feign a line by session.id(): Printable.text(...)
            log.info("dropped on {}", topic)                        | a client can feign a line by topic: Printable.text(...)
            log.info("dropped on {}", message.topic())              | a client can feign a line by message.topic(): Printable.text(...)
            log.info("dropped by {}", a.session)                    | a client can feign a line by a.session: Printable.text(...)
            log.info("dropped by {}", session.toString())           | a client can feign a line by session.toString(): Printable.text(...)
            LOG.debug("{}: is odd", this)                           | a client can feign a line by this: Printable.text(...)
            LOG.warn("odd", failure)                                | a stack trace is for a fault of ours, which is an error
            LOG.warn("file {}: " + "odd", path, failure)            | a stack trace is for a fault of ours, which is an error
            LOG.warn("file {}: odd: {}", path, failure)             | without its stack failure is shown by failure.toString()
            LOG.error(text)                                         | a line of the log is a text in the source, with {} for what differs
            LOG.error("odd: " + text)                               | a line of the log is a text in the source, with {} for what differs
            LOG.error("odd" + "\\n")                                | a line of the log is one line
            """)
    void findsALineThatIsNotAsItShouldBe(String call, String fault) {
        assertThat(LogRules.lines(in(call))).containsExactly(PATH + ":3: " + fault);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "LOG.warn(\"client {}: is odd\", Printable.text(session.clientId()))",
                "LOG.warn(\"client {}: is odd: {}\", connection.name(), failure.toString())",
                "LOG.warn(\"client {}: \" + \"is odd\", name())",
                "LOG.error(\"a fault\", failure)",
                "LOG.error(\"client {}: a fault\", name(), failure)",
                "log.info(\"on {}\", Printable.text(topic))",
                "log.info(\"listener {}: {} loops\", listener.name(), n)",
                "other.warn(\"client {}\", topic)"
            })
    void letsALineBeThatIsAsItShouldBe(String call) {
        assertThat(LogRules.lines(in(call))).isEmpty();
    }

    private static SourceFile in(String call) {
        return SourceFile.of(PATH, "class A {\n  void m() {\n    " + call + ";\n  }\n}");
    }
}
