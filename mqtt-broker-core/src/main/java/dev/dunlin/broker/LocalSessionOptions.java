package dev.dunlin.broker;

import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.session.KeptMessage;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.MessageHandler;
import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.WillMessage;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link LocalSession} says when it connects [5.0 section 3.1]. Immutable; change one by its {@code with} methods, from
 * {@link #of}.
 *
 * @param clientId the client identifier; empty to have the broker choose one
 * @param cleanStart whether a session of before is discarded; else it is resumed
 * @param sessionExpirySeconds for how long the session stays when its connection has ended, in seconds, 0 to 4,294,967,295,
 *     which is for ever; {@link Limits#sessionExpiryMaxSeconds()} lowers it
 * @param will published when the connection ends without {@link LocalSession#close}; null for none. Its payload has at most
 *     65,535 bytes
 * @param willDelaySeconds how long the will waits for the session to be resumed, in seconds, 0 to 4,294,967,295
 * @param receiveMaximum how many messages of QoS 1 and 2 the broker sends before handlers are done with them, 1 to 65,535
 * @param handler gets the messages for which no subscription of this {@link LocalSession} is there, such as those that have
 *     waited for the session; null for nobody, and then they are refused
 */
public record LocalSessionOptions(
        String clientId,
        boolean cleanStart,
        long sessionExpirySeconds,
        @Nullable Message will,
        long willDelaySeconds,
        int receiveMaximum,
        @Nullable MessageHandler handler) {
    private static final long UINT32_MAX = 0xFFFF_FFFFL;
    private static final int UINT16_MAX = 65_535;

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException naming the first value that is out of its range, or a topic of the will that is none
     */
    public LocalSessionOptions {
        range("sessionExpirySeconds", sessionExpirySeconds, 0, UINT32_MAX);
        range("willDelaySeconds", willDelaySeconds, 0, UINT32_MAX);
        range("receiveMaximum", receiveMaximum, 1, UINT16_MAX);
        if (will != null) {
            range("payload bytes of the will", will.payload().remaining(), 0, UINT16_MAX);
            if (!Topics.isValidTopic(will.topic())) {
                throw new IllegalArgumentException("not a topic name: \"" + will.topic() + "\"");
            }
        }
    }

    private static void range(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " is " + min + " to " + max + ", not " + value);
        }
    }

    /** A session that begins anew and ends with its connection, without a will. */
    public static LocalSessionOptions of(String clientId) {
        return new LocalSessionOptions(clientId, true, 0, null, 0, UINT16_MAX, null);
    }

    /**
     * The same, which resumes the session if there is one, and leaves one behind.
     *
     * @param expirySeconds {@link #sessionExpirySeconds()}
     * @param waiting {@link #handler()}: what has waited comes before anybody can subscribe
     */
    public LocalSessionOptions resuming(long expirySeconds, MessageHandler waiting) {
        return new LocalSessionOptions(clientId, false, expirySeconds, will, willDelaySeconds, receiveMaximum, waiting);
    }

    /** The same with another {@link #cleanStart()}. */
    public LocalSessionOptions withCleanStart(boolean clean) {
        return new LocalSessionOptions(
                clientId, clean, sessionExpirySeconds, will, willDelaySeconds, receiveMaximum, handler);
    }

    /** The same with another {@link #sessionExpirySeconds()}. */
    public LocalSessionOptions withSessionExpirySeconds(long seconds) {
        return new LocalSessionOptions(clientId, cleanStart, seconds, will, willDelaySeconds, receiveMaximum, handler);
    }

    /**
     * The same with a will.
     *
     * @param message {@link #will()}
     * @param delaySeconds {@link #willDelaySeconds()}
     */
    public LocalSessionOptions withWill(Message message, long delaySeconds) {
        return new LocalSessionOptions(
                clientId, cleanStart, sessionExpirySeconds, message, delaySeconds, receiveMaximum, handler);
    }

    /** The same with another {@link #receiveMaximum()}. */
    public LocalSessionOptions withReceiveMaximum(int messages) {
        return new LocalSessionOptions(
                clientId, cleanStart, sessionExpirySeconds, will, willDelaySeconds, messages, handler);
    }

    /** The same with another {@link #handler()}. */
    public LocalSessionOptions withHandler(@Nullable MessageHandler others) {
        return new LocalSessionOptions(
                clientId, cleanStart, sessionExpirySeconds, will, willDelaySeconds, receiveMaximum, others);
    }

    /** As a packet. */
    Connect toConnect() {
        Properties properties = Properties.builder()
                .add(Property.SESSION_EXPIRY_INTERVAL, sessionExpirySeconds)
                .add(Property.RECEIVE_MAXIMUM, receiveMaximum)
                .build();
        MqttVersion spoken = MqttVersion.V5; // by us: nothing is told apart by it
        return new Connect(spoken, clientId, cleanStart, 0, properties, willMessage(), null, null);
    }

    private @Nullable WillMessage willMessage() {
        Message last = will;
        if (last == null) {
            return null;
        }
        Properties.Builder properties = Properties.builder().add(Property.WILL_DELAY_INTERVAL, willDelaySeconds);
        if (last.expirySeconds() >= 0) {
            properties.add(Property.MESSAGE_EXPIRY_INTERVAL, last.expirySeconds());
        }
        KeptMessage.addProperties(last, properties);
        ByteBuffer payload = last.payload();
        byte[] bytes = new byte[payload.remaining()];
        payload.get(bytes);
        return new WillMessage(last.topic(), bytes, last.qos(), last.retain(), properties.build());
    }
}
