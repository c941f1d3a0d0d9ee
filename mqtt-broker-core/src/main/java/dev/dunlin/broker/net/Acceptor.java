package dev.dunlin.broker.net;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.session.Allowance;
import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.Authorizer;
import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.Disconnection;
import dev.dunlin.broker.spi.Features;
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
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Accepts the connections of one listener, on one address or several, and knows those that are open. */
public final class Acceptor {
    private static final Logger LOG = LoggerFactory.getLogger(Acceptor.class);
    private static final int BACKLOG = 4096;

    /** Where a connection comes from whose proxy hasn't told that yet. */
    private static final SocketAddress NOT_SAID = new LocalAddress("behind a proxy");

    /** One read takes this much, in one buffer [decision: architecture, section 4]. */
    private static final int RECEIVE_BYTES = 64 << 10;

    private final String name;
    private final Layers layers;
    private final Core core;
    private final Transport transport;
    private final Access access;
    private final Admission admission;

    /** Replaced when its bounds change; connections keep the one that they came with. */
    private volatile Allowance allowance;

    /** Each with the address by which it is counted: {@link Admission#NOT_COUNTED} or {@link #NOT_SAID} if by none. */
    private final Map<Connection, SocketAddress> open = new ConcurrentHashMap<>();

    private final AtomicLong numbers = new AtomicLong();
    private final Refusals refusals = new Refusals();
    private final Set<Channel> ending = ConcurrentHashMap.newKeySet();
    private final List<Channel> servers = new CopyOnWriteArrayList<>();

    /** Where all of its clients are, if their sockets can't tell: those of a Unix domain socket have no address. */
    private @Nullable SocketAddress place;

    private volatile boolean closing;
    private volatile Farewell farewell = new Farewell(ReasonCode.SERVER_SHUTTING_DOWN, "the broker is shutting down");

    /**
     * An acceptor, not bound yet.
     *
     * @param layers what lies between its sockets and MQTT
     * @param access who is let in
     * @param admission the bounds of its connections, and their number
     */
    public Acceptor(String name, Layers layers, Core core, Transport transport, Access access, Admission admission) {
        this.name = name;
        this.layers = layers;
        this.core = core;
        this.transport = transport;
        this.access = access;
        this.admission = admission;
        allowance = Allowance.of(admission.limits(), access.features());
    }

    String name() {
        return name;
    }

    Core core() {
        return core;
    }

    /** The bounds of connections that come now: the listener's own, or else the broker's. */
    public Limits limits() {
        return allowance.limits();
    }

    /**
     * Has other bounds for connections that come from now on. Those that are there keep what they came with; if addresses begin
     * to be counted they are, each on its loop. One caller at a time; any thread.
     */
    public void limits(Limits changed) {
        boolean counted = Admission.countsAddresses(limits());
        admission.limits(changed);
        allowance = Allowance.of(changed, access.features());
        if (!counted && Admission.countsAddresses(changed)) {
            for (int i = 0; i < core.loopCount(); i++) {
                SessionLoop loop = core.loop(i);
                loop.execute(() -> countThoseOn(loop));
            }
        }
    }

    private void countThoseOn(SessionLoop loop) {
        open.forEach((connection, by) -> {
            if (by.equals(Admission.NOT_COUNTED) && connection.isOn(loop)) {
                SocketAddress from = admission.counted(connection.remoteAddress());
                if (!from.equals(Admission.NOT_COUNTED)) {
                    admission.note(from);
                    if (!open.replace(connection, by, from)) { // it has ended
                        admission.leave(from);
                    }
                }
            }
        });
    }

    /** What of MQTT its connections may use. */
    Features features() {
        return access.features();
    }

