package dev.dunlin.broker.simulation;

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
import dev.dunlin.codec.WillMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A client that follows the specification: it keeps its part of the session, resends after a reconnect, acknowledges in order
 * and within the quota. What it does and when is decided elsewhere; what it sends and what comes it tells the {@link Model}.
 */
final class Client implements Connection.End, PacketHandler {
    private static final int BYTES_MAX = 1 << 20;

    final Profile profile;
    private final Site site;
    private final Model model;
    private final ByteBuf out = Unpooled.buffer();

    // ---- its part of the session
    private final Map<Integer, Exchange> exchanges = new LinkedHashMap<>();
    private final TreeSet<Integer> received = new TreeSet<>();

    // ---- the connection
    private @Nullable Connection wire;
    private final List<Connection> unnoticed = new ArrayList<>();
    private @Nullable MqttDecoder decoder;
    private @Nullable Session session;
    private final Map<Integer, Request> requests = new HashMap<>();
    private final Map<Integer, String> aliases = new HashMap<>();
    private final Queue<Runnable> answers = new ArrayDeque<>();
    private @Nullable Message will;
    private boolean cleanStart;
    private boolean connected;
    private boolean leaving;
    private boolean forgotten;
    private boolean persistent;
    private boolean wasConnected;
    private boolean noticed = true;
    private int quota;
    private int pings;
    private long lastSentMs;

    /** Where a client lives: the simulation, or a test over sockets. */
    interface Site {
        /** Opens a connection. */
        Connection connect(Client client);

        /** Something has happened to a client, for the trace. */
        void note(Client client, String what, Object... about);

        /** Whether the broker may close a connection of its own accord now: it was stopped, or its store is not well. */
        boolean mayClose(Client client);

        /** Something was acknowledged just now: a good moment for a crash. */
        void acknowledged();

        /** A message was acknowledged just now. */
        default void acknowledged(Message message) {
            acknowledged();
        }
    }

    /**
     * What doesn't change.
     *
     * @param expirySeconds of the session; 0 ends it with its connection
     * @param receiveMaximum how many exchanges it allows the broker
     * @param sleep how long it stays away when it has no connection: once in so many times it comes back
     */
    record Profile(
            String id,
            MqttVersion version,
            long expirySeconds,
            int receiveMaximum,
            int keepAliveSeconds,
            int aliases,
            int sleep) {
        boolean isPersistent() {
            return expirySeconds > 0;
        }

        boolean isFive() {
            return version == MqttVersion.V5;
        }
    }

    /** A QoS 1 or 2 publish under way. */
    private static final class Exchange {
        final Message message;
        final byte[] payload;
        boolean released;

        Exchange(Message message, byte[] payload) {
            this.message = message;
            this.payload = payload;
        }
    }

    /** A SUBSCRIBE or UNSUBSCRIBE under way. */
    private record Request(Sub sub, boolean subscribes, boolean replays) {}

    Client(Profile profile, Site site, Model model) {
        this.profile = profile;
        this.site = site;
        this.model = model;
    }

    String id() {
        return profile.id;
    }

    boolean hasWire() {
        return wire != null;
    }

    boolean isConnected() {
        return connected;
    }

    @Nullable
    Session session() {
        return session;
    }

    /** Not while a CONNECT of before is under way: it could come behind the next one, and take it over. */
    boolean mayConnect() {
        return wire == null && (noticed || wasConnected);
    }

    // ---- coming and going

    /** Opens a connection and sends CONNECT. It must have none. */
    void connect(boolean clean, @Nullable Message will, int willDelaySeconds) {
        assert wire == null;
        cleanStart = clean || forgotten || !profile.isPersistent();
        persistent = profile.isPersistent() && !leaving && (profile.isFive() || !cleanStart);
        if (cleanStart) {
            forget();
            forgotten = true; // as long as it doesn't know that the broker has forgotten, too, it has to ask again
        }
        aliases.clear();
        requests.clear();
        answers.clear();
        pings = 0;
        this.will = will;
        decoder = new MqttDecoder(MqttDecoder.Peer.SERVER, this, BYTES_MAX);
        decoder.version(profile.version);
        if (will != null) {
            long delay = profile.isFive() ? Math.min(willDelaySeconds, profile.expirySeconds) : 0;
            model.wills().offer(id(), will, delay * 1000, persistent);
        }
        model.connecting(id(), cleanStart, persistent, profile.expirySeconds * 1000);
        site.note(this, "CONNECT{}{}", cleanStart ? " clean" : "", will == null ? "" : " will " + will);
        Connection made = site.connect(this);
        wire = made;
        unnoticed.add(made);
        noticed = false;
        MqttEncoder.connect(
                out,
                new Connect(
                        profile.version,
                        id(),
                        cleanStart,
                        profile.keepAliveSeconds,
                        properties(),
                        will == null ? null : will(will, willDelaySeconds),
                        null,
                        null));
        flush();
    }

