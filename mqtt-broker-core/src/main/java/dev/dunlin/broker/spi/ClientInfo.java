package dev.dunlin.broker.spi;

import dev.dunlin.codec.MqttVersion;
import java.net.SocketAddress;

/**
 * Who is at the other end of a connection.
 *
 * @param clientId the client identifier, assigned by the broker where the client sent none
 * @param identity who the client was authenticated as
 * @param version the protocol version that it speaks
 * @param remoteAddress where it connects from: an {@link java.net.InetSocketAddress}, as its socket says or a trusted proxy;
 *     through a Unix domain socket the {@link java.net.UnixDomainSocketAddress} of that; else one whose text is "in-process"
 * @param listener name of the listener that accepted it
 */
public record ClientInfo(
        String clientId, Identity identity, MqttVersion version, SocketAddress remoteAddress, String listener) {}
