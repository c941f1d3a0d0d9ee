package dev.dunlin.broker.session;

import dev.dunlin.codec.Connect;
import dev.dunlin.codec.Property;

/**
 * What is asked of {@link Sessions#open}: an authenticated client on its home loop.
 *
 * @param clientId its identifier, assigned where it sent none
 * @param connect its CONNECT
 * @param link its connection
 * @param out the way out of it
 * @param allowance what it may do
 */
public record Opening(String clientId, Connect connect, Link link, Outbound out, Allowance allowance) {

    /** The session expiry interval that it asks for, in seconds. */
    long expirySeconds(long max) {
        return Math.min(VersionRules.askedExpirySeconds(connect), max);
    }

    /** How many QoS 1 and 2 messages it wants to have under way, at most {@code max}. */
    int receiveMaximum(int max) {
        return (int) Math.min(max, connect.properties().integer(Property.RECEIVE_MAXIMUM, 65_535));
    }
}