    /** Connects without a past and a future: with the connection everything is to end. */
    void connectForGood() {
        leaving = true;
        connect(true, null, 0);
    }

    private Properties properties() {
        if (!profile.isFive()) {
            return Properties.EMPTY;
        }
        Properties.Builder say = Properties.builder()
                .add(Property.SESSION_EXPIRY_INTERVAL, leaving ? 0 : profile.expirySeconds)
                .add(Property.RECEIVE_MAXIMUM, profile.receiveMaximum);
        if (profile.aliases > 0) {
            say.add(Property.TOPIC_ALIAS_MAXIMUM, profile.aliases);
        }
        return say.build();
    }

    private WillMessage will(Message will, int delaySeconds) {
        Properties properties = profile.isFive() && delaySeconds > 0
                ? Properties.builder()
                        .add(Property.WILL_DELAY_INTERVAL, delaySeconds)
                        .build()
                : Properties.EMPTY;
        return new WillMessage(will.topic, Payloads.of(will, 0), will.qos, will.retain, properties);
    }

    /** Sends DISCONNECT and closes. */
    void disconnect() {
        site.note(this, "DISCONNECT");
        MqttEncoder.disconnect(out, profile.version, ReasonCode.SUCCESS, Properties.EMPTY);
        flush();
        lastWire().end();
        closed(true);
    }

    /** It closes without DISCONNECT: what it has sent arrives, and its will is due. */
    void die() {
        site.note(this, "dies");
        lastWire().end();
        closed(false);
    }

    /** The will that it has on its connection; null if it has none. */
    @Nullable
    Message will() {
        return will;
    }

    /** The connection breaks. */
    void cut() {
        site.note(this, "cut");
        lastWire().cut();
        closed(false);
    }

    /** It is gone, and the broker doesn't know. */
    void abandon() {
        site.note(this, "abandons its connection");
        lastWire().abandon();
        closed(false);
    }

    private Connection lastWire() {
        return Objects.requireNonNull(wire);
    }

    private void closed(boolean orderly) {
        wire = null;
        wasConnected = connected;
        answers.clear();
        if (decoder != null) {
            decoder.close();
        }
        decoder = null;
        connected = false;
        session = null;
        model.forgetAtMostOnce(id());
        model.closed(id(), orderly);
        if (!persistent) {
            forget();
        }
    }

    private void forget() {
        exchanges.clear();
        received.clear();
    }

    /** Tells the model as soon as the broker knows that a connection is over: the present one, or all that have been. */
    void look() {
        unnoticed.removeIf(Connection::isBrokerEnded);
        if (!unnoticed.isEmpty()) {
            return;
        }
        if (wire != null) {
            model.endedByBroker(id());
        } else if (!noticed) {
            noticed = true;
            model.noticed(id());
        }
    }

    @Override
    public void ended(Connection one) {
        if (wire != one) {
            return;
        }
        site.note(this, "closed by the broker");
        Model.require(site.mayClose(this), "the connection of {} was closed", id());
        closed(false);
    }

    // ---- requests

    /** Whether it may publish another one with this QoS now. */
    boolean mayPublish(QoS qos) {
        return connected && (qos == QoS.AT_MOST_ONCE || exchanges.size() < quota);
    }

    void publish(Message message, int payloadBytes) {
        byte[] payload = Payloads.of(message, payloadBytes);
        int packetId = 0;
        if (message.qos != QoS.AT_MOST_ONCE) {
            packetId = freeId();
            exchanges.put(packetId, new Exchange(message, payload));
        }
        send(message, payload, packetId, false);
    }

