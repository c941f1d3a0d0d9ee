package dev.dunlin.broker.net;

import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.session.Allowance;
import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.Decision;
import dev.dunlin.broker.session.Interceptors;
import dev.dunlin.broker.session.OpenSession;
import dev.dunlin.broker.session.Opening;
import dev.dunlin.broker.session.PauseReason;
import dev.dunlin.broker.session.Restriction;
import dev.dunlin.broker.session.Rights;
import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.session.VersionRules;
import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.Authorizer;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.ConnectTerms;
import dev.dunlin.broker.spi.Features;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.broker.spi.Validity;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.WillMessage;
import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From CONNECT to CONNACK: check, authenticate, authorize, move to the client's home loop, open the session, answer. Each step goes
 * on when the one before has answered, which may be later; meanwhile the connection isn't read, and nobody else waits.
 * Authentication comes before anything is taken over.
 */
final class Handshake {
    private static final Logger LOG = LoggerFactory.getLogger(Handshake.class);
    private static final String TOO_SMALL = "no CONNACK is as small as your maximum packet size";

    private final Acceptor acceptor;
    private final Core core;
    private final Connection connection;
    private Connect connect;
    private final VersionRules rules;
    private final String clientId;

    private final ConnectRequest request;
    private final AuthExchange exchange;
    private int keepAliveSeconds;

    /** The properties of its CONNACK. */
    private Properties announced = Properties.EMPTY;

    /** Who it is, once that is known. */
    private ClientInfo client;

    private AuthResult.Accepted accepted = AuthResult.accept(Identity.ANONYMOUS);

    /** What interceptors grant in the place of what it asks for; null if they grant that. */
    private @Nullable ConnectTerms terms;

    private Validity validity = Validity.UNLIMITED;
    private Rights rights = Rights.ALL;
    private Allowance allowance;

    Handshake(Acceptor acceptor, Connection connection, Connect connect) {
        this.acceptor = acceptor;
        this.core = acceptor.core();
        this.connection = connection;
        this.connect = connect;
        rules = VersionRules.of(connect.version());
        // [5.0:MQTT-3.1.3-6], [3.1.1:MQTT-3.1.3-6]
        this.clientId = connect.clientId().isEmpty()
                ? core.newClientId(acceptor.features().clientIdPrefix())
                : connect.clientId();
        Channel channel = connection.ctx().channel();
        List<X509Certificate> certificates = TlsHandler.certificatesOf(channel);
        request = new ConnectRequest(
                clientId,
                connect.version(),
                connect.cleanStart(),
                connect.userName(),
                connect.password(),
                connect.properties(),
                connection.remoteAddress(),
                acceptor.name(),
                certificates,
                certificates.isEmpty() ? null : acceptor.nameIn(certificates.get(0)));
        client = new ClientInfo(
                clientId, Identity.ANONYMOUS, connect.version(), request.remoteAddress(), acceptor.name());
        allowance = connection.allowance();
        exchange = new AuthExchange(connection, request.authenticationMethod(), true, this::authenticated);
        keepAliveSeconds = rules.keepAliveSeconds(
                connect.keepAliveSeconds(), allowance.limits().keepAliveMaxSeconds());
    }

    String clientId() {
        return clientId;
    }

    /** @throws MalformedPacket if the client can't be let in whoever it is */
    void begin() throws MalformedPacket {
        Properties properties = connect.properties();
        connection
                .out()
                .negotiated(
                        connect.version(),
                        properties.integer(Property.MAXIMUM_PACKET_SIZE, Limits.PROTOCOL_PACKET_BYTES_MAX),
                        properties.integer(Property.REQUEST_PROBLEM_INFORMATION, 1) == 1);
        connection.out().topicAliasMax((int) Math.min(
                properties.integer(Property.TOPIC_ALIAS_MAXIMUM, 0),
                allowance.limits().topicAliasMax()));
        connection.out().restricted(allowance.restriction());
        if (connect.clientId().isEmpty() && !mayBeNameless()) {
            throw new MalformedPacket(ReasonCode.CLIENT_IDENTIFIER_NOT_VALID, "empty client identifier");
        }
        if (acceptor.isClosing()) {
            connection.close(acceptor.farewell().connackInstead());
            return;
        }
        if (connection.loop().isOverloaded() || core.home(clientId).isOverloaded()) {
            connection.tellLimit("overloadLagMs", "not connected: the broker is overloaded");
            throw new MalformedPacket(ReasonCode.SERVER_BUSY, "the broker is overloaded");
        }
        if (connect.will() != null) {
            WillMessage will = admitted(connect.will());
            checkWill(will);
            connect = with(will);
        }
        checkCertificate();
        announced = rules.hasReasons() ? announced(AuthResult.accept(client.identity())) : Properties.EMPTY;
        if (!connackFits()) { // and nothing in it may be left out
            throw new MalformedPacket(ReasonCode.PACKET_TOO_LARGE, TOO_SMALL);
        }
        authenticate();
    }

