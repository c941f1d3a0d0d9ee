package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.server.Child.Ended;
import org.junit.jupiter.api.Test;
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
            log.warn("client {} is odd", "a\nb", new IllegalStateException("c\r\nd"));
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
                    .matches(
                            STAMP
                                    + "WARN  \\[main\\] \\S+: client a \\| b is odd .*IllegalStateException: c \\| d \\| at .*");
        }
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