    private void send(Message message, byte[] payload, int packetId, boolean dup) {
        model.publishing(message);
        site.note(this, "PUBLISH {} id {}{}", message, packetId, dup ? " DUP" : "");
        PublishFrame frame = PublishFrame.of(
                message.topic,
                Properties.EMPTY,
                message.expirySeconds > 0 && profile.isFive() ? message.expirySeconds : -1,
                payload,
                profile.version,
                packetId > 0);
        MqttEncoder.publish(out, frame, dup, message.qos, message.retain, packetId, message.expirySeconds);
        ByteBuf large = frame.largePayload();
        if (large != null) {
            out.writeBytes(large.duplicate());
        }
        flush();
        frame.release();
    }

    void subscribe(Sub asked, QoS qos, int retainHandling) {
        Session on = Objects.requireNonNull(session);
        boolean replays = !asked.isShared() && (retainHandling == 0 || !profile.isFive());
        Sub sub = model.subscribing(on, asked, replays);
        int packetId = freeId();
        requests.put(packetId, new Request(sub, true, replays));
        site.note(this, "SUBSCRIBE {} QoS {} id {}", sub.filter, qos.level(), packetId);
        SubscriptionRequest request = profile.isFive()
                ? new SubscriptionRequest(sub.filter, qos, sub.noLocal, sub.retainAsPublished, retainHandling)
                : new SubscriptionRequest(sub.filter, qos);
        MqttEncoder.subscribe(out, profile.version, new Subscribe(packetId, Properties.EMPTY, List.of(request)));
        flush();
    }

    void unsubscribe(Sub sub) {
        model.unsubscribing(Objects.requireNonNull(session), sub);
        int packetId = freeId();
        requests.put(packetId, new Request(sub, false, false));
        site.note(this, "UNSUBSCRIBE {} id {}", sub.filter, packetId);
        MqttEncoder.unsubscribe(out, profile.version, new Unsubscribe(packetId, Properties.EMPTY, List.of(sub.filter)));
        flush();
    }

    void ping() {
        pings++;
        MqttEncoder.pingreq(out);
        flush();
    }

    /** As a client of 3.1 may: sends again what it has no answer to, on the same connection. */
    void repeat() {
        if (profile.isFive()) {
            return;
        }
        for (Map.Entry<Integer, Exchange> each : exchanges.entrySet()) {
            if (each.getValue().message.qos == QoS.EXACTLY_ONCE) {
                resend(each.getKey(), each.getValue());
                return;
            }
        }
    }

    private int freeId() {
        int id = 1;
        while (exchanges.containsKey(id) || requests.containsKey(id)) {
            id++;
        }
        return id;
    }

    /** Whether the keep-alive wants a packet. */
    boolean mustPing() {
        return connected
                && profile.keepAliveSeconds > 0
                && model.nowMs() - lastSentMs > profile.keepAliveSeconds * 500L;
    }

    private void flush() {
        lastSentMs = model.nowMs();
        Objects.requireNonNull(wire).send(out);
        out.clear();
    }

    /** Publishes nothing of what isn't acknowledged again; nobody knows what has become of it. */
    void giveUp() {
        exchanges.values().forEach(each -> each.message.repeated = true);
        exchanges.clear();
    }

    // ---- answers

    /** Whether there is something that it still has to acknowledge. */
    boolean owesAnswers() {
        return !answers.isEmpty();
    }

    /** Sends the acknowledgement that is due first. */
    void answer() {
        Objects.requireNonNull(answers.poll()).run();
    }

    private void ack(PacketType type, int packetId, ReasonCode reason) {
        site.note(this, "{} id {} {}", type, packetId, reason);
        MqttEncoder.ack(out, profile.version, type, packetId, reason, Properties.EMPTY);
        flush();
    }

    /** Whether the broker owes it an answer. */
    boolean waits() {
        boolean moving = exchanges.values().stream().anyMatch(each -> !each.released || !owesAnswers());
        return wire != null && (!connected || !requests.isEmpty() || pings > 0 || moving);
    }

