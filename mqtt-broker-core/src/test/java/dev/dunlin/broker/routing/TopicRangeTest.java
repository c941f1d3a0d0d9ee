package dev.dunlin.broker.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.TreeSet;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopicRangeTest {

    @ParameterizedTest
    @CsvSource({"a,a", "a/b,a/b", "#,''", "+,''", "a/#,a", "a/+/b,a", "a//+,a/", "/+,''", "/#,''", "+/a,''"})
    void startsAtTheLevelsBeforeTheFirstWildcard(String filter, String first) {
        assertThat(new TopicRange(filter).first()).isEqualTo(RetainedIndex.key(first));
    }

    @ParameterizedTest
    @CsvSource({"a,a", "a/+,a/b", "a/#,a", "a/#,a/b/c", "#,a", "+/+,/", "$s/#,$s/a", "a/+/c,a//c"})
    void staysAtAMatch(String filter, String topic) {
        assertThat(new TopicRange(filter).candidate(RetainedIndex.key(topic))).isEqualTo(RetainedIndex.key(topic));
    }

    /** '^' stands for: past what is below. */
    @ParameterizedTest
    @CsvSource({
        "a/+/c, a/b, a/b/c", // the topic is too short: go down
        "a/+/+, a, a/", //
        "a/+/c, a/b/a, a/b/c", // a later sibling
        "a/+/c, a/b/d, a/b^", // no later sibling can match: the next one above
        "a/+/c/+, a/b/d/e, a/b^", //
        "+/+/c, a/b/d, a/b^", //
        "a/+, a/b/c/d, a/b^", // what is below can't match
        "+, /a, ^", //
        "#, $s, %", // [3.1.1:MQTT-4.7.2-1] [5.0:MQTT-4.7.2-1]
        "+/a, $s/a, %", //
        "a/b/c, a/b, a/b/c"
    })
    void skipsWhatCannotMatch(String filter, String topic, String place) {
        String expected = RetainedIndex.key(place).replace('^', (char) 1);

        assertThat(new TopicRange(filter).candidate(RetainedIndex.key(topic))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"a,b", "a,a/b", "a/b,a/c", "a/b/+,a/c/d", "a/#,b", "$s/+,$t"})
    void endsWhereNothingCanFollow(String filter, String topic) {
        assertThat(new TopicRange(filter).candidate(RetainedIndex.key(topic))).isNull();
    }

    @RepeatedTest(5)
    void skipsNoMatchAndAlwaysGoesForward() {
        Seeded.run(random -> {
            RandomTopics topics = new RandomTopics(random);
            TreeSet<String> keys = new TreeSet<>();
            for (int i = 0; i < 100; i++) {
                keys.add(RetainedIndex.key(topics.topic()));
            }
            for (String filter : topics.filters(50)) {
                TopicRange range = new TopicRange(filter);
                for (String key : keys) {
                    boolean matches = Topics.matches(filter, RetainedIndex.topic(key));
                    assertThat(matches && key.compareTo(range.first()) < 0).isFalse();
                    String place = range.candidate(key);
                    assertThat(key.equals(place)).isEqualTo(matches);
                    if (!matches && place != null) {
                        assertThat(place).isGreaterThan(key);
                    }
                    for (String skipped : place == null ? keys.tailSet(key) : keys.subSet(key, place)) {
                        assertThat(Topics.matches(filter, RetainedIndex.topic(skipped)))
                                .isFalse();
                    }
                }
            }
        });
    }
}
