package dev.dunlin.broker.net;

import dev.dunlin.broker.session.Completions;
import dev.dunlin.broker.session.KeptMessage;
import dev.dunlin.broker.session.Serial;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.MessageHandler;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketHandler;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.Publish;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.Subscribe;
import dev.dunlin.codec.SubscriptionRequest;
import dev.dunlin.codec.Unsubscribe;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An MQTT 5.0 client within the process, on the other end of a {@link MemoryChannel}: to the broker it is a client like any
 * other. It has no thread: what is to be done is done in turns on the executor for handlers, one at a time, whenever bytes have
 * come, there is room for more, or a user has called. Fields that aren't final belong to the turn.
 *
 * <p>Handlers run beside the turns, and so do completions: they may block, and wait for one another; but those of publishes
 * come one after the other.
 */
public final class SessionClient implements PacketHandler, ClientInbox.Acknowledging {
    private static final Logger LOG = LoggerFactory.getLogger(SessionClient.class);
    private static final MqttVersion SPOKEN = MqttVersion.V5; // by us: nothing is told apart by it

    private final Acceptor acceptor;
    private final ByteBufAllocator allocator;
    private final Connect connect;
    private final Serial turns;
    private final Completions completions;
    private final MemoryChannel channel = new MemoryChannel();
    private final MemoryPipe in = channel.toClient();
    private final MemoryPipe out = channel.fromClient();
    private final MqttDecoder decoder = new MqttDecoder(MqttDecoder.Peer.SERVER, this, MqttDecoder.PACKET_BYTES_MAX);
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicInteger publishing = new AtomicInteger();
    private final ClientInbox inbox;
    private final ClientHandlers handlers;
    private final ClientExchanges exchanges = new ClientExchanges();
    private final ArrayDeque<Output> output = new ArrayDeque<>();
    private final ArrayDeque<Outgoing> waiting = new ArrayDeque<>();
    private final CompletableFuture<Connack> connected = new CompletableFuture<>();
    private final CompletableFuture<ReasonCode> closed = new CompletableFuture<>();
    private String clientId;
    private int receiveMaximum = 65_535;
    private int packetBytesMax = MqttDecoder.PACKET_BYTES_MAX;
    private @Nullable ReasonCode reason;
    private boolean disconnecting;
    private boolean over;

    /**
     * Bytes on their way to the broker.
     *
     * @param published completes when they are written: of a publish of QoS 0
     * @param last whether nothing is sent behind them
     */
    private record Output(ByteBuf bytes, @Nullable CompletableFuture<ReasonCode> published, boolean last) {}

    /** A publish. Owns its frame. */
    private record Outgoing(PublishFrame frame, QoS qos, boolean retain, CompletableFuture<ReasonCode> result) {}

    /**
     * A client that isn't connected yet.
     *
     * @param connect of 5.0, without keep-alive
     * @param others gets the messages for which there is no subscription of this process; null if there can't be any
     * @param executor where it does everything
     */
    public SessionClient(
            Acceptor acceptor,
            ByteBufAllocator allocator,
            Connect connect,
            @Nullable MessageHandler others,
            Executor executor) {
        this.acceptor = acceptor;
        this.allocator = allocator;
        this.connect = connect;
        clientId = connect.clientId();
        turns = new Serial(executor, this::turn, this::refused);
        completions = new Completions(executor);
        inbox = new ClientInbox(this, executor, () -> acceptor.limits().localQueueMessagesMax());
        handlers = new ClientHandlers(others);
        decoder.version(SPOKEN);
        in.calls(turns::signal);
        out.calls(turns::signal);
    }

    // ---- what users call; any thread

    /** Connects; completes with CONNACK, fails as refused. Once. */
    public CompletableFuture<Connack> connect() {
        execute(() -> {
            ByteBuf packet = Unpooled.buffer();
            MqttEncoder.connect(packet, connect);
            send(packet);
        });
        try {
            if (!acceptor.isClosing()) {
                acceptor.adopt(channel, allocator).addListener(adopted -> {
                    if (!adopted.isSuccess()) {
                        execute(this::lost);
                    }
                });
                return connected;
            }
        } catch (RejectedExecutionException e) {
            LOG.debug("the loops have ended before a local session was connected", e); // said by what follows
        }
        execute(this::lost);
        return connected;
    }

