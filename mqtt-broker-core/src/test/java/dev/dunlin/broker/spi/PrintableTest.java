package dev.dunlin.broker.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class PrintableTest {
    @Test
    void leavesWhatIsPrintableAsItIs() {
        String text = "a/ä/漢/😀/\"?\" …";
        assertThat(Printable.text(text)).isSameAs(text);
        assertThat(Printable.text("")).isEmpty();
    }

    @Test
    void replacesWhatHidesOrFeignsTheRestOfALine() {
        String text = "0\r\n1\u00852\u009B3\u20284\u20295\u202E6\u200B7\uD83D8\uE0009\uFFFD😀\uDBFF\uDFFF.\uDC00";
        assertThat(Printable.text(text)).isEqualTo("0??1?2?3?4?5?6?7?8?9?😀?.?");
    }

    @Test
    void anEventIsOneLine() {
        BrokerEvent event = new BrokerEvent.Fault(Instant.EPOCH, "c\u009B2J", "a\u2028b", "\u202Ex");
        assertThat(event.toString())
                .doesNotContain("\u009B", "\u2028", "\u202E")
                .contains("c?2J");
    }
}
