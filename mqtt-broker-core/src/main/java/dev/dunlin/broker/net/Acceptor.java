package dev.dunlin.broker.net;

import dev.dunlin.broker.session.Allowance;
import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.codec.ReasonCode;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.local.LocalAddress;
import java.net.SocketAddress;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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
    private final Admission admission;
    private final Allowance allowance;

    /** Each with the address by which it has entered. */
    private final Map<Connection, SocketAddress> open = new ConcurrentHashMap<>();

    private final AtomicLong numbers = new AtomicLong();
    private final Set<Channel> ending = ConcurrentHashMap.newKeySet();
    private @Nullable Channel server;
    private volatile boolean closing;
    private volatile Farewell farewell = new Farewell(ReasonCode.SERVER_SHUTTING_DOWN, "the broker is shutting down");

    /**
     * An acceptor, not bound yet.
     *
     * @param layers what lies between its sockets and MQTT
     * @param admission the bounds of its connections, and their number
     */
    public Acceptor(
            String name,
            Layers layers,
            Core core,
            Transport transport,
            Authenticator authenticator,
            Admission admission) {
        this.name = name;
        this.layers = layers;
        this.core = core;
        this.transport = transport;
        this.authenticator = authenticator;
        this.admission = admission;
        allowance = Allowance.of(admission.limits());
    }

    String name() {
        return name;
    }

    Core core() {
        return core;
    }

    /** The bounds of its connections: the listener's own, or else the broker's. */
    Limits limits() {
        return admission.limits();
    }

    /** What each of its connections may do. */
    Allowance allowance() {
        return allowance;
    }

    /** The connections that are open now. */
    Collection<Connection> connections() {
        return open.keySet();
    }

    /** Channels whose connections have ended, but which are still to be closed. */
    Set<Channel> ending() {
        return ending;
    }

    /** Whether it accepts no more. Any thread. */
    public boolean isClosing() {
        return closing;
    }

    /** Whether MQTT lies directly on its sockets. */
    boolean isPlain() {
        return layers.tls() == null && layers.webSocketPath() == null;
    }

    Authenticator authenticator() {
        return authenticator;
    }

    /** Binds and starts to accept. */
    public ChannelFuture bind(SocketAddress address, ByteBufAllocator allocator) {
        int high = limits().outputBytesMax();
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
        if (closing || !admission.open(core.limits().connectionsMax())) {
            LOG.info("client {}: refused: {} connections are open", channel.remoteAddress(), admission.openInAll());
            channel.close();
            return;
        }
        SocketAddress from = Objects.requireNonNullElse(channel.remoteAddress(), LocalAddress.ANY);
        if (!admission.enter(from)) {
            admission.close();
            channel.close();
            return;
        }
        Connection connection = new Connection(this, loop, numbers.incrementAndGet());
        open.put(connection, from);
        layers.build(channel, connection);
    }

    void closed(Connection connection) {
        SocketAddress from = open.remove(connection);
        if (from != null) {
            admission.leave(from);
            admission.close();
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

    /** What clients are told when the broker ends. */
    Farewell farewell() {
        return farewell;
    }

    /**
     * Stops accepting. Any thread.
     *
     * @param serverReference where clients should go instead; empty for nowhere
     */
    public @Nullable ChannelFuture stop(String serverReference) {
        if (!serverReference.isEmpty()) {
            farewell = new Farewell(ReasonCode.USE_ANOTHER_SERVER, "the broker is shutting down", serverReference);
        }
        closing = true;
        return server == null ? null : server.close();
    }

    /** After the loops have ended: gives back what connections hold that were under way between two of them. */
    public void abandonAll() {
        for (Connection connection : open.keySet()) {
            closed(connection);
            connection.abandon();
        }
    }

    /** Has the connections that live on a loop take in no more publishes. On that loop. */
    public void drain(SessionLoop loop) {
        for (Connection connection : open.keySet()) {
            if (connection.isOn(loop)) {
                connection.drain();
            }
        }
    }

    /**
     * Ends the connections that live on a loop: DISCONNECT with 0x8B for 5.0 clients, and what doesn't go at once is cut
     * off. On that loop. One that is on its way from loop to loop lives on none, and ends when it arrives.
     */
    public void disconnectAll(SessionLoop loop) {
        for (Connection connection : open.keySet()) {
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
