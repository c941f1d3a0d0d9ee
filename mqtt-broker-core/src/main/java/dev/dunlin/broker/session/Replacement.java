package dev.dunlin.broker.session;

import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;

/**
 * What an interceptor has put in the place of a message, for one receiver. It keeps that one, to which whatever is stored, counted or
 * given back refers. As immutable as any other.
 */
final class Replacement extends KeptMessage {
    private final KeptMessage origin;

    /**
     * With the publisher and RETAIN of the other.
     *
     * @param origin takes a reference to it
     */
    Replacement(KeptMessage origin, String topic, QoS qos, long expiresAtMs, PublishFrame frame) {
        super(topic, qos, origin.retainFlag(), origin.publisher(), expiresAtMs, frame);
        origin.retain();
        this.origin = origin;
    }

    @Override
    KeptMessage origin() {
        return origin;
    }

    /** Of both: as long as it is under way, neither is given back. */
    @Override
    int footprintBytes() {
        return super.footprintBytes() + origin.footprintBytes();
    }

    @Override
    boolean isCounted() {
        return super.isCounted() || origin.isCounted();
    }

    @Override
    void dispose() {
        if (super.isCounted()) {
            super.dispose();
        }
        origin.release();
    }
}