    /** Nothing moves any more: the broker has answered everything that it was asked. */
    void requireAnswered() {
        Model.require(wire == null || connected, "{} waits for CONNACK", id());
        if (connected) {
            requests.forEach((id, request) ->
                    Model.require(false, "{} waits for the answer about {}, id {}", id(), request.sub.filter, id));
            exchanges.forEach((id, exchange) -> Model.require(
                    exchange.released && owesAnswers(),
                    "{} waits for an answer to {}, id {}",
                    id(),
                    exchange.message,
                    id));
            Model.require(pings == 0, "{} waits for PINGRESP", id());
        }
    }

    // ---- what comes

    @Override
    public void received(ByteBuf bytes) {
        MqttDecoder to = decoder;
        if (to == null) {
            return;
        }
        try {
            to.decode(bytes.retainedSlice().copy());
        } catch (MalformedPacket e) {
            throw new Violation(id() + " gets what it can't read: " + e.getMessage());
        } finally {
            bytes.release();
        }
    }

    @Override
    public boolean packet(PacketType type, MqttDecoder in) {
        switch (type) {
            case CONNACK -> connack(in.connack());
            case PUBLISH -> publish(in.publish());
            case PUBACK -> puback(in.packetId(), in.reasonCode());
            case PUBREC -> pubrec(in.packetId(), in.reasonCode());
            case PUBREL -> pubrel(in.packetId());
            case PUBCOMP -> pubcomp(in.packetId());
            case SUBACK -> answered(in.suback().packetId(), in.suback().reasons());
            case UNSUBACK -> answered(in.unsuback().packetId(), in.unsuback().reasons());
            case PINGRESP -> pings--;
            case DISCONNECT -> disconnected(in.reasonCode());
            default -> Model.require(false, "{} gets {}", id(), type);
        }
        return wire != null;
    }

    private void connack(Connack connack) {
        site.note(this, "CONNACK {}{}", connack.reason(), connack.sessionPresent() ? " session present" : "");
        if (connack.reason().isError()) {
            Model.require(site.mayClose(this), "{} was refused: {}", id(), connack.reason());
            model.refused(id());
            return;
        }
        boolean present = profile.version == MqttVersion.V3_1
                ? !cleanStart && model.mayHaveSession(id())
                : connack.sessionPresent();
        session = model.connected(id(), cleanStart, present, profile.receiveMaximum);
        connected = true;
        forgotten = false;
        quota = profile.isFive() ? (int) connack.properties().integer(Property.RECEIVE_MAXIMUM, 65_535) : 8;
        site.acknowledged();
        if (!present) {
            forget();
            return;
        }
        for (Map.Entry<Integer, Exchange> each : new ArrayList<>(exchanges.entrySet())) { // [5.0:MQTT-4.4.0-1]
            resend(each.getKey(), each.getValue());
        }
    }

    private void resend(int packetId, Exchange exchange) {
        if (exchange.released) {
            ack(PacketType.PUBREL, packetId, ReasonCode.SUCCESS);
        } else {
            send(exchange.message, exchange.payload, packetId, true);
        }
    }

    private void publish(Publish publish) {
        String topic = publish.topic();
        if (publish.topicAlias() > 0) {
            if (topic.isEmpty()) {
                topic = Objects.requireNonNull(aliases.get(publish.topicAlias()));
            } else {
                aliases.put(publish.topicAlias(), topic);
            }
        }
        int packetId = publish.packetId();
        int message = Payloads.message(publish.payload());
        site.note(
                this,
                "gets PUBLISH #{} on {} QoS {} id {}{}{}",
                message,
                topic,
                publish.qos().level(),
                packetId,
                publish.dup() ? " DUP" : "",
                publish.retain() ? " RETAIN" : "");
        Session on = Objects.requireNonNull(session);
        if (!on.isInUse(packetId)) { // it may be another session than the one in which it came
            received.remove(packetId);
        }
        boolean again = publish.qos() == QoS.EXACTLY_ONCE && received.contains(packetId);
        model.delivered(
                on,
                new Model.Delivery(
                        message,
                        topic,
                        publish.qos(),
                        publish.dup(),
                        publish.retain(),
                        packetId,
                        publish.messageExpirySeconds()));
        switch (publish.qos()) {
            case AT_MOST_ONCE -> {}
            case AT_LEAST_ONCE -> answers.add(() -> complete(PacketType.PUBACK, packetId));
            case EXACTLY_ONCE -> {
                Model.require(!again || publish.dup(), "{} gets id {} anew", id(), packetId);
                received.add(packetId);
                answers.add(() -> ack(PacketType.PUBREC, packetId, ReasonCode.SUCCESS));
            }
        }
    }

