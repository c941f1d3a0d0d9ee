package dev.dunlin.broker.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MarkTest {
    private final Matcher matcher = new Matcher();

    @RepeatedTest(10)
    void isNeverMissingWhereTheFilterMatches() {
        Seeded.run(random -> {
            RandomTopics topics = new RandomTopics(random);
            for (int i = 0; i < 200; i++) {
                String topic = topics.topic();
                for (String filter : topics.filters(20)) {
                    assertThat(Topics.matches(filter, topic) && lacks(filter, topic))
                            .as("%s %s", filter, topic)
                            .isFalse();
                }
            }
        });
    }

    @ParameterizedTest
    @CsvSource({
        "a/b/command/#, a/b/status",
        "+/b/+/status, a/b/c/humidity",
        "+/b, a",
        "a/b/#, a",
        "/, a",
        "a/+/+/#, b/c/d"
    })
    void tellsMostOfWhatDoesNotMatch(String filter, String topic) {
        assertThat(lacks(filter, topic)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"#", "+", "+/+/#", "+/+", "1/2/3/4/5/6/7/deep", "1/2/3/4/5/6/7/deep/+/#"})
    void saysNothingWithoutTextOrIfThatIsTooDeep(String filter) {
        assertThat(Mark.of(filter)).isEqualTo(Mark.NONE);
    }

    @Test
    void isOfTheLastLevelThatIsText() {
        assertThat(List.of("a/b/c/#", "+/+/c/+", "x/y/c", "//c/+/+/#"))
                .extracting(Mark::of)
                .containsOnly(Mark.of("a/b/c"));
        assertThat(Mark.of("a/b/c")).isNotEqualTo(Mark.of("a/c"));
        assertThat(Mark.position(Mark.of("a//+"))).isEqualTo(1);
    }

    private boolean lacks(String filter, String topic) {
        matcher.read(topic, new KeyedHash(1, 2));
        return matcher.lacks(Mark.of(filter), topic);
    }
}
