package dev.dunlin.broker.net;

import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.ReasonCode;
import org.jspecify.annotations.Nullable;

/**
 * How a connected client proves itself anew, as often as it likes, one time after the other, while everything else goes on
 * [5.0 section 4.12.1]. Its home loop only.
 */
final class Reauthentication {
    private final Connection connection;
    private final Acceptor acceptor;
    private final ConnectRequest connect;
    private final Identity identity;
    private @Nullable AuthExchange exchange;
    private SessionLoop.@Nullable Timer timer;

    /**
     * For a client that was let in, and had named an authentication method.
     *
     * @param connect what it presented then
     */
    Reauthentication(Connection connection, Acceptor acceptor, ConnectRequest connect, Identity identity) {
        this.connection = connection;
        this.acceptor = acceptor;
        this.connect = connect;
        this.identity = identity;
    }

    /**
     * Takes in an AUTH.
     *
     * @throws MalformedPacket if none may come now, or not this one
     */
    void auth(ReasonCode reason, Properties properties, long timeoutMs) throws MalformedPacket {
        AuthExchange running = exchange;
        if (running != null) {
            running.answered(reason, properties);
            return;
        }
        if (reason != ReasonCode.REAUTHENTICATE) {
            throw new MalformedPacket(ReasonCode.PROTOCOL_ERROR, "AUTH with " + reason + " was not asked for");
        }
        AuthExchange begun = new AuthExchange(connection, connect.authenticationMethod(), false, this::end);
        begun.checkMethod(properties);
        exchange = begun;
        timer = connection
                .loop()
                .schedule(
                        timeoutMs,
                        () -> connection.close(
                                ReasonCode.NOT_AUTHORIZED, "not authenticated anew within " + timeoutMs + " ms"));
        begun.ask(() -> acceptor.authenticator().reauthenticate(anew(properties), identity));
    }

    private ConnectRequest anew(Properties properties) {
        return new ConnectRequest(
                connect.clientId(),
                connect.version(),
                connect.cleanStart(),
                connect.userName(),
                null,
                properties,
                connect.remoteAddress(),
                connect.listener(),
                connect.certificates(),
                connect.certificateName());
    }

    private void end(AuthResult outcome) {
        AuthExchange ended = exchange;
        assert ended != null;
        close();
        if (outcome instanceof AuthResult.Refused refused) { // [5.0:MQTT-4.12.1-2]
            ReasonCode reason =
                    refused.reason().allowedIn(PacketType.DISCONNECT) ? refused.reason() : ReasonCode.NOT_AUTHORIZED;
            connection.close(new Farewell(reason, refused.text(), refused.serverReference()));
        } else if (outcome instanceof AuthResult.Accepted accepted) {
            accepted(accepted, ended);
        }
    }

    private void accepted(AuthResult.Accepted accepted, AuthExchange ended) {
        Core core = acceptor.core();
        if (!Stay.holds(accepted.validity(), core.wallMs(), connect.clientId(), core.events())) {
            connection.close(ReasonCode.NOT_AUTHORIZED, Stay.OVER);
        } else if (!accepted.identity().equals(identity)) { // its session, and what it may do, are another's
            connection.close(ReasonCode.NOT_AUTHORIZED, "not the identity of CONNECT");
        } else if (!connection.auth(ReasonCode.SUCCESS, ended.properties(accepted.data()))) {
            connection.close(ReasonCode.PACKET_TOO_LARGE, "authentication needs a larger maximum packet size");
        } else {
            connection.mayStay(accepted.validity());
        }
    }

    /** Nothing is under way any more. */
    void close() {
        exchange = null;
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }
}
