package dev.dunlin.broker.interop;

import dev.dunlin.codec.QoS;

/** A message as a client sends or receives it. */
record TestMessage(String topic, String payload, QoS qos, boolean retain, MessageProperties properties) {
    private static final int SHOWN_CHARS = 40;

    TestMessage(String topic, String payload, QoS qos) {
        this(topic, payload, qos, false, MessageProperties.NONE);
    }

    /** The same with RETAIN. */
    TestMessage retained() {
        return new TestMessage(topic, payload, qos, true, properties);
    }

    /** The same with another QoS. */
    TestMessage at(QoS other) {
        return new TestMessage(topic, payload, other, retain, properties);
    }

    /** The same with other properties. */
    TestMessage with(MessageProperties others) {
        return new TestMessage(topic, payload, qos, retain, others);
    }

    /** The same with this expiry. */
    TestMessage expiry(long seconds) {
        return with(properties.expiry(seconds));
    }

    @Override
    public String toString() {
        String shown = payload.length() <= SHOWN_CHARS ? payload : payload.substring(0, SHOWN_CHARS) + "...";
        return topic + " " + qos + (retain ? " retain " : " ") + payload.length() + " characters: " + shown
                + (properties.equals(MessageProperties.NONE) ? "" : " " + properties);
    }
}