    /**
     * Publishes; completes with the broker's answer, of QoS 0 when it is written.
     *
     * @throws IllegalArgumentException if no PUBLISH can carry what is in the message
     */
    public CompletableFuture<ReasonCode> publish(Message message) {
        CompletableFuture<ReasonCode> result = new CompletableFuture<>();
        if (publishing.incrementAndGet() > acceptor.limits().localPublishesMax()) {
            publishing.decrementAndGet();
            result.completeExceptionally(new RejectedException(ReasonCode.QUOTA_EXCEEDED));
            return result;
        }
        PublishFrame frame;
        try {
            frame = KeptMessage.frame(message, message.qos());
        } catch (IllegalArgumentException e) {
            publishing.decrementAndGet();
            throw e;
        }
        // Of this one, and not of the result: what depends on it may publish the next.
        CompletableFuture<ReasonCode> counted = result.whenComplete((answer, failure) -> publishing.decrementAndGet());
        execute(() -> begin(new Outgoing(frame, message.qos(), message.retain(), result)));
        return counted;
    }

    /** Subscribes; completes with the answer, an error too. */
    public CompletableFuture<ReasonCode> subscribe(SubscriptionRequest request, MessageHandler handler) {
        String filter = request.filter();
        return exchange(id -> {
            long number = handlers.put(filter, handler);
            ByteBuf packet = Unpooled.buffer();
            Properties properties = Properties.builder()
                    .add(Property.SUBSCRIPTION_IDENTIFIER, handlers.identifier(filter))
                    .build();
            MqttEncoder.subscribe(packet, SPOKEN, new Subscribe(id, properties, List.of(request)));
            send(packet);
            return answer -> {
                if (answer.isError()) {
                    handlers.refused(filter, number);
                } else {
                    handlers.granted(filter, number);
                }
            };
        });
    }

    /** Unsubscribes; completes with the answer. */
    public CompletableFuture<ReasonCode> unsubscribe(String filter) {
        return exchange(id -> {
            long lastNumber = handlers.lastNumber();
            ByteBuf packet = Unpooled.buffer();
            MqttEncoder.unsubscribe(packet, SPOKEN, new Unsubscribe(id, Properties.EMPTY, List.of(filter)));
            send(packet);
            return answer -> {
                if (!answer.isError()) {
                    handlers.unsubscribed(filter, lastNumber);
                }
            };
        });
    }

    /** Sends a packet with an id; returns what is to be done, in the turn, with its answer. */
    private interface Request {
        Consumer<ReasonCode> send(int id);
    }

    private CompletableFuture<ReasonCode> exchange(Request request) {
        CompletableFuture<ReasonCode> result = new CompletableFuture<>();
        execute(() -> {
            if (over || disconnecting) {
                fail(result);
            } else if (exchanges.isFull()) {
                completions.add(() -> result.completeExceptionally(new RejectedException(ReasonCode.QUOTA_EXCEEDED)));
            } else {
                int id = exchanges.begin(result, false);
                exchanges.whenAnswered(id, request.send(id));
            }
        });
        return result;
    }

    /**
     * Ends the connection, behind what was sent before.
     *
     * @param how SUCCESS, or DISCONNECT_WITH_WILL_MESSAGE
     */
    public void disconnect(ReasonCode how) {
        execute(() -> {
            if (!over && !disconnecting) {
                disconnecting = true;
                reason = how;
                ByteBuf packet = Unpooled.buffer();
                MqttEncoder.disconnect(packet, SPOKEN, how, Properties.EMPTY);
                output.add(new Output(packet, null, true));
            }
        });
    }

    /** Completes with the reason when the connection is over, whoever has ended it. */
    public CompletableFuture<ReasonCode> closed() {
        return closed;
    }

