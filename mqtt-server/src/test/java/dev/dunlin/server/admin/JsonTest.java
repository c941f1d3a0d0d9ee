package dev.dunlin.server.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.codec.QoS;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is written of values as JSON. */
final class JsonTest {
    record Point(int x, List<String> names) {}

    private enum Word {
        SOME
    }

    @Test
    void writesEachKindOfValue() {
        assertThat(Json.of(null)).isEqualTo("null");
        assertThat(Json.of(true)).isEqualTo("true");
        assertThat(Json.of(Long.MAX_VALUE)).isEqualTo("9223372036854775807");
        assertThat(Json.of(1.5)).isEqualTo("1.5");
        assertThat(Json.of(Double.NaN)).isEqualTo("null");
        assertThat(Json.of(QoS.EXACTLY_ONCE)).isEqualTo("2");
        assertThat(Json.of(Word.SOME)).isEqualTo("\"SOME\"");
        assertThat(Json.of(Instant.EPOCH)).isEqualTo("\"1970-01-01T00:00:00Z\"");
        assertThat(Json.of(new Point(1, List.of("a", "b")))).isEqualTo("{\"x\":1,\"names\":[\"a\",\"b\"]}");
        assertThat(Json.of(Map.of())).isEqualTo("{}");
        assertThat(Json.of(Arrays.asList(1, null))).isEqualTo("[1,null]");
        assertThat(Json.of(new double[] {1, Double.NaN, 0.25})).isEqualTo("[1,null,0.25]");
        assertThatThrownBy(() -> Json.of(new Object())).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void writesNumbersInOneForm() {
        assertThat(Json.number(0)).isEqualTo("0");
        assertThat(Json.number(-3)).isEqualTo("-3");
        assertThat(Json.number(0.00034)).isEqualTo("0.00034");
        assertThat(Json.number(1.796070872689E9)).isEqualTo("1796070872.689");
        assertThat(Json.number(1e15)).isEqualTo("1000000000000000");
        assertThat(Double.parseDouble(Json.number(Double.MIN_VALUE))).isEqualTo(Double.MIN_VALUE);
    }

    @Test
    void escapesWhatMustNotStandInAText() {
        assertThat(Json.of("\"\\\n\u0000\u007F\u2028")).isEqualTo("\"\\\"\\\\\\u000a\\u0000\\u007f\\u2028\"");
        assertThat(Json.of("é\uD83D\uDE00</script>")).isEqualTo("\"é\uD83D\uDE00</script>\"");
        assertThat(Json.of("\uD83D")).isEqualTo("\"\\ud83d\"");
        assertThat(Json.of("\uDE00\uD83Dx")).isEqualTo("\"\\ude00\\ud83dx\"");
    }

    @Test
    void isReadAsItWasWritten() {
        for (int c = 1; c < 0x3000; c++) {
            String text = "a" + (char) c + "b";
            assertThat(OpenApi.parsed(Json.of(Map.of("text", text)))).containsEntry("text", text);
        }
    }
}
