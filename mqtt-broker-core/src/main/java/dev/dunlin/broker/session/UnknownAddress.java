package dev.dunlin.broker.session;

import java.net.SocketAddress;

/** Where a client was before the broker started. */
final class UnknownAddress extends SocketAddress {
    static final UnknownAddress THE_ONLY = new UnknownAddress();
    private static final long serialVersionUID = 1;

    private UnknownAddress() {}

    @Override
    public String toString() {
        return "unknown";
    }
}
