package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.ConnectTerms;
import dev.dunlin.codec.Connect;
import dev.dunlin.codec.Property;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of {@link Sessions#open}: an authenticated client on its home loop.
 *
 * @param client who it is
 * @param connect its CONNECT
 * @param link its connection
 * @param out the way out of it
 * @param allowance its bounds
 * @param rights what it may publish and be sent
 * @param terms what interceptors grant in the place of what it asks for; null if they grant that
 */
public record Opening(
        ClientInfo client,
        Connect connect,
        Link link,
        Outbound out,
        Allowance allowance,
        Rights rights,
        @Nullable ConnectTerms terms) {

    /** One that is granted what it asks for. */
    public Opening(ClientInfo client, Connect connect, Link link, Outbound out, Allowance allowance, Rights rights) {
        this(client, connect, link, out, allowance, rights, null);
    }

    /** Its identifier, assigned where it sent none. */
    String clientId() {
        return client.clientId();
    }

    /** The session expiry interval that it is granted, in seconds: within the bounds by which it was told. */
    long expirySeconds() {
        long asked = VersionRules.askedExpirySeconds(connect);
        return Math.min(
                terms == null ? asked : terms.sessionExpirySeconds(),
                allowance.limits().sessionExpiryMaxSeconds());
    }

    /** The longest session expiry interval that its DISCONNECT may ask for, in seconds. */
    long expiryMaxSeconds() {
        return terms == null ? allowance.limits().sessionExpiryMaxSeconds() : expirySeconds();
    }

    /** How many QoS 1 and 2 messages it wants to have under way, at most {@code max}. */
    int receiveMaximum(int max) {
        return (int) Math.min(max, connect.properties().integer(Property.RECEIVE_MAXIMUM, 65_535));
    }
}
