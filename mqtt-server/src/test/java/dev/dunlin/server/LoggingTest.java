package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.server.Child.Ended;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** The log configuration in the jar. */
class LoggingTest {
    private static final String STAMP = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}\\S+ ";

    /** Run in a JVM of its own. */
    static final class Events {
        private Events() {}

        public static void main(String[] args) {
            var log = LoggerFactory.getLogger(Events.class);
            log.info("not asked for");
            log.warn("client {} is odd", "a\nb\u001b", new IllegalStateException("c\r\nd"));
        }
    }

    @Test
    void writesOneLinePerEventToStandardError() throws Exception {
        try (Child child = Child.start(Child.java(Events.class.getName()))) {
            Ended ended = child.end();

            assertThat(ended.out()).isEmpty();
            assertThat(ended.err())
                    .singleElement()
                    .asString()
                    .matches(STAMP + "WARN  client a \\| b\\? is odd java\\S+IllegalStateException: c \\| d \\| at .*");
        }
    }

    @Test
    void leavesTheTimeToTheJournalAndTellsItTheLevel(@TempDir Path temp) throws Exception {
        Path err = Files.createFile(temp.resolve("err"));
        ProcessBuilder command = Child.java(Events.class.getName()).redirectError(err.toFile());
        command.environment()
                .put("JOURNAL_STREAM", Files.getAttribute(err, "unix:dev") + ":" + Files.getAttribute(err, "unix:ino"));

        assertThat(command.start().waitFor()).isZero();

        assertThat(Files.readAllLines(err))
                .singleElement()
                .asString()
                .startsWith("<4>client a | b? is odd java.lang.IllegalStateException: c | d | at ");
    }

    @Test
    void isForPeopleWhereTheJournalReadsAnotherStream() throws Exception {
        ProcessBuilder command = Child.java(Events.class.getName());
        command.environment().put("JOURNAL_STREAM", "1:2");

        assertThat(Child.run(command).err()).singleElement().asString().matches(STAMP + "WARN  client .*");
    }

    @Test
    void logsMoreWhenTheEnvironmentSaysSo() throws Exception {
        ProcessBuilder command = Child.broker("--port", "0");
        command.environment().put("DUNLIN_LOG", "debug");
        try (Child broker = Child.start(command)) {
            assertThat(broker.readLine()).startsWith("dunlin listening on ");
            Ended ended = broker.terminate().end();

            assertThat(ended.out()).isEmpty();
            assertThat(ended.err()).isNotEmpty().allMatch(line -> line.matches(STAMP + ".*"));
        }
    }
}