    private boolean mayBeNameless() {
        return rules.mayBeNameless(connect.cleanStart()) && acceptor.features().emptyClientIds();
    }

    private WillMessage admitted(WillMessage will) throws MalformedPacket {
        Restriction restriction = allowance.restriction();
        return restriction == null ? will : restriction.admit(will);
    }

    private Connect with(WillMessage will) {
        return new Connect(
                connect.version(),
                connect.clientId(),
                connect.cleanStart(),
                connect.keepAliveSeconds(),
                connect.properties(),
                will,
                connect.userName(),
                connect.password());
    }

    /** Its topics as those of a PUBLISH; but it can still be told, and nobody has to wait for what will never come. */
    private void checkWill(WillMessage will) throws MalformedPacket {
        Limits limits = allowance.limits();
        String responseTopic = will.properties().string(Property.RESPONSE_TOPIC);
        if (Topics.levels(will.topic()) > limits.topicLevelsMax()
                || Topics.isLonger(will.topic(), limits.topicBytesMax())
                || (responseTopic != null && Topics.isLonger(responseTopic, limits.topicBytesMax()))) {
            boolean deep = Topics.levels(will.topic()) > limits.topicLevelsMax();
            connection.tellLimit(deep ? "topicLevelsMax" : "topicBytesMax", "not connected: for a topic of its will");
            throw new MalformedPacket(
                    ReasonCode.TOPIC_NAME_INVALID, "a topic of the will has too many levels or bytes");
        }
        if (will.payload().length > limits.payloadBytesMax()) {
            connection.tellLimit("payloadBytesMax", "not connected: for the payload of its will");
            throw new MalformedPacket(ReasonCode.PACKET_TOO_LARGE, "the payload of the will is too large");
        }
    }

    /** TLS has checked it; but a session that is resumed may have been checked a day ago. */
    private void checkCertificate() throws MalformedPacket {
        if (request.certificates().isEmpty()) {
            return;
        }
        Instant end = request.certificates().get(0).getNotAfter().toInstant();
        if (end.isBefore(Instant.ofEpochMilli(core.wallMs()))) {
            throw new MalformedPacket(ReasonCode.NOT_AUTHORIZED, "the certificate has expired");
        }
        if (!acceptor.trusts(request.certificates(), connection.ctx().channel())) {
            throw new MalformedPacket(ReasonCode.NOT_AUTHORIZED, "the certificate is not trusted any more");
        }
        if (request.certificateName() == null && acceptor.namesByCertificate()) {
            throw new MalformedPacket(ReasonCode.NOT_AUTHORIZED, "there is no user name in the certificate");
        }
    }

    // ---- authenticate

    private void authenticate() {
        String method = request.authenticationMethod();
        exchange.ask(() -> {
            Authenticator who = acceptor.authenticator();
            if (method != null && !who.methods().contains(method)) { // [5.0:MQTT-4.12.0-1]
                return CompletableFuture.completedFuture(new AuthResult.Refused(
                        ReasonCode.BAD_AUTHENTICATION_METHOD, "this authentication method is not supported"));
            }
            return who.authenticate(request);
        });
    }

    /** The client has sent an AUTH before CONNACK. */
    void answered(ReasonCode reason, Properties properties) throws MalformedPacket {
        exchange.answered(reason, properties);
    }

    private void authenticated(AuthResult result) {
        if (result instanceof AuthResult.Accepted let) {
            accepted = let;
            announced = rules.hasReasons() ? announced(let) : Properties.EMPTY;
            if (!connackFits()) {
                connection.close(ReasonCode.PACKET_TOO_LARGE, TOO_SMALL);
                return;
            }
            if (!Stay.holds(let.validity(), core.wallMs(), clientId, core.events())) {
                connection.close(ReasonCode.NOT_AUTHORIZED, Stay.OVER);
                return;
            }
            client = new ClientInfo(
                    clientId, let.identity(), connect.version(), request.remoteAddress(), acceptor.name());
            validity = let.validity();
            allowance = allowance.of(let);
            authorize();
        } else if (result instanceof AuthResult.Refused refused) { // [5.0:MQTT-4.12.0-4]
            connection.close(new Farewell(refused.reason(), refused.text(), refused.serverReference()));
        }
    }

