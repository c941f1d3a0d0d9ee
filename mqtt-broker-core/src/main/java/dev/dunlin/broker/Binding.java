package dev.dunlin.broker;

import dev.dunlin.broker.net.Acceptor;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelFuture;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Binds what a listener listens on: all of it, or the broker doesn't start. Not on a loop. */
final class Binding {

    /** So many ports that the system chooses are tried, until one is free on all addresses. */
    private static final int PORTS_TRIED_MAX = 16;

    private final Acceptor acceptor;
    private final ByteBufAllocator allocator;

    private Binding(Acceptor acceptor, ByteBufAllocator allocator) {
        this.acceptor = acceptor;
        this.allocator = allocator;
    }

    static void bind(Listener listener, Acceptor acceptor, ByteBufAllocator allocator) throws BrokerStartException {
        if (listener.place() instanceof Listener.Tcp tcp) {
            new Binding(acceptor, allocator).bind(tcp);
        } else if (listener.place() instanceof Listener.Unix unix) {
            try {
                new SocketFile(unix).bind(acceptor, allocator);
            } catch (IOException e) {
                throw failed("can't listen on " + unix.path() + ": " + e.getMessage(), e);
            }
        }
    }

    private void bind(Listener.Tcp tcp) throws BrokerStartException {
        for (int left = PORTS_TRIED_MAX; ; left--) {
            Refusal refusal = bindAll(tcp);
            if (refusal == null) {
                return;
            }
            if (tcp.port() != 0 || !refusal.mayBeThePort || left == 1) {
                throw failed(refusal.sentence, refusal.cause);
            }
            acceptor.unbind();
        }
    }

    private record Refusal(String sentence, Throwable cause, boolean mayBeThePort) {}

    /** Binds one address after the other; where the port is the system's to choose, the first one's is that of all. */
    private @Nullable Refusal bindAll(Listener.Tcp tcp) {
        int port = tcp.port();
        for (int i = 0; i < tcp.hosts().size(); i++) {
            String host = tcp.hosts().get(i);
            InetSocketAddress address = Listener.Tcp.address(host, port);
            ChannelFuture bound = acceptor.bind(address, allocator).awaitUninterruptibly();
            if (!bound.isSuccess()) {
                String why = address.isUnresolved() ? "unknown host" : systemMessage(bound.cause());
                String sentence = "can't listen on " + host + " port " + port + ": " + why;
                return new Refusal(sentence, bound.cause(), i > 0 && !address.isUnresolved());
            }
            port = ((InetSocketAddress) bound.channel().localAddress()).getPort();
        }
        return null;
    }

    /** What the system says; native transports put the name and the result of the call in front. */
    static String systemMessage(Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        int call = message.lastIndexOf(": ");
        return call < 0 ? message : message.substring(call + 2);
    }

    private static BrokerStartException failed(String sentence, Throwable cause) {
        return new BrokerStartException(BrokerStartException.Kind.PORT, sentence, cause);
    }
}