    private void complete(PacketType type, int packetId) {
        model.completed(Objects.requireNonNull(session), packetId);
        ack(type, packetId, ReasonCode.SUCCESS);
    }

    private void pubrel(int packetId) {
        site.note(this, "gets PUBREL id {}", packetId);
        model.released(Objects.requireNonNull(session), packetId);
        received.remove(packetId);
        answers.add(() -> complete(PacketType.PUBCOMP, packetId));
    }

    private void puback(int packetId, ReasonCode reason) {
        Exchange exchange = exchanges.remove(packetId);
        site.note(this, "gets PUBACK id {} {}", packetId, reason);
        Model.require(
                exchange == null || exchange.message.qos == QoS.AT_LEAST_ONCE, "{} gets PUBACK {}", id(), packetId);
        if (exchange != null) { // else it has given up
            acknowledged(exchange, reason);
        }
    }

    private void pubrec(int packetId, ReasonCode reason) {
        Exchange exchange = exchanges.get(packetId);
        site.note(this, "gets PUBREC id {} {}", packetId, reason);
        if (exchange == null) {
            return; // of a repetition
        }
        if (!exchange.released) {
            acknowledged(exchange, reason);
            exchange.released = true;
        }
        if (reason.isError()) {
            exchanges.remove(packetId);
        } else {
            answers.add(() -> release(packetId, exchange));
        }
    }

    private void release(int packetId, Exchange exchange) {
        if (exchanges.get(packetId) == exchange) { // else a repetition has ended it meanwhile
            ack(PacketType.PUBREL, packetId, ReasonCode.SUCCESS);
        }
    }

    private void acknowledged(Exchange exchange, ReasonCode reason) {
        if (reason.isError()) {
            Model.require(site.mayClose(this), "{} was refused: {}", exchange.message, reason);
            model.refusedPublish(exchange.message);
        } else {
            model.acknowledged(exchange.message);
            site.acknowledged(exchange.message);
        }
    }

    private void pubcomp(int packetId) {
        site.note(this, "gets PUBCOMP id {}", packetId);
        Exchange exchange = exchanges.get(packetId);
        if (exchange != null && exchange.released) {
            exchanges.remove(packetId);
            site.acknowledged();
        }
    }

    private void answered(int packetId, List<ReasonCode> reasons) {
        Request request = requests.remove(packetId);
        site.note(this, "gets the answer to {}: {}", packetId, reasons);
        Model.require(request != null, "{} gets an answer to {}", id(), packetId);
        if (request.subscribes) {
            boolean granted = !reasons.get(0).isError();
            Model.require(granted || site.mayClose(this), "{}: refused: {}", id(), reasons);
            model.subscribed(Objects.requireNonNull(session), request.sub, granted, request.replays);
        } else {
            model.unsubscribed(request.sub);
        }
        site.acknowledged();
    }

    private void disconnected(ReasonCode reason) {
        site.note(this, "gets DISCONNECT {}", reason);
        Model.require(site.mayClose(this), "{} was disconnected: {}", id(), reason);
    }

    /** What a payload says. */
    static final class Payloads {
        private static final int ID_BYTES = 4;

        private Payloads() {}

        static byte[] of(Message message, int bytes) {
            if (message.clears) {
                return new byte[0];
            }
            byte[] payload = new byte[ID_BYTES + bytes];
            Arrays.fill(payload, (byte) 'x');
            for (int i = 0; i < ID_BYTES; i++) {
                payload[i] = (byte) (message.id >> (8 * (ID_BYTES - 1 - i)));
            }
            return payload;
        }

        static int message(ByteBuf payload) {
            return payload.isReadable() ? payload.getInt(payload.readerIndex()) : Model.ANONYMOUS;
        }
    }
}
