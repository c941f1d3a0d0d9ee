package dev.dunlin.broker.net;

import dev.dunlin.broker.session.SessionLoop;
import io.netty.channel.ChannelFactory;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/** The event loops under the session loops, and the kind of channel that they serve. The seam for a simulation. */
public interface Transport {

    /** The group that new channels are registered with. */
    EventLoopGroup group();

    /** Makes the channels that listen. */
    ChannelFactory<? extends ServerChannel> serverChannels();

    /** Makes the channels that listen on a Unix domain socket; unsupported by transports without files. */
    default ChannelFactory<? extends ServerChannel> unixServerChannels() {
        throw new UnsupportedOperationException("no Unix domain sockets");
    }

    /** The address of a Unix domain socket, as these channels take it. */
    default SocketAddress unixAddress(Path file) {
        throw new UnsupportedOperationException("no Unix domain sockets");
    }

    /** Whether socket options apply. */
    boolean isTcp();

    /** The session loop of an event loop of this transport. */
    SessionLoop loopOf(EventLoop eventLoop);

    /** Ends the event loops; the stage completes when their threads have ended. */
    CompletionStage<Void> close(Duration timeout);
}
