package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.OverflowPolicy;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** {@code --limit NAME=VALUE}: every bound by its name, with units where it has some. */
class LimitSettingTest {
    private static Limits limits(String... settings) {
        Options options = new Options();
        String[] args =
                Arrays.stream(settings).map(setting -> "--limit=" + setting).toArray(String[]::new);
        ParseResult given = Options.parserOf(options, args).parseArgs(args);
        options.check(given);
        return options.limits(Limits.STANDALONE);
    }

    @Test
    void withoutAnyTheyAreAsTheyWere() {
        assertThat(limits()).isSameAs(Limits.STANDALONE);
    }

    @Test
    void setsSeveralAndTheLastOneCounts() {
        Limits wanted = Limits.STANDALONE
                .withConnectionsPerAddressMax(100)
                .withConnectTimeoutMs(5_000)
                .withQueueBytesMax(64L << 20)
                .withKeepAliveMaxSeconds(600)
                .withQueueOverflow(OverflowPolicy.DROP_OLDEST)
                .withQueueQos0Offline(true);
        assertThat(limits(
                        "connectionsPerAddressMax=1",
                        "connectionsPerAddressMax=100",
                        "connectTimeoutMs=5s",
                        "queueBytesMax=64MiB",
                        "keepAliveMaxSeconds=600s",
                        "queueOverflow=drop-oldest",
                        "queueQos0Offline=true"))
                .isEqualTo(wanted);
    }

    @Test
    void everyBoundCanBeSet() throws ReflectiveOperationException {
        for (RecordComponent bound : Limits.class.getRecordComponents()) {
            Object present = bound.getAccessor().invoke(Limits.STANDALONE);
            String word = present.toString().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
            assertThat(limits(bound.getName() + "=" + word)).isEqualTo(Limits.STANDALONE);
        }
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
                    publishBytesPerSecondMax=2KiB, 2048
                    publishBytesPerSecondMax=3GiB, 3221225472
                    publishBytesPerSecondMax=7B,   7
                    publishBytesPerSecondMax=7,    7
                    """)
    void takesBytesInTheirUnits(String setting, long bytes) {
        assertThat(limits(setting).publishBytesPerSecondMax()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({"connectTimeoutMs=250, 250", "connectTimeoutMs=250ms, 250", "connectTimeoutMs=2s, 2000"})
    void takesTimesInTheirUnits(String setting, long ms) {
        assertThat(limits(setting).connectTimeoutMs()).isEqualTo(ms);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            connectionMax=5       | there is no limit 'connectionMax'; did you mean connectionsMax? Known: commitAgeMaxMs,
            QUEUEBYTES=5          | did you mean queueBytesMax?
            connectionsMax        | 'connectionsMax' is not NAME=VALUE
            connectionsMax=       | connectionsMax is a number, not ''
            connectionsMax=-1     | connectionsMax is a number, not '-1'
            connectionsMax=1KiB   | connectionsMax is a number, not '1KiB'
            connectionsMax=0      | connectionsMax is 0, not between 1 and 2147483647
            connectionsMax=5000000000 | connectionsMax is at most 2147483647, not '5000000000'
            queueBytesMax=5MB     | queueBytesMax is a number, or one with B, GiB, KiB, MiB, not '5MB'
            queueBytesMax=99999999999GiB | queueBytesMax is too large: '99999999999GiB'
            connectTimeoutMs=5min | connectTimeoutMs is a number, or one with ms, s, not '5min'
            queueOverflow=drop    | queueOverflow is drop-newest or drop-oldest or disconnect, not 'drop'
            queueQos0Offline=yes  | queueQos0Offline is true or false, not 'yes'
            topicLevelsMax=0      | --limit: topicLevelsMax is 0, not between 1 and 65536
            """)
    void refusesWhatItDoesNotUnderstand(String setting, String message) {
        ParameterException refused = catchThrowableOfType(ParameterException.class, () -> limits(setting));
        assertThat(refused).hasMessageContaining(message);
    }
}
