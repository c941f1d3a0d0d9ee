package dev.dunlin.broker.net;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import java.util.List;

/** Tells tests what lies between sockets and connections now. */
public final class PipelineProbe {
    private PipelineProbe() {}

    /** The handlers of each open connection of a listener, by the names of their classes, the socket's first. */
    public static List<List<String>> handlers(Acceptor acceptor) {
        return acceptor.connections().stream()
                .map(connection -> connection.ctx().pipeline().toMap().values().stream()
                        .map(ChannelHandler::getClass)
                        .map(Class::getSimpleName)
                        .toList())
                .toList();
    }

    /** Whether the socket of each open connection of a listener sends small packets at once. */
    public static List<Boolean> tcpNoDelay(Acceptor acceptor) {
        return acceptor.connections().stream()
                .map(connection -> connection.ctx().channel().config().getOption(ChannelOption.TCP_NODELAY))
                .toList();
    }

    /** How many channels are still to be closed after their connections have ended. */
    public static int ending(Acceptor acceptor) {
        return acceptor.ending().size();
    }
}
