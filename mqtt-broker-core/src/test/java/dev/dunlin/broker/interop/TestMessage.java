package dev.dunlin.broker.interop;

import dev.dunlin.codec.QoS;

/** A message as a client sends or receives it. */
record TestMessage(String topic, String payload, QoS qos, boolean retain) {
    private static final int SHOWN_CHARS = 40;

    TestMessage(String topic, String payload, QoS qos) {
        this(topic, payload, qos, false);
    }

    /** The same with RETAIN. */
    TestMessage retained() {
        return new TestMessage(topic, payload, qos, true);
    }

    /** The same with another QoS. */
    TestMessage at(QoS other) {
        return new TestMessage(topic, payload, other, retain);
    }

    @Override
    public String toString() {
        String shown = payload.length() <= SHOWN_CHARS ? payload : payload.substring(0, SHOWN_CHARS) + "...";
        return topic + " " + qos + (retain ? " retain " : " ") + payload.length() + " characters: " + shown;
    }
}