    // ---- authorize

    private void authorize() {
        Authorizer what = acceptor.authorizer();
        if (what == null) {
            admitted(Rights.ALL);
        } else {
            Rights.ask(what, client, connection.loop(), this::authorized);
        }
    }

    private void authorized(@Nullable Rights given, @Nullable Throwable failure) {
        if (connection.isClosed()) {
            return;
        }
        if (given != null) {
            admitted(given);
        } else if (failure instanceof RejectedException rejected
                && rejected.reason().isError()
                && rejected.reason().allowedIn(PacketType.CONNACK)) {
            connection.close(rejected.reason(), "");
        } else {
            LOG.warn("client {}: the authorizer failed: {}", clientId, String.valueOf(failure));
            connection.tellFault("the authorizer failed", failure);
            connection.close(ReasonCode.UNSPECIFIED_ERROR, "authorization failed");
        }
    }

    private void admitted(Rights given) {
        rights = given;
        Interceptors interceptors = core.interceptors(acceptor.name());
        if (interceptors.connect == null) {
            goOn();
            return;
        }
        long askedExpiry = Math.min(
                VersionRules.askedExpirySeconds(connect), allowance.limits().sessionExpiryMaxSeconds());
        interceptors.askConnect(
                connection.loop(), client, request, new ConnectTerms(askedExpiry, keepAliveSeconds), this::intercepted);
    }

    private void intercepted(Decision<ConnectTerms> decision) {
        if (connection.isClosed()) {
            return;
        }
        if (!decision.goesOn()) {
            connection.close(decision.reasonIn(PacketType.CONNACK), decision.text());
            return;
        }
        if (decision.isReplaced()) {
            grant(rules.granted(decision.value(), keepAliveSeconds, connect.cleanStart()));
            if (!connackFits()) {
                connection.close(ReasonCode.PACKET_TOO_LARGE, TOO_SMALL);
                return;
            }
        }
        goOn();
    }

    private void grant(ConnectTerms granted) {
        terms = granted;
        keepAliveSeconds = granted.keepAliveSeconds();
        announced = rules.hasReasons() ? announced(accepted) : Properties.EMPTY;
    }

    private void goOn() {
        connection.authenticated(client.identity());
        moveHome();
    }

    // ---- move

    /** Takes the channel to the loop where this client's session lives. */
    private void moveHome() {
        SessionLoop home = core.home(clientId);
        connection.pause(PauseReason.OPENING);
        if (home == connection.loop()) {
            connection.resume(PauseReason.PENDING_ANSWER);
            home.runInOrder(this::open); // a takeover comes behind what the other connection has published
            return;
        }
        connection.pause(PauseReason.MOVE);
        connection.resume(PauseReason.PENDING_ANSWER);
        // A task of its own: the channel can't be deregistered in the middle of its read.
        Channel channel = connection.ctx().channel();
        channel.eventLoop().execute(() -> {
            if (channel.isActive() && !connection.isClosed()) { // else this loop sees to its end
                connection.out().taken(); // of this loop's
                channel.deregister().addListener(left -> leave(home, left));
            }
        });
    }

    private void leave(SessionLoop home, Future<?> left) {
        if (left.isSuccess()) {
            home.execute(() -> arrive(home)); // from here on the connection is the home loop's
        } else {
            connection.close(ReasonCode.UNSPECIFIED_ERROR, "can't leave its loop");
        }
    }

    private void arrive(SessionLoop home) {
        connection.moved(home);
        Channel channel = connection.ctx().channel();
        home.eventLoop().register(channel).addListener(registered -> home.execute(() -> arrived(registered.cause())));
    }

    private void arrived(@Nullable Throwable failure) {
        if (connection.isClosed()) {
            return;
        }
        if (failure != null) {
            LOG.warn("client {}: can't move to its home loop: {}", clientId, failure.toString());
            connection.tellFault("can't move to its home loop", failure);
            connection.close(ReasonCode.UNSPECIFIED_ERROR, "can't move to its home loop");
        } else {
            connection.resume(PauseReason.MOVE);
            open();
        }
    }

    // ---- open

