package dev.dunlin.broker.net;

import java.net.SocketAddress;

/** Where clients are that are in the broker's process. */
final class InProcessAddress extends SocketAddress {
    static final InProcessAddress THE_ONLY = new InProcessAddress();
    private static final long serialVersionUID = 1;

    private InProcessAddress() {}

    @Override
    public String toString() {
        return "in-process";
    }
}
