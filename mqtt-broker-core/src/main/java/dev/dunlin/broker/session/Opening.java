package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.codec.Connect;
import dev.dunlin.codec.Property;

/**
 * What is asked of {@link Sessions#open}: an authenticated client on its home loop.
 *
 * @param client who it is
 * @param connect its CONNECT
 * @param link its connection
 * @param out the way out of it
 * @param allowance its bounds
 * @param rights what it may publish and be sent
 */
public record Opening(ClientInfo client, Connect connect, Link link, Outbound out, Allowance allowance, Rights rights) {

    /** Its identifier, assigned where it sent none. */
    String clientId() {
        return client.clientId();
    }

    /** The session expiry interval that it asks for, in seconds. */
    long expirySeconds(long max) {
        return Math.min(VersionRules.askedExpirySeconds(connect), max);
    }

    /** How many QoS 1 and 2 messages it wants to have under way, at most {@code max}. */
    int receiveMaximum(int max) {
        return (int) Math.min(max, connect.properties().integer(Property.RECEIVE_MAXIMUM, 65_535));
    }
}
