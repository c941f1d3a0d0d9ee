package dev.dunlin.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

class PropertiesTest {
    private static final Properties SOME = Properties.builder()
            .add(Property.PAYLOAD_FORMAT_INDICATOR, 1)
            .userProperty("k", "1")
            .add(Property.TOPIC_ALIAS, 65_535)
            .add(Property.MESSAGE_EXPIRY_INTERVAL, 0xFFFF_FFFFL)
            .add(Property.SUBSCRIPTION_IDENTIFIER, 268_435_455)
            .add(Property.CONTENT_TYPE, "text/\u20ac")
            .userProperty("k", "2")
            .add(Property.CORRELATION_DATA, new byte[] {1, -1})
            .add(Property.SUBSCRIPTION_IDENTIFIER, 1)
            .build();

    @Test
    void tellsEachValue() {
        assertThat(SOME.integer(Property.PAYLOAD_FORMAT_INDICATOR, -1)).isEqualTo(1);
        assertThat(SOME.integer(Property.TOPIC_ALIAS, -1)).isEqualTo(65_535);
        assertThat(SOME.integer(Property.MESSAGE_EXPIRY_INTERVAL, -1)).isEqualTo(0xFFFF_FFFFL);
        assertThat(SOME.integer(Property.SUBSCRIPTION_IDENTIFIER, -1)).isEqualTo(268_435_455);
        assertThat(SOME.string(Property.CONTENT_TYPE)).isEqualTo("text/\u20ac");
        assertThat(SOME.binary(Property.CORRELATION_DATA)).containsExactly(1, -1);
        assertThat(SOME.userProperties()).containsExactly(new UserProperty("k", "1"), new UserProperty("k", "2"));
        assertThat(SOME.subscriptionIdentifiers()).containsExactly(268_435_455, 1);
        assertThat(SOME.has(Property.TOPIC_ALIAS)).isTrue();
        assertThat(SOME)
                .hasToString("{PAYLOAD_FORMAT_INDICATOR=1, USER_PROPERTY=k:1, TOPIC_ALIAS=65535,"
                        + " MESSAGE_EXPIRY_INTERVAL=4294967295, SUBSCRIPTION_IDENTIFIER=268435455, CONTENT_TYPE=text/\u20ac,"
                        + " USER_PROPERTY=k:2, CORRELATION_DATA=2 bytes, SUBSCRIPTION_IDENTIFIER=1}");
    }

    @Test
    void tellsWhatIsMissing() {
        assertThat(SOME.integer(Property.RECEIVE_MAXIMUM, 7)).isEqualTo(7);
        assertThat(SOME.string(Property.REASON_STRING)).isNull();
        assertThat(SOME.binary(Property.AUTHENTICATION_DATA)).isNull();
        assertThat(SOME.has(Property.REASON_STRING)).isFalse();
        assertThat(Properties.EMPTY.userProperties()).isEmpty();
        assertThat(Properties.EMPTY.subscriptionIdentifiers()).isEmpty();
        assertThat(Properties.EMPTY.encodedBytes()).isZero();
        assertThat(Properties.EMPTY.isEmpty()).isTrue();
        assertThat(Properties.EMPTY).hasToString("{}");
        assertThat(Properties.builder().build()).isSameAs(Properties.EMPTY);
    }

    @Test
    void isEqualByContent() {
        Properties other = Properties.builder().userProperty("k", "1").build();
        assertThat(SOME.copy()).isEqualTo(SOME).hasSameHashCodeAs(SOME);
        assertThat(SOME).isNotEqualTo(other).isNotEqualTo(Properties.EMPTY).isNotEqualTo("x");
        assertThat(Properties.EMPTY.copy()).isEqualTo(Properties.EMPTY);
    }

    @Test
    void writesItsBytesWithoutTheirLength() {
        ByteBuf out = Unpooled.buffer();
        Properties.builder()
                .add(Property.TOPIC_ALIAS, 1)
                .userProperty("k", "v")
                .build()
                .writeTo(out);
        assertThat(ByteBufUtil.getBytes(out)).isEqualTo(Bytes.of("23 0001 26 ['k'] ['v']"));
    }

    @Test
    void refusesTheWrongType() {
        assertThatThrownBy(() -> SOME.integer(Property.CONTENT_TYPE, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SOME.string(Property.USER_PROPERTY)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SOME.binary(Property.TOPIC_ALIAS)).isInstanceOf(IllegalArgumentException.class);
        Properties.Builder builder = Properties.builder();
        assertThatThrownBy(() -> builder.add(Property.TOPIC_ALIAS, "1")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.add(Property.CONTENT_TYPE, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.add(Property.USER_PROPERTY, "x")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void builderRefusesBadValuesAndNamesThem() {
        for (Property property : Property.values()) {
            if (property.type().isInteger()) {
                refuses(Long.toString(property.max() + 1), b -> b.add(property, property.max() + 1));
                refuses(Long.toString(property.min() - 1), b -> b.add(property, property.min() - 1));
            }
        }
        refuses("U+0000", b -> b.add(Property.CONTENT_TYPE, "a\0"));
        refuses("surrogate", b -> b.add(Property.CONTENT_TYPE, "\uDC00"));
        refuses("65538", b -> b.add(Property.CONTENT_TYPE, "\u20ac".repeat(21_846)));
        refuses("65536", b -> b.add(Property.CORRELATION_DATA, new byte[65_536]));
        refuses("a/+", b -> b.add(Property.RESPONSE_TOPIC, "a/+"));
        refuses("U+0000", b -> b.userProperty("\0", ""));
        refuses("surrogate", b -> b.userProperty("", "\uD800x"));
        refuses("CONTENT_TYPE", b -> b.add(Property.CONTENT_TYPE, "a").add(Property.CONTENT_TYPE, "a"));
    }

    @Test
    void aRefusedValueLeavesNothingBehind() {
        Properties.Builder builder = Properties.builder().add(Property.TOPIC_ALIAS, 1);
        assertThatThrownBy(() -> builder.add(Property.CONTENT_TYPE, "\0")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.userProperty("k", "\0")).isInstanceOf(IllegalArgumentException.class);
        assertThat(builder.build())
                .isEqualTo(Properties.builder().add(Property.TOPIC_ALIAS, 1).build());
    }

    private interface Building {
        Properties.Builder build(Properties.Builder builder);
    }

    private static void refuses(String named, Building building) {
        assertThatThrownBy(() -> building.build(Properties.builder()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(named);
    }
}
