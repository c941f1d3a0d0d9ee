package dev.dunlin.broker.spi;

import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What a client presents in its CONNECT [3.1.1 section 3.1, 5.0 section 3.1]. The password array belongs to the
 * receiver, which may clear it.
 *
 * @param clientId the client identifier, assigned by the broker where the client sent none
 * @param version the protocol version
 * @param cleanStart Clean Start, in 3.1 and 3.1.1 Clean Session
 * @param userName the user name, or null if absent
 * @param password the password, or null if absent
 * @param properties the CONNECT properties; empty below 5.0
 * @param remoteAddress where it connects from
 * @param listener name of the listener that accepted it
 */
@SuppressWarnings("ArrayRecordComponent") // a password is bytes, and cleared by who has checked it
public record ConnectRequest(
        String clientId,
        MqttVersion version,
        boolean cleanStart,
        @Nullable String userName,
        byte @Nullable [] password,
        Properties properties,
        SocketAddress remoteAddress,
        String listener) {}