    private void open() {
        SessionLoop home = connection.loop();
        if (connection.isClosed()) {
            home.sessions().abandoned(clientId);
            return;
        }
        if (acceptor.isClosing()) { // since its CONNECT came
            home.sessions().abandoned(clientId);
            connection.close(acceptor.farewell().connackInstead());
            return;
        }
        Opening opening = new Opening(client, connect, connection, connection.out(), allowance, rights, terms);
        if (home.sessions().waitsForRoom(opening, () -> home.runInOrder(this::open))) {
            return;
        }
        String refusal = home.sessions().open(opening, this::opened);
        if (refusal != null) {
            home.sessions().abandoned(clientId);
            connection.close(rules.connectWithoutRoom(), refusal);
        }
    }

    private void opened(OpenSession session) {
        SessionLoop home = connection.loop();
        if (connection.isClosed()) {
            home.sessions().connectionClosed(session.session(), connection, true);
            return;
        }
        home.readClock(); // the turn's may be from before its CONNECT: what has waited is measured by now
        connection.opened(session);
        session.connack(connack(session.isPresent()), () -> {
            connection.connected(keepAliveSeconds, validity, reauthentication());
            connection.resume(PauseReason.OPENING);
        });
    }

    private @Nullable Reauthentication reauthentication() {
        return request.authenticationMethod() == null // [5.0:MQTT-4.12.0-7]
                ? null
                : new Reauthentication(connection, acceptor, request, client.identity());
    }

    private Connack connack(boolean sessionPresent) {
        return new Connack(sessionPresent, ReasonCode.SUCCESS, announced);
    }

    private boolean connackFits() { // [5.0:MQTT-3.1.2-24]
        return connackFits(announced);
    }

    private boolean connackFits(Properties properties) {
        Connack connack = new Connack(false, ReasonCode.SUCCESS, properties);
        return MqttEncoder.connackBytes(connect.version(), connack)
                <= connection.out().packetBytesMax();
    }

    /** What a 5.0 client needs to know and could not assume [5.0 section 3.2.2.3]; and, if it fits, what it has asked for. */
    private Properties announced(AuthResult.Accepted accepted) {
        Properties needed = needed(accepted).build();
        boolean asked = connect.properties().integer(Property.REQUEST_RESPONSE_INFORMATION, 0) == 1;
        if (!asked || accepted.responseInformation().isEmpty()) { // [5.0:MQTT-3.1.2-28]
            return needed;
        }
        Properties all = needed(accepted)
                .add(Property.RESPONSE_INFORMATION, accepted.responseInformation())
                .build();
        return connackFits(all) ? all : needed;
    }

    private Properties.Builder needed(AuthResult.Accepted accepted) {
        Limits limits = allowance.limits();
        Properties.Builder say = Properties.builder();
        if (connect.clientId().isEmpty()) { // [5.0:MQTT-3.1.3-7], [5.0:MQTT-3.2.2-16]
            say.add(Property.ASSIGNED_CLIENT_IDENTIFIER, clientId);
        }
        long asked = connect.properties().integer(Property.SESSION_EXPIRY_INTERVAL, 0);
        long granted = Math.min(terms == null ? asked : terms.sessionExpirySeconds(), limits.sessionExpiryMaxSeconds());
        if (granted != asked) { // [5.0 section 3.2.2.3.2]
            say.add(Property.SESSION_EXPIRY_INTERVAL, granted);
        }
        if (keepAliveSeconds != connect.keepAliveSeconds()) { // [5.0:MQTT-3.1.2-21], [5.0:MQTT-3.2.2-21]
            say.add(Property.SERVER_KEEP_ALIVE, keepAliveSeconds);
        }
        if (limits.receiveMaximum() < 65_535) {
            say.add(Property.RECEIVE_MAXIMUM, limits.receiveMaximum());
        }
        Features features = acceptor.features();
        if (features.maximumQoS() != QoS.EXACTLY_ONCE) { // [5.0:MQTT-3.2.2-9]
            say.add(Property.MAXIMUM_QOS, features.maximumQoS().level());
        }
        if (!features.retainAvailable()) { // [5.0 section 3.2.2.3.5]
            say.add(Property.RETAIN_AVAILABLE, 0);
        }
        if (limits.packetBytesMax() < Limits.PROTOCOL_PACKET_BYTES_MAX) {
            say.add(Property.MAXIMUM_PACKET_SIZE, limits.packetBytesMax());
        }
        if (limits.topicAliasMax() > 0) {
            say.add(Property.TOPIC_ALIAS_MAXIMUM, limits.topicAliasMax());
        }
        exchange.addTo(say, accepted.data());
        return say;
    }
}
