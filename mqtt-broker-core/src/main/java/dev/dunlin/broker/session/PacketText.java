package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.Printable;
import dev.dunlin.broker.spi.TraceOptions;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.Publish;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.Subscribe;
import dev.dunlin.codec.SubscriptionRequest;
import dev.dunlin.codec.WillMessage;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The text of one line of a trace. What a client has chosen is shown as far as it is printable, and a line has an end; passwords
 * and what goes with AUTH are never shown.
 */
final class PacketText {
    /** What a line may have, with what ends it. */
    static final int CHARS_MAX = 2_048;

    private static final int UTF8_BYTES_MAX = 4;
    private static final int DAY_MS = 86_400_000;
    private static final char[] UNITS = {':', ':', '.'};

    private final StringBuilder text = new StringBuilder(128);

    /** Begins a line: the time of day in UTC, the client, and whether it is who sends. */
    PacketText(long wallMs, String clientId, char direction) {
        time(Math.floorMod(wallMs, DAY_MS));
        text.append(' ');
        printable(clientId.isEmpty() ? "-" : clientId);
        text.append(' ').append(direction).append(' ');
    }

    private PacketText() {}

    /** The first line of a trace. */
    static String beginning(TraceOptions options, long wallMs) {
        PacketText line = new PacketText().words("# trace of ");
        line.words(options.clientId().isEmpty() ? "all clients" : "client " + options.clientId());
        if (!options.topicFilter().isEmpty()) {
            line.words(", PUBLISH with topics like ").words(options.topicFilter());
        }
        Instant now = Instant.ofEpochMilli(wallMs);
        return line.words(", from " + now + " on; times are UTC, > is from the client, < to it")
                .line();
    }

    private void time(int ofDayMs) {
        int[] parts = {ofDayMs / 3_600_000, ofDayMs / 60_000 % 60, ofDayMs / 1_000 % 60};
        for (int i = 0; i < parts.length; i++) {
            text.append((char) ('0' + parts[i] / 10))
                    .append((char) ('0' + parts[i] % 10))
                    .append(UNITS[i]);
        }
        int ms = ofDayMs % 1_000;
        text.append((char) ('0' + ms / 100)).append((char) ('0' + ms / 10 % 10)).append((char) ('0' + ms % 10));
    }

    /** What was added, cut off where a line must end. */
    String line() {
        if (text.length() <= CHARS_MAX) {
            return text.toString();
        }
        int end = CHARS_MAX - 1;
        return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + '…';
    }

    /** Words of ours, or of the other side. */
    PacketText words(String words) {
        printable(words);
        return this;
    }

    /**
     * A PUBLISH.
     *
     * @param topic the one that its alias stands for, if it has no other; empty if nobody knows
     */
    PacketText publish(Publish publish, String topic, int payloadCharsMax) {
        text.append("PUBLISH qos=").append(publish.qos().level());
        if (publish.packetId() != 0) {
            text.append(" id=").append(publish.packetId());
        }
        text.append(" retain=").append(publish.retain() ? 1 : 0);
        if (publish.dup()) {
            text.append(" dup=1");
        }
        if (publish.topicAlias() != 0) {
            text.append(" alias=").append(publish.topicAlias());
        }
        if (publish.messageExpirySeconds() >= 0) {
            text.append(" expiry=").append(publish.messageExpirySeconds()).append('s');
        }
        text.append(" topic=");
        printable(topic.isEmpty() ? "?" : topic);
        text.append(' ').append(publish.payloadBytes()).append(" bytes");
        payload(publish.payload(), payloadCharsMax);
        return this;
    }

    private void payload(ByteBuf payload, int charsMax) {
        int bytes = Math.min(payload.readableBytes(), charsMax * UTF8_BYTES_MAX);
        if (bytes == 0) {
            return;
        }
        String begin = payload.toString(payload.readerIndex(), bytes, StandardCharsets.UTF_8);
        text.append(' ');
        int end = begin.offsetByCodePoints(0, Math.min(charsMax, begin.codePointCount(0, begin.length())));
        printable(begin.substring(0, end));
        if (end < begin.length() || bytes < payload.readableBytes()) {
            text.append('…');
        }
    }

    /** Any other packet. */
    PacketText packet(PacketType type, MqttDecoder packet) {
        text.append(type);
        switch (type) {
            case CONNECT -> connect(packet.connect());
            case CONNACK -> connack(packet.connack());
            case SUBSCRIBE -> subscribe(packet.subscribe());
            case SUBACK -> reasons(packet.suback().packetId(), packet.suback().reasons());
            case UNSUBSCRIBE -> {
                id(packet.unsubscribe().packetId());
                packet.unsubscribe().filters().forEach(this::word);
            }
            case UNSUBACK ->
                reasons(packet.unsuback().packetId(), packet.unsuback().reasons());
            case PUBACK, PUBREC, PUBREL, PUBCOMP -> {
                id(packet.packetId());
                reason(packet.reasonCode(), packet.properties().string(Property.REASON_STRING));
            }
            case DISCONNECT, AUTH ->
                reason(packet.reasonCode(), packet.properties().string(Property.REASON_STRING));
            default -> {
                // PINGREQ, PINGRESP: there is nothing in them
            }
        }
        return this;
    }

    private void connect(Connect connect) {
        text.append(" version=").append(connect.version());
        text.append(" clean=").append(connect.cleanStart() ? 1 : 0);
        text.append(" keepalive=").append(connect.keepAliveSeconds());
        long expirySeconds = connect.properties().integer(Property.SESSION_EXPIRY_INTERVAL, -1);
        if (expirySeconds >= 0) {
            text.append(" expiry=").append(expirySeconds).append('s');
        }
        if (connect.userName() != null) {
            text.append(" user=");
            printable(connect.userName());
        }
        if (connect.password() != null) {
            text.append(" password=(not shown)");
        }
        WillMessage will = connect.will();
        if (will != null) {
            text.append(" will=");
            printable(will.topic());
            text.append(" will-qos=").append(will.qos().level());
            text.append(" will-retain=").append(will.retain() ? 1 : 0);
            text.append(' ').append(will.payload().length).append(" bytes");
        }
    }

    private void connack(Connack connack) {
        text.append(" session-present=").append(connack.sessionPresent() ? 1 : 0);
        reason(connack.reason(), connack.properties().string(Property.REASON_STRING));
    }

    private void subscribe(Subscribe subscribe) {
        id(subscribe.packetId());
        for (SubscriptionRequest each : subscribe.subscriptions()) {
            word(each.filter());
            text.append(" qos=").append(each.maximumQoS().level());
        }
    }

    private void reasons(int packetId, List<ReasonCode> reasons) {
        id(packetId);
        reasons.forEach(reason -> word(reason.toString()));
    }

    private void reason(ReasonCode reason, @Nullable String said) {
        word(reason.toString());
        if (said != null) {
            word(said);
        }
    }

    private void id(int packetId) {
        text.append(" id=").append(packetId);
    }

    private void word(String word) {
        text.append(' ');
        printable(word);
    }

    /** Adds what is printable; what isn't, and could hide or feign the rest of the line, becomes a question mark. */
    private void printable(String from) {
        int i = 0;
        while (i < from.length() && text.length() <= CHARS_MAX) {
            int c = from.codePointAt(i);
            text.appendCodePoint(Printable.is(c) ? c : '?');
            i += Character.charCount(c);
        }
    }
}
