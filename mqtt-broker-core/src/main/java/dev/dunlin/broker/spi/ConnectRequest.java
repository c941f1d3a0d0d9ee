package dev.dunlin.broker.spi;

import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import java.net.SocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
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
 * @param remoteAddress where it connects from: an {@link java.net.InetSocketAddress}, as its socket says or a trusted proxy;
 *     through a Unix domain socket the {@link java.net.UnixDomainSocketAddress} of that; else one whose text is "in-process"
 * @param listener name of the listener that accepted it
 * @param certificates those by which TLS knows the client, its own first, checked already; unmodifiable. Empty if it gave
 *     none, or wasn't asked for any
 * @param certificateName the user name in its certificate, if its listener says where in it that is
 *     ({@code Tls.userName}); null if there is no certificate, or the listener doesn't say
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
        String listener,
        List<X509Certificate> certificates,
        @Nullable String certificateName) {

    /** A request without a certificate. */
    public ConnectRequest(
            String clientId,
            MqttVersion version,
            boolean cleanStart,
            @Nullable String userName,
            byte @Nullable [] password,
            Properties properties,
            SocketAddress remoteAddress,
            String listener) {
        this(clientId, version, cleanStart, userName, password, properties, remoteAddress, listener, List.of(), null);
    }

    /** The authentication method that the client named, or null [5.0 section 3.1.2.11.9]. */
    public @Nullable String authenticationMethod() {
        return properties.string(Property.AUTHENTICATION_METHOD);
    }

    /** The authentication data that came with the method: the receiver's to keep; empty if there is none. */
    public byte[] authenticationData() {
        byte[] data = properties.binary(Property.AUTHENTICATION_DATA);
        return data == null ? new byte[0] : data;
    }
}
