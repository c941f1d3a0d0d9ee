package dev.dunlin.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.session.OutboundAliases.Alias;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.PublishFrame;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which topics have an alias when there are more topics than aliases. */
final class OutboundAliasesTest {
    private static final int MAX = 8;

    private final OutboundAliases aliases = new OutboundAliases(MAX);
    private int set;
    private int used;
    private int without;

    private void send(String topic) {
        PublishFrame frame = PublishFrame.of(topic, Properties.EMPTY, -1, new byte[0], MqttVersion.V5, false);
        Alias alias = aliases.of(topic, frame, Long.MAX_VALUE);
        if (alias == null) {
            without++;
            return;
        }
        assertThat(alias.number).isBetween(1, MAX);
        if (alias.isNew()) {
            set++;
        } else {
            used++;
        }
        alias.sent();
    }

    @Test
    void topicsThatComeOftenKeepTheirsInAFloodOfOthers() {
        for (int i = 0; i < 10_000; i++) {
            send("often/" + i % 4);
            if (i % 2 == 0) {
                send("once/" + i);
            }
        }
        assertThat(used).isGreaterThan(9_900);
    }

    @Test
    void oneTopicTooManyCostsNoOtherItsAlias() {
        for (int i = 0; i < 1_000; i++) {
            send("topic/" + i % (MAX + 1));
        }
        assertThat(set).isLessThan(2 * MAX);
        assertThat(used).isGreaterThan(1_000 * MAX / (MAX + 1) - 3 * MAX);
    }

    @Test
    void topicsThatComeNoMoreLoseTheirs() {
        for (int i = 0; i < 100; i++) {
            send("former/" + i % MAX);
        }
        used = 0;
        for (int i = 0; i < 100; i++) {
            send("present/" + i % MAX);
        }
        assertThat(used).isGreaterThan(70);
    }

    @Test
    void noTwoTopicsHaveTheSame() {
        Set<Alias> given = new HashSet<>();
        for (int i = 0; i < MAX; i++) {
            PublishFrame frame =
                    PublishFrame.of("topic/" + i, Properties.EMPTY, -1, new byte[0], MqttVersion.V5, false);
            given.add(aliases.of("topic/" + i, frame, Long.MAX_VALUE));
        }
        assertThat(given).hasSize(MAX).doesNotContainNull();
        assertThat(without).isZero();
    }

    /** Room for it was promised, and then the packet wasn't appended. */
    @Test
    void anAliasIsNewUntilItWasSent() {
        PublishFrame frame = PublishFrame.of("topic", Properties.EMPTY, -1, new byte[0], MqttVersion.V5, false);
        Alias alias = aliases.of("topic", frame, Long.MAX_VALUE);
        assertThat(alias).isNotNull();
        assertThat(alias.isNew()).isTrue();
        assertThat(aliases.packetBytes("topic", frame)).isEqualTo(frame.packetBytes());
        assertThat(aliases.of("topic", frame, Long.MAX_VALUE)).isSameAs(alias);
        alias.sent();
        assertThat(alias.isNew()).isFalse();
        assertThat(aliases.packetBytes("topic", frame)).isEqualTo(frame.packetBytesWithAlias(false));
    }
}
