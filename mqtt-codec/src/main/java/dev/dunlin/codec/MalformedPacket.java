package dev.dunlin.codec;

/**
 * The peer broke the protocol: what it sent is malformed or a protocol error, and the connection has to end
 * [5.0:MQTT-4.13.1-1, 3.1.1:MQTT-4.8.0-1]. Carries no stack trace: it tells about the peer, not about our code.
 */
public final class MalformedPacket extends Exception {
    private static final long serialVersionUID = 1L;

    private final ReasonCode reasonCode;

    /**
     * A violation.
     *
     * @param reasonCode for DISCONNECT or CONNACK
     * @param message for humans; fit for a Reason String, so without secrets
     */
    public MalformedPacket(ReasonCode reasonCode, String message) {
        super(message, null, false, false);
        this.reasonCode = reasonCode;
    }

    /** What to tell the peer. */
    public ReasonCode reasonCode() {
        return reasonCode;
    }

    static MalformedPacket malformed(String message) {
        return new MalformedPacket(ReasonCode.MALFORMED_PACKET, message);
    }

    static MalformedPacket protocolError(String message) {
        return new MalformedPacket(ReasonCode.PROTOCOL_ERROR, message);
    }
}
