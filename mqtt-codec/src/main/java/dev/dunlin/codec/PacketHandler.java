package dev.dunlin.codec;

/** Receives the packets of one {@link MqttDecoder}, on the thread that calls its {@code decode} or {@code resume}. */
@FunctionalInterface
public interface PacketHandler {
    /**
     * One packet, complete and checked. Its content is read from the decoder and valid during this call only; records and
     * what {@link MqttDecoder#properties()} returns outlive it, a {@link Publish} doesn't.
     *
     * @param type which accessor of the decoder to call
     * @param packet the decoder; the handler may close it, or call its {@code resume}, which then cancels returning false
     * @return false to stop after this packet and keep what follows until {@link MqttDecoder#resume()}
     * @throws MalformedPacket when the handler finds a violation: ends decoding as one found by the decoder does. Any other
     *     exception closes the decoder and propagates
     */
    boolean packet(PacketType type, MqttDecoder packet) throws MalformedPacket;
}