    private void execute(Runnable task) {
        tasks.add(task);
        turns.signal();
    }

    // ---- turns

    private void turn() {
        runTasks();
        read();
        flush();
    }

    private void runTasks() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    private void read() {
        while (!over && in.clientAwaitsReadable()) {
            int bytes = in.available();
            if (bytes == 0) {
                lost();
                return;
            }
            ByteBuf received = Unpooled.buffer(bytes);
            in.takeNow(received);
            try {
                decoder.decode(received);
            } catch (MalformedPacket e) { // a fault of ours
                LOG.error("the broker has sent a local session what is not MQTT", e);
                reason = e.reasonCode();
                lost();
            }
        }
    }

    private void flush() {
        for (Output next = output.peek(); next != null; next = output.peek()) {
            out.offerNow(next.bytes);
            if (next.bytes.isReadable()) {
                return; // called again when there is room
            }
            output.remove();
            next.bytes.release();
            CompletableFuture<ReasonCode> published = next.published;
            if (published != null) {
                completions.add(() -> published.complete(ReasonCode.SUCCESS));
            }
            if (next.last) {
                out.closeWriter();
            }
        }
    }

    private void send(ByteBuf packet) {
        output.add(new Output(packet, null, false));
    }

    /** The executor takes nothing any more: the connection is cut off. In place of a turn. */
    private void refused(Throwable failure) {
        lost(failure);
        runTasks();
    }

    @Override
    public void cutOff(Throwable failure) {
        execute(() -> lost(failure));
    }

    private void lost(Throwable failure) {
        if (!over) {
            LOG.warn("a local session ends, its executor refuses: {}", failure.toString());
            lost();
        }
    }

    /** The connection is over. */
    private void lost() {
        if (over) {
            return;
        }
        over = true;
        ReasonCode why = ended();
        out.closeWriter();
        in.closeReader();
        decoder.close();
        inbox.close();
        output.forEach(each -> {
            each.bytes.release();
            if (each.published != null) {
                fail(each.published); // not all of it was handed over: the broker hasn't got it
            }
        });
        output.clear();
        waiting.forEach(each -> {
            each.frame.release();
            fail(each.result);
        });
        waiting.clear();
        exchanges.endAll(this::fail);
        completions.addApart(() -> {
            connected.completeExceptionally(new RejectedException(why));
            closed.complete(why);
        });
    }

    private ReasonCode ended() {
        ReasonCode known = reason;
        return known != null
                ? known
                : acceptor.isClosing() ? ReasonCode.SERVER_SHUTTING_DOWN : ReasonCode.UNSPECIFIED_ERROR;
    }

    private void fail(CompletableFuture<?> result) {
        RejectedException failure = new RejectedException(ended());
        completions.add(() -> result.completeExceptionally(failure));
    }

    // ---- publishing

    private void begin(Outgoing publish) {
        if (over || disconnecting) {
            publish.frame.release();
            fail(publish.result);
        } else if (publish.frame.packetBytes() > packetBytesMax) { // [5.0:MQTT-3.2.2-15]
            publish.frame.release();
            completions.add(
                    () -> publish.result.completeExceptionally(new RejectedException(ReasonCode.PACKET_TOO_LARGE)));
        } else if (publish.qos == QoS.AT_MOST_ONCE) {
            transmit(publish, 0, publish.result);
        } else {
            waiting.add(publish);
            publishWaiting();
        }
    }

    private void publishWaiting() { // [5.0:MQTT-3.3.4-7]
        while (!waiting.isEmpty() && exchanges.publishes() < receiveMaximum && !exchanges.isFull()) {
            Outgoing next = waiting.remove();
            transmit(next, exchanges.begin(next.result, true), null);
        }
    }

    private void transmit(Outgoing publish, int packetId, @Nullable CompletableFuture<ReasonCode> written) {
        PublishFrame frame = publish.frame;
        ByteBuf head = Unpooled.buffer(frame.headBytes());
        MqttEncoder.publish(head, frame, false, publish.qos, publish.retain, packetId, frame.expirySeconds());
        ByteBuf payload = frame.largePayload();
        if (payload == null) {
            output.add(new Output(head, written, false));
        } else {
            send(head);
            output.add(new Output(payload.retainedDuplicate(), written, false));
        }
        frame.release();
    }

