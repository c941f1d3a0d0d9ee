package dev.dunlin.broker.net;

import dev.dunlin.broker.session.PauseReason;
import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Questions to the authenticator and the client in turn, until the authenticator accepts or refuses [5.0 section 4.12]. The
 * loop of its connection only. There is no bound on the turns: the authenticator asks for each, and a timer of its owner
 * ends them all.
 */
final class AuthExchange {
    private static final Logger LOG = LoggerFactory.getLogger(AuthExchange.class);

    private final Connection connection;

    /** What the client named in CONNECT; null if it named none. */
    private final @Nullable String method;

    private final boolean pausing;
    private final Consumer<AuthResult> outcome;

    /** Goes on when the client has answered; null while it isn't its turn. */
    private AuthResult.@Nullable Exchange next;

    private boolean over;

    /**
     * An exchange that has not begun.
     *
     * @param pausing whether the connection isn't read while the authenticator thinks
     * @param outcome takes how it ends: accepted or refused. Not called if the connection is closed by then
     */
    AuthExchange(Connection connection, @Nullable String method, boolean pausing, Consumer<AuthResult> outcome) {
        this.connection = connection;
        this.method = method;
        this.pausing = pausing;
        this.outcome = outcome;
    }

    /** Asks the authenticator. */
    void ask(Supplier<CompletionStage<AuthResult>> question) {
        if (pausing) {
            connection.pause(PauseReason.PENDING_ANSWER);
        }
        CompletionStage<AuthResult> answer;
        try {
            answer = Objects.requireNonNull(question.get(), "it gave no stage");
        } catch (Throwable e) { // user code: refused, and said so
            failed(e);
            return;
        }
        SessionLoop loop = connection.loop();
        AtomicBoolean registering = new AtomicBoolean(true);
        answer.whenComplete((result, failure) -> {
            if (loop.inLoop() && registering.get()) {
                take(result, failure);
            } else {
                loop.execute(() -> take(result, failure)); // on this loop, too: not inside of what else it is doing
            }
        });
        registering.set(false);
    }

    private void take(@Nullable AuthResult result, @Nullable Throwable failure) {
        if (connection.isClosed() || over) {
            return;
        }
        if (result == null) {
            failed(failure == null ? new NullPointerException("the authenticator answered null") : failure);
            return;
        }
        try {
            if (result instanceof AuthResult.Challenge challenge) {
                challenge(challenge);
            } else {
                end(result);
            }
        } catch (IllegalArgumentException e) { // it says something that MQTT can't carry
            failed(e);
        }
    }

    private void end(AuthResult result) {
        over = true;
        outcome.accept(result);
    }

    private void failed(Throwable cause) {
        LOG.warn("client {}: the authenticator failed: {}", connection.name(), cause.toString());
        connection.tellFault("the authenticator failed", cause);
        end(new AuthResult.Refused(ReasonCode.UNSPECIFIED_ERROR, "authentication failed"));
    }

    private void challenge(AuthResult.Challenge challenge) {
        if (method == null) { // [5.0:MQTT-4.12.0-6]
            failed(new IllegalStateException("it challenges a client that named no method"));
        } else if (connection.auth(ReasonCode.CONTINUE_AUTHENTICATION, properties(challenge.data()))) {
            next = challenge.next(); // [5.0:MQTT-4.12.0-2]
            if (pausing) {
                connection.resume(PauseReason.PENDING_ANSWER);
            }
        } else {
            end(new AuthResult.Refused(
                    ReasonCode.PACKET_TOO_LARGE, "authentication needs a larger maximum packet size"));
        }
    }

    /** Method and data, as every AUTH and the CONNACK have them [5.0:MQTT-4.12.0-5]. */
    Properties properties(byte[] data) {
        Properties.Builder all = Properties.builder();
        addTo(all, data);
        return all.build();
    }

    /** As {@link #properties}; nothing for a client that named no method [5.0:MQTT-4.12.0-6]. */
    void addTo(Properties.Builder all, byte[] data) {
        if (method != null) {
            all.add(Property.AUTHENTICATION_METHOD, method);
            if (data.length > 0) {
                all.add(Property.AUTHENTICATION_DATA, data);
            }
        }
    }

    /**
     * The client has sent an AUTH.
     *
     * @throws MalformedPacket if it isn't its turn, or if it is no answer
     */
    void answered(ReasonCode reason, Properties properties) throws MalformedPacket {
        AuthResult.Exchange rest = next;
        if (rest == null || reason != ReasonCode.CONTINUE_AUTHENTICATION) { // [5.0:MQTT-4.12.0-3]
            throw new MalformedPacket(ReasonCode.PROTOCOL_ERROR, "AUTH with " + reason + " was not asked for");
        }
        checkMethod(properties);
        next = null;
        byte[] data = properties.binary(Property.AUTHENTICATION_DATA);
        ask(() -> rest.answered(data == null ? new byte[0] : data));
    }

    /** [5.0:MQTT-4.12.0-5], [5.0:MQTT-4.12.1-1] */
    void checkMethod(Properties properties) throws MalformedPacket {
        if (!Objects.equals(method, properties.string(Property.AUTHENTICATION_METHOD))) {
            throw new MalformedPacket(ReasonCode.BAD_AUTHENTICATION_METHOD, "not the authentication method of CONNECT");
        }
    }
}
