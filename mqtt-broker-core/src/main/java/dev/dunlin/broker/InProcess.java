package dev.dunlin.broker;

import dev.dunlin.broker.net.Acceptor;
import dev.dunlin.broker.spi.Limits;
import io.netty.buffer.ByteBufAllocator;

/**
 * How clients within the process come in.
 *
 * @param sockets of {@link Broker#socketFactory}: those who come this way are asked who they are
 * @param sessions of {@link LocalClient#connect}: nobody is asked anything
 */
record InProcess(Acceptor sockets, Acceptor sessions, ByteBufAllocator allocator) {
    /** The name that clients with a socket within the process have for a listener. */
    static final String SOCKETS = "in-process";

    /** The name that local sessions have for a listener. */
    static final String SESSIONS = "local";

    /** The bounds of local sessions: there is nothing to be heard of. */
    static Limits ofSessions(Limits broker) {
        return broker.withKeepAliveMaxSeconds(0);
    }
}
