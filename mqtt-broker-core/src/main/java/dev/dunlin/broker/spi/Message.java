package dev.dunlin.broker.spi;

import dev.dunlin.codec.QoS;
import dev.dunlin.codec.UserProperty;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An application message as a user of the broker sees it: immutable, on the heap, without Netty types; any thread. Its
 * fields are those of a PUBLISH [5.0 section 3.3].
 */
public final class Message {
    private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

    private final String topic;

    /** What is between its position and its limit, which never move: only duplicates of it are read. */
    private final ByteBuffer payload;

    private final QoS qos;
    private final boolean retain;
    private final long expirySeconds;
    private final boolean utf8;
    private final @Nullable String contentType;
    private final @Nullable String responseTopic;
    private final byte @Nullable [] correlationData;
    private final List<UserProperty> userProperties;

    private Message(Builder builder) {
        topic = builder.topic;
        payload = builder.payload;
        qos = builder.qos;
        retain = builder.retain;
        expirySeconds = builder.expirySeconds;
        utf8 = builder.utf8;
        contentType = builder.contentType;
        responseTopic = builder.responseTopic;
        correlationData = builder.correlationData;
        userProperties = List.copyOf(builder.userProperties);
    }

    /** A QoS 0 message with a text payload, in UTF-8. */
    public static Message of(String topic, String payload) {
        return builder(topic).payload(payload).build();
    }

    /** A QoS 0 message with these bytes, which are copied. */
    public static Message of(String topic, byte[] payload) {
        return builder(topic).payload(payload).build();
    }

    /** Starts a QoS 0 message with an empty payload. */
    public static Builder builder(String topic) {
        return new Builder(topic);
    }

    /** A builder that begins with all that this message has. */
    public Builder toBuilder() {
        Builder copy = new Builder(topic);
        copy.payload = payload; // never changed
        copy.qos = qos;
        copy.retain = retain;
        copy.expirySeconds = expirySeconds;
        copy.utf8 = utf8;
        copy.contentType = contentType;
        copy.responseTopic = responseTopic;
        copy.correlationData = correlationData;
        copy.userProperties.addAll(userProperties);
        return copy;
    }

    /** The topic name; whether it is a valid one is checked when the message is published. */
    public String topic() {
        return topic;
    }

    /**
     * Starts an answer to this request: on its response topic, with its correlation data and its QoS [5.0 section 4.10].
     *
     * @throws IllegalStateException if it has no response topic, and so wants no answer
     */
    public Builder answer() {
        if (responseTopic == null) {
            throw new IllegalStateException("no request: it has no response topic");
        }
        Builder answer = new Builder(responseTopic);
        answer.qos = qos;
        answer.correlationData = correlationData;
        return answer;
    }

    /** A fresh read-only view of the payload. */
    public ByteBuffer payload() {
        return payload.asReadOnlyBuffer();
    }

    /** The payload decoded as UTF-8; ill-formed sequences become U+FFFD. */
    public String payloadText() {
        return StandardCharsets.UTF_8.decode(payload.duplicate()).toString();
    }

    /** The quality of service that it was published or is delivered with. */
    public QoS qos() {
        return qos;
    }

    /** RETAIN: to be kept as the topic's last message; on delivery as the subscription asked. */
    public boolean retain() {
        return retain;
    }

    /** The message expiry interval in seconds, 0 to 4,294,967,295; -1 if it never expires. */
    public long expirySeconds() {
        return expirySeconds;
    }

    /** Whether the payload was declared to be UTF-8 text (Payload Format Indicator 1). */
    public boolean isUtf8() {
        return utf8;
    }

    /** The content type, or null if absent. */
    public @Nullable String contentType() {
        return contentType;
    }

    /** The response topic, or null if absent. */
    public @Nullable String responseTopic() {
        return responseTopic;
    }

    /** A fresh read-only view of the correlation data, or null if absent. */
    public @Nullable ByteBuffer correlationData() {
        return correlationData == null ? null : ByteBuffer.wrap(correlationData).asReadOnlyBuffer();
    }

    /** The user properties in their order; names may repeat. */
    public List<UserProperty> userProperties() {
        return userProperties;
    }

