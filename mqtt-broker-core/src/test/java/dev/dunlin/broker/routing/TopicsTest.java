package dev.dunlin.broker.routing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TopicsTest {

    @ParameterizedTest
    @ValueSource(
            strings = {"a", "a/b", "/", "/a", "a/", "//", "$SYS/x", " ", "a b", "#", "+", "+/+", "/#", "/+", "+/#"})
    @ValueSource(
            strings = {"a/#", "a/+/b", "sport/tennis/player1/#", "sport/+/player1", "$share/g/a/#", "é/\uD83D\uDE00"})
    void acceptsFilters(String filter) {
        assertThat(Topics.isValidFilter(filter)).isTrue();
    }

    /** [3.1.1:MQTT-4.7.1-2] [5.0:MQTT-4.7.1-1] and [3.1.1:MQTT-4.7.1-3] [5.0:MQTT-4.7.1-2] */
    @ParameterizedTest
    @ValueSource(
            strings = {"sport/tennis#", "sport/tennis/#/ranking", "##", "#/", "#a", "a/##", "sport+", "++", "+a", "a/+b"
            })
    @ValueSource(strings = {"a/b+/c", "+#", "#+", "a/+#"})
    void refusesFiltersWithMisplacedWildcards(String filter) {
        assertThat(Topics.isValidFilter(filter)).isFalse();
    }

    /** [3.1.1:MQTT-4.7.1-1] [5.0:MQTT-4.7.0-1] */
    @ParameterizedTest
    @ValueSource(strings = {"#", "+", "a/#", "a/+/b", "a+", "a#b"})
    void refusesTopicsWithWildcards(String topic) {
        assertThat(Topics.isValidTopic(topic)).isFalse();
    }

    /**
     * [3.1.1:MQTT-4.7.3-1] [5.0:MQTT-4.7.3-1], [3.1.1:MQTT-4.7.3-2] [5.0:MQTT-4.7.3-2] and [3.1.1:MQTT-1.5.3-1]
     * [5.0:MQTT-1.5.4-1]
     */
    @ParameterizedTest
    @ValueSource(strings = {"", "\0", "a\0", "a/\0/b", "\uD83D", "\uDE00", "\uDE00\uD83D", "a\uD83Db"})
    void refusesWhatIsNoText(String text) {
        assertThat(Topics.isValidTopic(text)).isFalse();
        assertThat(Topics.isValidFilter(text)).isFalse();
    }

    /** [3.1.1:MQTT-4.7.3-3] [5.0:MQTT-4.7.3-3] */
    @ParameterizedTest
    @CsvSource({"a,65535", "é,32767", "€,21845", "\uD83D\uDE00,16383"})
    void limitsTheBytesOfTheUtf8Form(String character, int countMax) {
        assertThat(Topics.isValidTopic(character.repeat(countMax))).isTrue();
        assertThat(Topics.isValidFilter(character.repeat(countMax))).isTrue();
        assertThat(Topics.isValidTopic(character.repeat(countMax + 1))).isFalse();
        assertThat(Topics.isValidFilter(character.repeat(countMax + 1))).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"a,1", "/,2", "a/b,2", "/a,2", "a//b,3", "//,3"})
    void countsEmptyLevelsToo(String topic, int levels) {
        assertThat(Topics.levels(topic)).isEqualTo(levels);
    }

    @Test
    void knowsSharedFiltersByTheirPrefix() {
        assertThat(Topics.isShared("$share/g/a")).isTrue();
        assertThat(Topics.isShared("$share")).isFalse();
        assertThat(Topics.isShared("a/$share/g")).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "a,a",
        "a/b,a/b",
        "/,/",
        "/a,/a",
        "#,a",
        "#,a/b/c",
        "#,/",
        "/#,/a",
        "+,a",
        "+/+,/finance",
        "/+,/finance",
        "a/#,a",
        "a/#,a/b/c",
        "a/+,a/",
        "a/+/c,a//c",
        "+/#,a",
        "+/b/#,a/b",
        "$SYS/#,$SYS/x",
        "$SYS/+,$SYS/x",
        "a/+,a/$b"
    })
    void matches(String filter, String topic) {
        assertThat(Topics.matches(filter, topic)).isTrue();
    }

    /** Case and separators count [3.1.1:MQTT-4.7.3-4] [5.0:MQTT-4.7.3-4]. */
    @ParameterizedTest
    @CsvSource({"a,A", "a,/a", "a/,a", "a,a/", "+,a/b", "+,/finance", "a/+,a", "a/#,ab", "a/b,a/b/c", "a/+/c,a/b"})
    void doesNotMatch(String filter, String topic) {
        assertThat(Topics.matches(filter, topic)).isFalse();
    }

    /** [3.1.1:MQTT-4.7.2-1] [5.0:MQTT-4.7.2-1] */
    @ParameterizedTest
    @CsvSource({"#,$SYS", "+,$SYS", "#,$SYS/x", "+/x,$SYS/x", "+/#,$SYS/x"})
    void doesNotMatchDollarTopicsByALeadingWildcard(String filter, String topic) {
        assertThat(Topics.matches(filter, topic)).isFalse();
    }
}
