package dev.dunlin.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Message;
import dev.dunlin.codec.testkit.Statement;
import org.junit.jupiter.api.Test;

final class KeptMessageTest {

    @Test
    @Statement("5.0:MQTT-3.3.2-6")
    void remainingExpiryNeverExceedsTheOriginal() {
        KeptMessage message = KeptMessage.of(
                Message.builder("t").payload("p").expirySeconds(10).build(), 5_000);
        assertThat(message.expirySeconds(4_990)).isEqualTo(10); // a clock that was read before the publisher's
        assertThat(message.expirySeconds(5_000)).isEqualTo(10);
        assertThat(message.expirySeconds(6_000)).isEqualTo(9);
        assertThat(message.expirySeconds(14_999)).isEqualTo(1);
        assertThat(message.isExpired(14_999)).isFalse();
        assertThat(message.isExpired(15_000)).isTrue();
        assertThat(message.expirySeconds(99_000)).isEqualTo(1);
    }

    @Test
    void withoutExpiryNothingExpires() {
        KeptMessage message = KeptMessage.of(Message.of("t", "p"), 5_000);
        assertThat(message.expirySeconds(Long.MAX_VALUE - 1)).isEqualTo(-1);
        assertThat(message.isExpired(Long.MAX_VALUE - 1)).isFalse();
    }
}