    @Override
    public String toString() {
        return topic + " " + qos + (retain ? " retain " : " ") + payload.remaining() + " bytes";
    }

    /** Builds a {@link Message}. Not thread-safe. */
    public static final class Builder {
        private String topic;
        private ByteBuffer payload = EMPTY;
        private QoS qos = QoS.AT_MOST_ONCE;
        private boolean retain;
        private long expirySeconds = -1;
        private boolean utf8;
        private @Nullable String contentType;
        private @Nullable String responseTopic;
        private byte @Nullable [] correlationData;
        private final List<UserProperty> userProperties = new ArrayList<>(0);

        private Builder(String topic) {
            this.topic = topic;
        }

        /** The topic name, in the place of the one that it was begun with. */
        public Builder topic(String name) {
            topic = name;
            return this;
        }

        /** A text payload in UTF-8; also says that it is text (Payload Format Indicator 1). */
        public Builder payload(String text) {
            payload = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            utf8 = true;
            return this;
        }

        /** A binary payload; copied. */
        public Builder payload(byte[] bytes) {
            payload = ByteBuffer.wrap(bytes.clone());
            utf8 = false;
            return this;
        }

        /** A binary payload: what is between the buffer's position and its limit, which stay where they are; copied. */
        public Builder payload(ByteBuffer bytes) {
            byte[] copy = new byte[bytes.remaining()];
            bytes.duplicate().get(copy);
            return wrapPayload(copy);
        }

        /**
         * A binary payload without a copy: the caller must never change the array from now on. The broker may look at it for as
         * long as a subscriber hasn't got the message, or for as long as the message is retained.
         */
        public Builder wrapPayload(byte[] bytes) {
            return wrapPayload(ByteBuffer.wrap(bytes));
        }

        /**
         * As {@link #wrapPayload(byte[])}, of what is between the buffer's position and its limit, which may move later on. A
         * direct buffer must not be freed by hand, nor its memory be unmapped.
         */
        public Builder wrapPayload(ByteBuffer bytes) {
            payload = bytes.slice();
            utf8 = false;
            return this;
        }

        /** The quality of service; default at most once. */
        public Builder qos(QoS level) {
            qos = level;
            return this;
        }

        /** Whether the broker keeps it as the topic's last message; an empty payload then removes the one kept. */
        public Builder retain(boolean keep) {
            retain = keep;
            return this;
        }

        /**
         * The message expiry interval [5.0 section 3.3.2.3.3].
         *
         * @param seconds 0 to 4,294,967,295, or -1 for never
         * @throws IllegalArgumentException outside of that range
         */
        public Builder expirySeconds(long seconds) {
            if (seconds < -1 || seconds > 0xFFFF_FFFFL) {
                throw new IllegalArgumentException("message expiry interval is -1 to 4294967295, not " + seconds);
            }
            expirySeconds = seconds;
            return this;
        }

        /** Declares the payload to be UTF-8 text or not. */
        public Builder utf8(boolean text) {
            utf8 = text;
            return this;
        }

        /** The content type. */
        public Builder contentType(@Nullable String type) {
            contentType = type;
            return this;
        }

        /** The topic to answer on. */
        public Builder responseTopic(@Nullable String name) {
            responseTopic = name;
            return this;
        }

        /** What an answer repeats; copied. */
        public Builder correlationData(byte @Nullable [] bytes) {
            correlationData = bytes == null ? null : bytes.clone();
            return this;
        }

        /** What an answer repeats, as {@link Message#correlationData()} of the request gives it; copied. */
        public Builder correlationData(@Nullable ByteBuffer bytes) {
            if (bytes == null) {
                correlationData = null;
            } else {
                correlationData = new byte[bytes.remaining()];
                bytes.duplicate().get(correlationData);
            }
            return this;
        }

        /** Adds a user property behind those that are there. */
        public Builder userProperty(String name, String value) {
            userProperties.add(new UserProperty(name, value));
            return this;
        }

        /** The message. The builder may be used on. */
        public Message build() {
            return new Message(this);
        }
    }
}