    private void answered(int packetId, ReasonCode answer) {
        ClientExchanges.Answered answered = exchanges.end(packetId, answer);
        if (answered != null) {
            Runnable completion = () -> {
                if (answered.reason().isError()) {
                    answered.result().completeExceptionally(new RejectedException(answered.reason()));
                } else {
                    answered.result().complete(answered.reason());
                }
            };
            if (answered.publish()) {
                completions.add(completion);
            } else {
                completions.addApart(completion);
            }
            publishWaiting();
        }
    }

    // ---- packets of the broker

    @Override
    public boolean packet(PacketType type, MqttDecoder packet) {
        switch (type) {
            case CONNACK -> connack(packet.connack());
            case PUBLISH -> received(packet.publish());
            case PUBACK, PUBCOMP -> answered(packet.packetId(), packet.reasonCode());
            case PUBREC -> pubrec(packet.packetId(), packet.reasonCode());
            case PUBREL -> acknowledge(PacketType.PUBCOMP, packet.packetId(), ReasonCode.SUCCESS);
            case SUBACK ->
                answered(packet.suback().packetId(), packet.suback().reasons().get(0));
            case UNSUBACK ->
                answered(
                        packet.unsuback().packetId(),
                        packet.unsuback().reasons().get(0));
            case DISCONNECT -> reason = packet.reasonCode();
            default -> LOG.debug("a local session needs no {}", type);
        }
        return true;
    }

    private void connack(Connack connack) {
        if (connack.reason().isError()) {
            reason = connack.reason();
            return; // the end follows
        }
        Properties properties = connack.properties();
        String assigned = properties.string(Property.ASSIGNED_CLIENT_IDENTIFIER);
        clientId = assigned == null ? clientId : assigned;
        receiveMaximum = (int) properties.integer(Property.RECEIVE_MAXIMUM, receiveMaximum);
        packetBytesMax = (int) properties.integer(Property.MAXIMUM_PACKET_SIZE, packetBytesMax);
        completions.addApart(() -> connected.complete(connack));
    }

    private void pubrec(int packetId, ReasonCode answer) {
        if (answer.isError()) {
            answered(packetId, answer);
        } else {
            exchanges.received(packetId, answer);
            acknowledge(PacketType.PUBREL, packetId, ReasonCode.SUCCESS);
        }
    }

    private void received(Publish publish) {
        assert publish.topicAlias() == 0 : "none was allowed";
        Properties properties = publish.properties();
        MessageHandler handler = handlers.of(publish.topic(), properties.subscriptionIdentifiers());
        if (handler == null) {
            LOG.warn("a local session has no handler for {}", publish.topic());
            handled(publish.qos(), publish.packetId(), true);
            return;
        }
        Message message = KeptMessage.copyOf(
                publish.topic(),
                properties,
                publish.payload(),
                publish.qos(),
                publish.retain(),
                publish.messageExpirySeconds());
        if (!inbox.offer(message, publish.packetId(), handler)) {
            acceptor.core().localQueueFull(clientId, publish.topic());
        }
    }

    @Override
    public void handled(QoS qos, int packetId, boolean failed) {
        if (qos == QoS.AT_MOST_ONCE) {
            return;
        }
        PacketType type = qos == QoS.AT_LEAST_ONCE ? PacketType.PUBACK : PacketType.PUBREC;
        execute(() -> acknowledge(type, packetId, failed ? ReasonCode.UNSPECIFIED_ERROR : ReasonCode.SUCCESS));
    }

    private void acknowledge(PacketType type, int packetId, ReasonCode answer) {
        if (!over && !disconnecting) {
            ByteBuf packet = Unpooled.buffer(8);
            MqttEncoder.ack(packet, SPOKEN, type, packetId, answer, Properties.EMPTY);
            send(packet);
        }
    }
}
