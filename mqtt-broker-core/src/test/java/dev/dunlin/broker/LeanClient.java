package dev.dunlin.broker;

import dev.dunlin.codec.Connack;
import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MqttCodec;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.Publish;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.Suback;
import dev.dunlin.codec.Subscribe;
import dev.dunlin.codec.SubscriptionRequest;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A small fast MQTT client on the project's codec, for tests with many connections. Acknowledges what it receives. Its
 * methods may be called by any thread; it calls back on its event loop, and calls from there cost least.
 */
final class LeanClient extends ChannelInboundHandlerAdapter {
    private static final int PATIENCE_SECONDS = 20;
    private static final int RECEIVE_BYTES = 64 << 10;
    private static final int PACKET_BYTES_MAX = 4 << 20;

    /** Not pooled and not watched for leaks: neither the pool nor the leaks that are looked at are those of a client. */
    private static final UnpooledByteBufAllocator ALLOCATOR = new UnpooledByteBufAllocator(false, true);

    private final Connect connect;
    private final Consumer<Publish> inbox;
    private final CompletableFuture<Connack> connack = new CompletableFuture<>();
    private final CompletableFuture<ReasonCode> ended = new CompletableFuture<>();
    private final Map<Integer, CompletableFuture<Void>> exchanges = new HashMap<>();
    private Channel channel;
    private int lastPacketId;
    private ReasonCode disconnected = ReasonCode.SUCCESS;

    private LeanClient(Connect connect, Consumer<Publish> inbox) {
        this.connect = connect;
        this.inbox = inbox;
    }

    /** A CONNECT of this version whose session ends with the connection or, if persistent, lasts an hour at least. */
    static Connect connect(MqttVersion version, String clientId, boolean persistent) {
        Properties properties = persistent && version == MqttVersion.V5
                ? Properties.builder()
                        .add(Property.SESSION_EXPIRY_INTERVAL, 3_600)
                        .build()
                : Properties.EMPTY;
        return new Connect(version, clientId, !persistent, 0, properties, null, null, null);
    }

    /**
     * Opens a connection; CONNACK is yet to come.
     *
     * @param inbox called for each PUBLISH, which is valid during the call
     */
    static LeanClient open(EventLoopGroup group, int port, Connect connect, Consumer<Publish> inbox) {
        LeanClient client = new LeanClient(connect, inbox);
        Bootstrap bootstrap = new Bootstrap()
                .group(group)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.ALLOCATOR, ALLOCATOR)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_RCVBUF, RECEIVE_BYTES) // soon full when it doesn't read
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel opened) {
                        opened.pipeline().addLast(new MqttCodec(MqttDecoder.Peer.SERVER, PACKET_BYTES_MAX), client);
                    }
                });
        client.channel =
                bootstrap.connect("127.0.0.1", port).syncUninterruptibly().channel();
        return client;
    }

    /** Waits for CONNACK. */
    Connack connack() {
        return connack.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    }

    /** Completes when the connection is closed: with the reason of the broker's DISCONNECT, SUCCESS if there was none. */
    CompletableFuture<ReasonCode> ended() {
        return ended;
    }

    /** Subscribes and waits for SUBACK. */
    void subscribe(String filter, QoS qos) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        inLoop(() -> write(
                new Subscribe(newExchange(done), Properties.EMPTY, List.of(new SubscriptionRequest(filter, qos)))));
        done.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    }

    /** Publishes; completes with the exchange of its QoS, on the event loop. */
    CompletableFuture<Void> publish(String topic, byte[] payload, QoS qos, boolean retain) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        inLoop(() -> {
            boolean withId = qos != QoS.AT_MOST_ONCE;
            PublishFrame frame = PublishFrame.of(topic, Properties.EMPTY, -1, payload, connect.version(), withId);
            write(new Packet.OutgoingPublish(frame, false, qos, retain, withId ? newExchange(done) : 0));
            frame.release();
            if (!withId) {
                done.complete(null);
            }
        });
        return done;
    }

    /** Sends bytes as they are. Takes them. */
    void send(ByteBuf bytes) {
        channel.writeAndFlush(bytes);
    }

    /** Reads nothing more. */
    void stopReading() {
        channel.config().setAutoRead(false);
    }

    /** Reads again. */
    void startReading() {
        channel.config().setAutoRead(true);
    }

    /** The event loop that it lives on, for what is to be done there again and again. */
    EventLoop eventLoop() {
        return channel.eventLoop();
    }

    /** Leaves with DISCONNECT and waits until the connection is closed. */
    void disconnect() {
        channel.writeAndFlush(new Packet.Disconnect(ReasonCode.SUCCESS, Properties.EMPTY));
        ended.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    }

    /** Leaves without a word. */
    void cutOff() {
        channel.close().syncUninterruptibly();
    }

    /** Runs a task on the event loop, then flushes what it has written. */
    void run(Runnable task) {
        channel.eventLoop().execute(() -> {
            task.run();
            channel.flush();
        });
    }

    // ---- on the event loop

    private void inLoop(Runnable task) {
        if (channel.eventLoop().inEventLoop()) {
            task.run(); // what it writes is flushed when everything received is worked off
        } else {
            run(task);
        }
    }

    private void write(Packet packet) {
        channel.write(packet);
    }

    private int newExchange(CompletableFuture<Void> done) {
        do {
            lastPacketId = lastPacketId % 65_535 + 1;
        } while (exchanges.containsKey(lastPacketId));
        exchanges.put(lastPacketId, done);
        return lastPacketId;
    }

    private void complete(int packetId) {
        CompletableFuture<Void> exchange = exchanges.remove(packetId);
        if (exchange == null) {
            throw new AssertionError("acknowledged what was not sent: packet id " + packetId);
        }
        exchange.complete(null);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        ctx.writeAndFlush(connect);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object received) {
        if (received instanceof Publish publish) {
            receive(publish);
        } else if (received instanceof Packet.Ack ack) {
            acknowledged(ack);
        } else if (received instanceof Suback suback) {
            complete(suback.packetId());
        } else if (received instanceof Connack accepted) {
            connack.complete(accepted);
        } else if (received instanceof Packet.Disconnect disconnect) {
            disconnected = disconnect.reason();
        }
    }

    private void receive(Publish publish) {
        inbox.accept(publish);
        if (publish.qos() != QoS.AT_MOST_ONCE) {
            PacketType type = publish.qos() == QoS.AT_LEAST_ONCE ? PacketType.PUBACK : PacketType.PUBREC;
            write(new Packet.Ack(type, publish.packetId(), ReasonCode.SUCCESS, Properties.EMPTY));
        }
    }

    private void acknowledged(Packet.Ack ack) {
        switch (ack.type()) {
            case PUBREC ->
                write(new Packet.Ack(PacketType.PUBREL, ack.packetId(), ReasonCode.SUCCESS, Properties.EMPTY));
            case PUBREL ->
                write(new Packet.Ack(PacketType.PUBCOMP, ack.packetId(), ReasonCode.SUCCESS, Properties.EMPTY));
            default -> complete(ack.packetId());
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        ctx.flush();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        ended.complete(disconnected);
        connack.completeExceptionally(new IllegalStateException("closed before CONNACK"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ended.completeExceptionally(cause);
        connack.completeExceptionally(cause);
        ctx.close();
    }
}