    /** What each connection may do that comes now. */
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
        return access.authenticator();
    }

    /** What they may do; null for everything. */
    @Nullable
    Authorizer authorizer() {
        return access.authorizer();
    }

    /** Whether the certificates that a client has shown are trusted now. */
    boolean trusts(List<X509Certificate> certificates, Channel channel) {
        return layers.tls() == null || layers.tls().trusts(certificates, TlsHandler.presentOf(channel));
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

    /** Binds an address, beside those that it has, and starts to accept. */
    public ChannelFuture bind(SocketAddress address, ByteBufAllocator allocator) {
        ServerBootstrap bootstrap = new ServerBootstrap().channelFactory(transport.serverChannels());
        if (transport.isTcp()) {
            bootstrap
                    .option(ChannelOption.SO_BACKLOG, BACKLOG)
                    .option(ChannelOption.SO_REUSEADDR, true)
                    .childOption(ChannelOption.TCP_NODELAY, layers.tcpNoDelay());
        }
        return bind(bootstrap, address, allocator);
    }

    /**
     * Binds a Unix domain socket and starts to accept.
     *
     * @param file where it is bound
     * @param known where clients find it
     */
    public ChannelFuture bindUnix(Path file, Path known, ByteBufAllocator allocator) {
        place = UnixDomainSocketAddress.of(known);
        ServerBootstrap bootstrap = new ServerBootstrap()
                .channelFactory(transport.unixServerChannels())
                .option(ChannelOption.SO_BACKLOG, BACKLOG);
        return bind(bootstrap, transport.unixAddress(file), allocator);
    }

    private ChannelFuture bind(ServerBootstrap bootstrap, SocketAddress address, ByteBufAllocator allocator) {
        ChannelFuture bound = bootstrap
                .group(transport.group())
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, new ReceiveBuffers(RECEIVE_BYTES))
                .childHandler(initializer())
                .bind(address);
        servers.add(bound.channel());
        return bound;
    }

    private ChannelInitializer<Channel> initializer() {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                accept(channel);
            }
        };
    }

    /** Takes in a channel that didn't come through a socket. Any thread. */
    ChannelFuture adopt(Channel channel, ByteBufAllocator allocator) {
        channel.config().setAllocator(allocator);
        channel.pipeline().addLast(initializer());
        return transport.group().register(channel);
    }

    private void accept(Channel channel) {
        SessionLoop loop = transport.loopOf(channel.eventLoop());
        SocketAddress from = addressOf(channel);
        TrustedProxies proxies = layers.proxies();
        if (proxies != null && !proxies.contains(from)) {
            refuse(channel, "it is no trusted proxy", "");
            return;
        }
        if (layers.tls() != null && loop.isOverloaded()) { // the handshake alone would cost too much
            refuse(channel, "the broker is overloaded", "overloadLagMs");
            return;
        }
        if (closing || !admission.open(core.limits().connectionsMax())) {
            refuse(channel, admission.openInAll() + " connections are open", closing ? "" : "connectionsMax");
            return;
        }
        SocketAddress counted = proxies == null ? admission.counted(from) : NOT_SAID;
        if (!admission.enter(counted)) {
            admission.close();
            channel.close();
            return;
        }
        Connection connection = new Connection(this, loop, numbers.incrementAndGet());
        int high = connection.limits().outputBytesMax();
        channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(high / 2, high));
        channel.pipeline().addLast(Connection.NAME, connection);
        open.put(connection, counted); // other loops find it from now on, and ask for its channel
        if (proxies == null) {
            layers.build(channel.pipeline(), connection);
        } else {
            ProxyHeader.addTo(channel.pipeline(), this, connection);
        }
    }

    private void tellRefused(Channel channel, String why, String limit) {
        Events events = core.events();
        if (events == null) {
            return;
        }
        events.tell(new BrokerEvent.ConnectRefused(
                events.now(),
                "",
                Disconnection.By.BROKER,
                limit.isEmpty() ? ReasonCode.NOT_AUTHORIZED : ReasonCode.SERVER_BUSY,
                why,
                addressOf(channel),
                name));
        if (!limit.isEmpty()) {
            events.limit("", limit, "connections are refused: " + why);
        }
    }

    /** @param limit the bound that it is refused for; empty if it is none */
    private void refuse(Channel channel, String why, String limit) {
        int refused = refusals.add(core.monotonicMs());
        if (refused > 0) {
            LOG.info(
                    "client {}: refused by listener {}: {} ({} refused since the last such line)",
                    addressOf(channel),
                    name,
                    why,
                    refused);
            tellRefused(channel, why, limit);
        }
        channel.close();
    }

    /** A proxy has said where the client is: lets it begin, with TLS where there is TLS, or ends it. On its loop. */
    void enter(Connection connection) {
        SocketAddress from = admission.counted(connection.remoteAddress());
        if (admission.enter(from)) {
            open.put(connection, from);
            layers.build(connection.ctx().pipeline(), connection);
        } else {
            connection.turnAway();
        }
    }

    /** Where the client of a channel is, as far as the channel knows. */
    SocketAddress addressOf(Channel channel) {
        SocketAddress known = place;
        return known == null ? Objects.requireNonNullElse(channel.remoteAddress(), LocalAddress.ANY) : known;
    }

    void closed(Connection connection) {
        SocketAddress from = open.remove(connection);
        if (from != null) {
            admission.leave(from);
            admission.close();
        }
    }

    /** The address it is bound to, the first one if there are several. After {@link #bind} has succeeded. */
    public SocketAddress address() {
        return servers.get(0).localAddress();
    }

    /** Connections that are open now, CONNECT received or not. Any thread. */
    public int openConnections() {
        return open.size();
    }

    /** What clients are told when the broker ends. */
    Farewell farewell() {
        return farewell;
    }

    /** Gives up the addresses that it has; others may be bound. Any thread but a loop's. */
    public void unbind() {
        for (Channel server : servers) {
            server.close().awaitUninterruptibly();
        }
        servers.clear();
    }

    /**
     * Stops accepting. Any thread. The futures are complete when nothing is bound any more.
     *
     * @param serverReference where clients should go instead; empty for nowhere
     */
    public List<ChannelFuture> stop(String serverReference) {
        if (!serverReference.isEmpty()) {
            farewell = new Farewell(ReasonCode.USE_ANOTHER_SERVER, "the broker is shutting down", serverReference);
        }
        closing = true;
        return servers.stream().map(Channel::close).toList();
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
