package dev.dunlin.broker.net;

import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.spi.Authenticator;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import java.net.SocketAddress;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Accepts the connections of one listener and knows those that are open. */
public final class Acceptor {
    private static final Logger LOG = LoggerFactory.getLogger(Acceptor.class);
    private static final int BACKLOG = 4096;

    /** One read takes this much, in one buffer [decision: architecture, section 4]. */
    private static final int RECEIVE_BYTES = 64 << 10;

    private final String name;
    private final Layers layers;
    private final Core core;
    private final Transport transport;
    private final Authenticator authenticator;
    private final AtomicInteger openInAll;
    private final Set<Connection> open = ConcurrentHashMap.newKeySet();

    private final AtomicLong numbers = new AtomicLong();
    private final Set<Channel> ending = ConcurrentHashMap.newKeySet();
    private @Nullable Channel server;
    private volatile boolean closing;

    /**
     * An acceptor, not bound yet.
     *
     * @param layers what lies between its sockets and MQTT
     * @param openInAll the number of open connections of the whole broker, shared by its acceptors
     */
    public Acceptor(
            String name,
            Layers layers,
            Core core,
            Transport transport,
            Authenticator authenticator,
            AtomicInteger openInAll) {
        this.name = name;
        this.layers = layers;
        this.core = core;
        this.transport = transport;
        this.authenticator = authenticator;
        this.openInAll = openInAll;
    }

    String name() {
        return name;
    }

    Core core() {
        return core;
    }

    /** The connections that are open now. */
    Collection<Connection> connections() {
        return open;
    }

    /** Channels whose connections have ended, but which are still to be closed. */
    Set<Channel> ending() {
        return ending;
    }

    boolean isClosing() {
        return closing;
    }

    /** Whether MQTT lies directly on its sockets. */
    boolean isPlain() {
        return layers.tls() == null && layers.webSocketPath() == null;
    }

    Authenticator authenticator() {
        return authenticator;
    }

    /** Whether clients with a certificate need a user name in it. */
    boolean namesByCertificate() {
        return layers.tls() != null && layers.tls().namesByCertificate();
    }

    /** The user name in a client's certificate; null if there is none, or none to look for. */
    @Nullable
    String nameIn(X509Certificate certificate) {
        return layers.tls() == null ? null : layers.tls().nameIn(certificate);
    }

    /** Binds and starts to accept. */
    public ChannelFuture bind(SocketAddress address, ByteBufAllocator allocator) {
        int high = core.limits().outputBytesMax();
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(transport.group())
                .channelFactory(transport.serverChannels())
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, new ReceiveBuffers(RECEIVE_BYTES))
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(high / 2, high))
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accept(channel);
                    }
                });
        if (transport.isTcp()) {
            bootstrap
                    .option(ChannelOption.SO_BACKLOG, BACKLOG)
                    .option(ChannelOption.SO_REUSEADDR, true)
                    .childOption(ChannelOption.TCP_NODELAY, true);
        }
        ChannelFuture bound = bootstrap.bind(address);
        server = bound.channel();
        return bound;
    }

    private void accept(Channel channel) {
        SessionLoop loop = transport.loopOf(channel.eventLoop());
        if (openInAll.incrementAndGet() > core.limits().connectionsMax() || closing) {
            openInAll.decrementAndGet();
            LOG.info("client {}: refused: {} connections are open", channel.remoteAddress(), openInAll.get());
            channel.close();
            return;
        }
        Connection connection = new Connection(this, loop, numbers.incrementAndGet());
        open.add(connection);
        layers.build(channel, connection);
    }

    void closed(Connection connection) {
        if (open.remove(connection)) {
            openInAll.decrementAndGet();
        }
    }

    /** The address it is bound to. After {@link #bind} has succeeded. */
    public SocketAddress address() {
        assert server != null : "bound first";
        return server.localAddress();
    }

    /** Connections that are open now, CONNECT received or not. Any thread. */
    public int openConnections() {
        return open.size();
    }

    /** Stops accepting. Any thread. */
    public @Nullable ChannelFuture stop() {
        closing = true;
        return server == null ? null : server.close();
    }

    /** After the loops have ended: gives back what connections hold that were under way between two of them. */
    public void abandonAll() {
        for (Connection connection : open) {
            closed(connection);
            connection.abandon();
        }
    }

    /**
     * Ends the connections that live on a loop: DISCONNECT with 0x8B for 5.0 clients, and what doesn't go at once is cut
     * off. On that loop. One that is on its way from loop to loop lives on none, and ends when it arrives.
     */
    public void disconnectAll(SessionLoop loop) {
        for (Connection connection : open) {
            if (connection.isOn(loop)) {
                connection.shutDown();
            }
        }
        for (Channel channel : ending) {
            if (channel.eventLoop() == loop.eventLoop()) {
                channel.unsafe().close(channel.voidPromise());
            }
        }
    }
}
