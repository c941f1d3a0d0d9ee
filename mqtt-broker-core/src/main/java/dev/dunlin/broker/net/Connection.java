package dev.dunlin.broker.net;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.events.Flight;
import dev.dunlin.broker.net.ConnectionEvents.Ending;
import dev.dunlin.broker.session.Allowance;
import dev.dunlin.broker.session.KeepAlives;
import dev.dunlin.broker.session.Link;
import dev.dunlin.broker.session.MemoryBudget;
import dev.dunlin.broker.session.OpenSession;
import dev.dunlin.broker.session.Outbound;
import dev.dunlin.broker.session.PauseReason;
import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.session.SlowConsumers;
import dev.dunlin.broker.session.Traces;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Printable;
import dev.dunlin.broker.spi.Validity;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.PacketHandler;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.Publish;
import dev.dunlin.codec.ReasonCode;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection: the last handler of its channel, the only one over plain TCP. Row 2 of the path of a publish.
 *
 * <p>Bytes go into the decoder, packets come out of it into one switch, and whatever ends the connection ends in
 * {@link #close}. It lives on the loop that accepted it until CONNECT has named the client; the {@link Handshake} then
 * moves it to the client's home loop, where its session is. It is read while its set of pause reasons is empty.
 */
public final class Connection extends ChannelInboundHandlerAdapter // hot
        implements PacketHandler, Link, KeepAlives.Watched, SlowConsumers.Watched {
    /** Of every connection in its pipeline. */
    static final String NAME = "mqtt";

    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
    private static final int OWN_FAULT = PauseReason.OUTPUT.bit() | PauseReason.RATE.bit();

    private final Acceptor acceptor;

    /** As it was when the connection came: its listener may have other bounds by now. */
    private final Allowance allowance;

    private final long number;
    private final MqttDecoder decoder;
    private SessionLoop loop;
    private @Nullable ChannelHandlerContext ctx;
    private @Nullable Outbound out;

    /** From CONNECT until CONNACK has left. */
    private @Nullable Handshake handshake;

    private @Nullable OpenSession session;
    private @Nullable Reauthentication reauthentication;

    /** For how long it may; null if for as long as it likes. */
    private @Nullable Stay stay;

    private Identity identity = Identity.ANONYMOUS;

    /** Where its client is, if a proxy has said so. */
    private @Nullable SocketAddress clientAddress;

    private SessionLoop.@Nullable Timer connectTimer;
    private int keepAliveMs;
    private int keepAlivePlace = KeepAlives.NOWHERE;
    private long lastReadMs;
    private int pauses;

    /** Of packets that aren't complete, as far as the memory budget knows. */
    private int keptBytes;

    private int packetsDecoded;
    private boolean decoding;
    private boolean authenticated;
    private boolean connected;
    private boolean saidDisconnect;

    /** How it was lost, while we didn't read it: its end waits for what it has sent before; else null. */
    private @Nullable String lostBy;

    private boolean draining;
    private boolean turnedAway;
    private boolean closed;

    /** In a recording, from CONNECT on; null if there was none then. */
    private Flight.@Nullable Span span;

    Connection(Acceptor acceptor, SessionLoop loop, long number) {
        this.acceptor = acceptor;
        this.number = number;
        this.loop = loop;
        allowance = acceptor.allowance();
        decoder = new MqttDecoder(MqttDecoder.Peer.CLIENT, this, limits().connectPacketBytesMax());
        decoder.userPropertiesMax(limits().userPropertiesMax());
    }

    // ---- channel events

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        ctx = added;
        out = new Outbound(added, this, loop);
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        loop.execute(this::awaitConnect);
    }

    private void awaitConnect() {
        if (closed || authenticated) {
            return;
        }
        long timeoutMs = limits().connectTimeoutMs();
        connectTimer = loop.schedule(timeoutMs, () -> timedOut(timeoutMs));
    }

    private void timedOut(long afterMs) {
        tellLimit("connectTimeoutMs", "the connection is closed");
        close(ReasonCode.UNSPECIFIED_ERROR, "not authenticated within " + afterMs + " ms");
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object received) {
        loop.readClock();
        lastReadMs = loop.nowMs();
        ByteBuf bytes = (ByteBuf) received;
        loop.traffic().bytesReceived(bytes.readableBytes());
        decode(bytes);
    }

    private void decode(@Nullable ByteBuf received) {
        assert !decoding : "decoded from within a packet";
        decoding = true;
        try {
            if (received != null) {
                decoder.decode(received);
            } else {
                decoder.resume();
            }
        } catch (MalformedPacket violation) {
            ConnectionEvents.violation(this, violation, authenticated);
            close(violation.reasonCode(), Objects.requireNonNull(violation.getMessage()));
        } catch (RuntimeException | AssertionError fault) { // ours: this connection dies, the loop lives
            LOG.error("client {}: a fault while handling a packet", name(), fault);
            tellFault("a fault while handling a packet", fault);
            close(ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR, "internal error");
        } finally {
            decoding = false;
            loop.traffic().packetsReceived(packetsDecoded);
            packetsDecoded = 0;
        }
        if (pauses != 0 && !closed) {
            ctx().channel().config().setAutoRead(false);
        }
        if (!closed) {
            account(decoder.cumulatedBytes());
        }
    }

    /** Part of a packet is kept until the rest has come, which may be never. */
    private void account(int kept) {
        if (Math.abs(kept - keptBytes) < MemoryBudget.STEP_BYTES && (kept != 0 || keptBytes == 0)) {
            return;
        }
        int grown = kept - keptBytes;
        keptBytes = kept;
        if (!acceptor.core().memory().incomplete(grown)
                && grown > 0
                && pauses == 0) { // else what it has is whole, and waits for us
            tellLimit("memoryBudgetBytes", "the connection is closed in the middle of a packet");
            close(ReasonCode.QUOTA_EXCEEDED, "the broker has no memory left for the rest of this packet");
        }
    }

    // The transport calls these three out of our own writes and flushes as well: nothing is done before the turn's end.

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        loop.readClock();
        if (context.channel().isWritable()) {
            loop.runLater(this::writable);
        } else if (connected && !closed) {
            loop.slowConsumers().watch(this);
        }
    }

    private void writable() {
        out().taken();
        resume(PauseReason.OUTPUT);
        OpenSession open = session;
        if (open != null && connected && !closed) {
            open.session().writable();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        lost("connection lost");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof DecoderException) {
            lost(TlsHandler.cause(cause));
        } else if (cause instanceof IOException) {
            lost("connection lost: " + cause.getMessage());
        } else {
            LOG.error("client {}: a fault in its pipeline", name(), cause);
            tellFault("a fault in its pipeline", cause);
            loop.runLater(() -> close(ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR, "internal error"));
        }
    }

    /** The client has ended it: behind what it has published so far, be it read or received only. */
    void lost(String cause) {
        loop.readClock();
        loop.runLater(() -> loop.runInOrder(() -> endLost(cause)));
    }

    private void endLost(String cause) {
        if (connected && isPausedByUs()) {
            lostBy = lostBy == null ? cause : lostBy;
            pauses &= ~PauseReason.OUTPUT.bit(); // nobody will take it any more
        } else {
            end(Ending.lost(cause), true);
        }
    }

    // ---- packets

    @Override
    public boolean packet(PacketType type, MqttDecoder packet) throws MalformedPacket {
        packetsDecoded++;
        OpenSession open = session;
        if (loop.traffic().traces() != null) {
            loop.traffic().traces().received(this, open, type, packet);
        }
        if (open == null) {
            connect(type, packet);
        } else {
            dispatch(type, packet, open);
        }
        return pauses == 0 && !closed;
    }

    private void connect(PacketType type, MqttDecoder packet) throws MalformedPacket {
        Handshake begun = handshake;
        if (begun == null && type == PacketType.CONNECT) {
            handshake = new Handshake(acceptor, this, packet.connect());
            span = Flight.connectionBegins();
            handshake.begin();
        } else if (begun != null && type == PacketType.AUTH) { // [5.0:MQTT-3.1.2-30]
            begun.answered(packet.reasonCode(), packet.properties());
        } else if (begun != null && type == PacketType.DISCONNECT) {
            end(Ending.said(packet.reasonCode(), "DISCONNECT before CONNACK", ""), true);
        } else { // [5.0:MQTT-3.1.0-1], [3.1.1:MQTT-3.1.0-1]
            throw new MalformedPacket(ReasonCode.PROTOCOL_ERROR, type + " before CONNACK");
        }
    }

    private void dispatch(PacketType type, MqttDecoder packet, OpenSession open) throws MalformedPacket {
        switch (type) {
            case PUBLISH -> publish(packet.publish(), open);
            case PUBACK -> open.session().puback(packet.packetId(), packet.reasonCode());
            case PUBREC -> open.session().pubrec(packet.packetId(), packet.reasonCode());
            case PUBREL -> open.publishes().release(packet.packetId());
            case PUBCOMP -> open.session().pubcomp(packet.packetId());
            case SUBSCRIBE -> open.subscriptions().subscribe(packet.subscribe());
            case UNSUBSCRIBE -> open.subscriptions().unsubscribe(packet.unsubscribe());
            case PINGREQ -> MqttEncoder.pingresp(out().room(2)); // [5.0:MQTT-3.12.4-1], [3.1.1:MQTT-3.12.4-1]
            case DISCONNECT -> disconnected(packet, open);
            case AUTH -> reauthenticate(packet.reasonCode(), packet.properties());
            case CONNECT -> // [5.0:MQTT-3.1.0-2], [3.1.1:MQTT-3.1.0-2]
                throw new MalformedPacket(ReasonCode.PROTOCOL_ERROR, "second CONNECT");
            default -> throw new MalformedPacket(ReasonCode.PROTOCOL_ERROR, type + " was not asked for");
        }
    }

    private void publish(Publish publish, OpenSession open) throws MalformedPacket {
        if (draining) { // no new work: it isn't acknowledged, and its client sends it again elsewhere or later
            shutDown();
        } else {
            open.publishes().accept(publish);
        }
    }

    private void reauthenticate(ReasonCode reason, Properties properties) throws MalformedPacket {
        if (reauthentication == null) { // [5.0:MQTT-4.12.0-7]
            throw new MalformedPacket(ReasonCode.PROTOCOL_ERROR, "AUTH with " + reason + " was not asked for");
        }
        reauthentication.auth(reason, properties, limits().connectTimeoutMs());
    }

    private void disconnected(MqttDecoder packet, OpenSession open) throws MalformedPacket {
        long expirySeconds = packet.properties().integer(Property.SESSION_EXPIRY_INTERVAL, -1);
        if (expirySeconds > 0 && !open.askedExpiry()) { // [5.0 section 3.14.2.2.2]
            throw new MalformedPacket(ReasonCode.PROTOCOL_ERROR, "session expiry interval was 0 in CONNECT");
        }
        if (expirySeconds >= 0) {
            open.expirySeconds(expirySeconds);
        }
        saidDisconnect = true;
        boolean withWill = packet.reasonCode() != ReasonCode.SUCCESS; // [5.0:MQTT-3.14.4-3], [3.1.1:MQTT-3.14.4-3]
        String said = packet.properties().string(Property.REASON_STRING);
        end(Ending.said(packet.reasonCode(), "DISCONNECT " + packet.reasonCode(), said == null ? "" : said), withWill);
    }

    // ---- reading

    @Override
    public void pause(PauseReason reason) {
        if (lostBy != null && reason == PauseReason.OUTPUT) {
            return; // as above
        }
        if (pauses == 0 && !closed && !decoding) { // else behind this packet: most pauses are over by then
            ctx().channel().config().setAutoRead(false);
        }
        pauses |= reason.bit();
    }

    @Override
    public void resume(PauseReason reason) {
        if ((pauses & reason.bit()) == 0) {
            return;
        }
        pauses &= ~reason.bit();
        if (pauses != 0 || closed) {
            return;
        }
        if (reason != PauseReason.OUTPUT) {
            lastReadMs = loop.nowMs(); // while we didn't read, its keep-alive stood still
        }
        if (!decoding) { // else the decoder goes on by itself
            decode(null); // what is cumulated comes first: setAutoRead brings only new bytes
        }
        if (pauses == 0 && !closed) {
            readOn();
        }
    }

    /** All that it has sent so far has been worked off. */
    private void readOn() {
        String cause = lostBy;
        if (cause == null) {
            ctx().channel().config().setAutoRead(true);
        } else {
            lost(cause);
        }
    }

    @Override
    public boolean isPausedByUs() {
        return (pauses & ~OWN_FAULT) != 0;
    }

    // ---- what the handshake does with it

    ChannelHandlerContext ctx() {
        assert ctx != null : "added to its pipeline first";
        return ctx;
    }

    Outbound out() {
        assert out != null : "added to its pipeline first";
        return out;
    }

    /** From its number, not from the object: a simulation then finds connections in the same order each time. */
    @Override
    public int hashCode() {
        return Long.hashCode(number);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other;
    }

    SessionLoop loop() {
        return loop;
    }

    /** Where its client is: as a trusted proxy says, else as the socket does. */
    SocketAddress remoteAddress() {
        SocketAddress said = clientAddress;
        return said == null ? acceptor.addressOf(ctx().channel()) : said;
    }

    /** A trusted proxy says where its client is. */
    void comesFrom(SocketAddress client) {
        clientAddress = client;
    }

    /** Whether its channel is registered with this loop, which asks. */
    boolean isOn(SessionLoop asking) {
        Channel channel = ctx().channel();
        return channel.isRegistered() && channel.eventLoop() == asking.eventLoop();
    }

    /** Its bounds: those that its listener had when it came. */
    Limits limits() {
        return allowance.limits();
    }

    /** What it may do, as long as its authenticator says nothing else. */
    Allowance allowance() {
        return allowance;
    }

    boolean isClosed() {
        return closed;
    }

    /** The channel is registered with the home loop now. */
    void moved(SessionLoop home) {
        loop = home;
        out().moved(home);
    }

    /** The client is authenticated: larger packets may come. */
    void authenticated(Identity who) {
        identity = who;
        authenticated = true;
        cancel(connectTimer);
        connectTimer = null; // it belongs to this loop, which the connection may leave now
        decoder.maxPacketBytes(limits().packetBytesMax());
    }

    /** Sends an AUTH; false if it is larger than the client allows [5.0:MQTT-3.1.2-24]. */
    boolean auth(ReasonCode reason, Properties properties) {
        int bytes = MqttEncoder.authBytes(reason, properties);
        boolean fits = bytes <= out().packetBytesMax();
        if (fits) {
            MqttEncoder.auth(out().room(bytes), reason, properties);
        }
        return fits;
    }

    void opened(OpenSession open) {
        session = open;
    }

    /**
     * CONNACK has left: the handshake is over, and what the client has presented in it is let go.
     *
     * @param validity for how long the client may stay
     * @param anew how the client may prove itself anew; null if it may not
     */
    void connected(int keepAliveSeconds, Validity validity, @Nullable Reauthentication anew) {
        connected = true;
        LOG.info("client {}: connected from {} by {}", name(), remoteAddress(), acceptor.name());
        acceptor.core().connected();
        ConnectionEvents.connected(this, session != null && session.isPresent());
        loop.traffic().connected();
        handshake = null;
        reauthentication = anew;
        keepAliveMs = keepAliveSeconds * 1500; // [5.0:MQTT-3.1.2-22], [3.1.1:MQTT-3.1.2-24]
        lastReadMs = loop.nowMs();
        if (keepAliveMs > 0) {
            loop.keepAlives().add(this, keepAliveMs);
        }
        mayStay(validity);
        if (isBehind()) { // so soon: what its session had for it was sent before CONNACK had left
            loop.slowConsumers().watch(this);
        }
    }

    /** It may stay for as long as this holds. */
    void mayStay(Validity validity) {
        if (stay != null) {
            loop.keepAlives().remove(stay);
            stay = null;
        }
        if (validity != Validity.UNLIMITED) {
            stay = new Stay(this, validity, acceptor.core());
            loop.keepAlives().add(stay, Stay.LOOK_MS);
        }
    }

    // ---- keep-alive: a packet costs only the time stamp of its read

    @Override
    public long check() {
        if (closed) {
            return 0;
        }
        if ((pauses & ~PauseReason.OUTPUT.bit()) != 0) { // we don't read, whoever's fault it is
            lastReadMs = loop.nowMs();
        }
        long leftMs = lastReadMs + keepAliveMs - loop.nowMs();
        if (leftMs <= 0) {
            close(ReasonCode.KEEP_ALIVE_TIMEOUT, "nothing received for " + keepAliveMs + " ms");
        }
        return leftMs;
    }

    @Override
    public int place() {
        return keepAlivePlace;
    }

    @Override
    public void place(int place) {
        keepAlivePlace = place;
    }

    // ---- output that waits

    @Override
    public boolean isBehind() {
        return !closed && !ctx().channel().isWritable();
    }

    @Override
    public long progress() {
        return out().progress();
    }

    @Override
    public void slow(long forMs) {
        LOG.warn(
                "client {}: a slow consumer: it has taken nothing for {} ms; {} bytes wait in its connection, {} messages in"
                        + " its queue",
                name(),
                forMs,
                out().pendingBytes(),
                session == null ? 0 : session.session().queued());
        ConnectionEvents.slow(
                this,
                forMs,
                out().pendingBytes(),
                session == null ? 0 : session.session().queued());
    }

    @Override
    public void quick(long afterMs) {
        LOG.info("client {}: takes messages again, after {} ms", name(), afterMs);
        ConnectionEvents.quick(this, afterMs);
    }

    @Override
    public void stuck(long forMs) {
        tellLimit("stuckConsumerMs", "the connection is closed");
        close(ReasonCode.QUOTA_EXCEEDED, "it has taken nothing of its messages for " + forMs + " ms");
    }

    // ---- the end

    @Override
    public void disconnect(ReasonCode reason, String text) {
        close(reason, text);
    }

    @Override
    public void redirect(ReasonCode reason, String serverReference) {
        close(new Farewell(reason, "", serverReference));
    }

    @Override
    public ClientInfo client() {
        OpenSession open = session;
        assert open != null : "there is a session";
        return new ClientInfo(open.session().clientId(), identity, out().version(), remoteAddress(), acceptor.name());
    }

    @Override
    public String clientId() {
        OpenSession open = session;
        return open != null ? open.session().clientId() : handshake == null ? "" : handshake.clientId();
    }

    @Override
    public int keepAliveSeconds() {
        return keepAliveMs / 1500;
    }

    /** It may not even begin: nothing is said, and nothing waited for. */
    void turnAway() {
        turnedAway = true;
        end(Ending.turnedAway("refused: too much from its address"), false);
    }

    /** The broker is about to be closed: what the client has been sent it may still acknowledge, but it gives us nothing new. */
    void drain() {
        draining = true;
    }

    /** The broker is being closed. */
    void shutDown() {
        close(acceptor.farewell(), false); // its will is not published
    }

    /** The broker ends the connection: tells the client why, as far as its version can, and closes. */
    void close(ReasonCode reason, String text) {
        close(new Farewell(reason, text));
    }

    void close(Farewell farewell) {
        close(farewell, true);
    }

    private void close(Farewell farewell, boolean withWill) {
        if (closed) {
            return;
        }
        try {
            if (connected && out().rules().hasReasons()) { // [5.0:MQTT-3.14.0-1]: only after CONNACK
                farewell.disconnect(out());
            } else if (!connected) {
                farewell.connack(out(), decoder.version());
            }
        } finally {
            end(Ending.ours(farewell), withWill);
        }
    }

    /** The one way out, whoever ended it. */
    private void end(Ending how, boolean withWill) {
        if (closed) {
            return;
        }
        out().flush();
        closed = true;
        if (!turnedAway) { // what its address may do has its own line, less often
            LOG.info("client {}: {}", name(), Printable.text(how.text()));
            tellEnd(how, withWill);
        }
        Traces traces = loop.traffic().traces();
        if (traces != null) {
            traces.ended(clientId(), how.text());
        }
        cancel(connectTimer);
        if (connected) {
            acceptor.core().disconnected();
        } else if (handshake != null) {
            loop.traffic().connectRefused();
        }
        loop.keepAlives().remove(this);
        mayStay(Validity.UNLIMITED);
        loop.slowConsumers().forget(this);
        if (reauthentication != null) {
            reauthentication.close();
        }
        decoder.close();
        account(0);
        out().close();
        acceptor.closed(this);
        LingeringClose.close(ctx(), acceptor.ending(), !loop.sessions().isClosing() && mayHaveToLinger());
        OpenSession open = session;
        if (open != null) {
            open.close();
            boolean willFollows = loop.sessions().willFollows(open.session(), this, withWill);
            loop.sessions().connectionClosed(open.session(), this, withWill);
            if (connected) {
                acceptor.core().interceptors(listener()).tell(this, how.as(willFollows));
            }
        }
    }

    private void tellEnd(Ending how, boolean withWill) {
        if (span != null) {
            Flight.connectionEnds(span, clientId(), listener(), how.text());
        }
        if (connected) {
            OpenSession open = session;
            boolean will = open != null && loop.sessions().willFollows(open.session(), this, withWill);
            ConnectionEvents.disconnected(this, clientId(), how, will);
        } else {
            ConnectionEvents.refused(this, clientId(), how);
        }
    }

    /** After a DISCONNECT nothing more comes that could turn a close into a reset, unless TLS or WebSocket part later. */
    private boolean mayHaveToLinger() {
        return !turnedAway && (!saidDisconnect || !acceptor.isPlain() || out().hasUnwritten());
    }

    private static void cancel(SessionLoop.@Nullable Timer timer) {
        if (timer != null) {
            timer.cancel();
        }
    }

    /** The loops have ended and this connection has not: gives back what it holds. After them, from one thread. */
    void abandon() {
        closed = true;
        decoder.close();
        account(0);
        out().close();
        OpenSession open = session;
        if (open != null) {
            open.close();
        }
        ctx().channel().unsafe().closeForcibly();
    }

    // ---- for events

    @Nullable
    Events events() {
        return acceptor.core().events();
    }

    @Override
    public String listener() {
        return acceptor.name();
    }

    void tellFault(String what, @Nullable Object cause) {
        Events.tellFault(events(), clientId(), what, cause);
    }

    void tellLimit(String limit, String text) {
        Events events = events();
        if (events != null) {
            events.limit(clientId(), limit, text);
        }
    }

    /** For log lines: the client id, before CONNECT the address. */
    String name() {
        if (session != null) {
            return Printable.text(session.session().clientId());
        }
        return Printable.text(handshake != null ? handshake.clientId() : String.valueOf(remoteAddress()));
    }
}
