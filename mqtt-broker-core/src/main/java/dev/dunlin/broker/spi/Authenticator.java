package dev.dunlin.broker.spi;

import dev.dunlin.codec.ReasonCode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;

/**
 * Decides who may connect. Asked once per CONNECT, before a session is opened or another connection taken over. With a method
 * of its own (enhanced authentication, [5.0 section 4.12]) it may ask the client for more, as often as it needs: see
 * {@link AuthResult.Challenge}. From CONNECT to the last answer it has {@link Limits#connectTimeoutMs()}.
 */
@FunctionalInterface
public interface Authenticator {

    /**
     * Answers now or later; never blocks: called on an event loop that serves other clients. While the answer is
     * pending this connection is not read; nobody else waits. The stage may be completed by any thread. A stage that
     * fails, or a call that throws, refuses the client with 0x80 (unspecified error) and is logged.
     */
    CompletionStage<AuthResult> authenticate(ConnectRequest request);

    /**
     * The authentication methods that it knows [5.0 section 4.12], none unless it says so. A client that names another one is
     * refused with 0x8C (bad authentication method) without {@link #authenticate} being asked. Called at every CONNECT with
     * a method, on an event loop.
     */
    default Set<String> methods() {
        return Set.of();
    }

    /**
     * A connected client, which named a method in its CONNECT, proves itself anew [5.0 section 4.12.1]. Answers as
     * {@link #authenticate}, which it asks unless it is overridden; meanwhile the client's other packets are processed. It
     * must be the same identity again: another one, like a refusal, ends the connection.
     *
     * @param request as in CONNECT, but without a password, and with the properties of AUTH
     * @param present who the client is
     */
    default CompletionStage<AuthResult> reauthenticate(ConnectRequest request, Identity present) {
        return authenticate(request);
    }

    /** Lets everybody in as {@link Identity#ANONYMOUS}, without looking at user name or password. */
    static Authenticator anonymous() {
        CompletionStage<AuthResult> accepted = CompletableFuture.completedFuture(AuthResult.accept(Identity.ANONYMOUS));
        return request -> accepted;
    }

    /**
     * User names and passwords given in code; anybody else is refused with 0x86. Meant for a handful of users: the
     * passwords stay in memory as they are.
     *
     * @param passwords user name to password; copied
     */
    static Authenticator users(Map<String, String> passwords) {
        Map<String, String> users = Map.copyOf(passwords);
        return request -> {
            String name = request.userName() == null ? "" : request.userName();
            byte[] given = request.password() == null ? new byte[0] : request.password();
            String expected = users.get(name);
            // An unknown name costs the same comparison as a known one.
            byte[] wanted = (expected == null ? name : expected).getBytes(StandardCharsets.UTF_8);
            boolean same = MessageDigest.isEqual(wanted, given);
            return CompletableFuture.completedFuture(
                    expected != null && same
                            ? AuthResult.accept(new Identity(name))
                            : AuthResult.refuse(ReasonCode.BAD_USER_NAME_OR_PASSWORD));
        };
    }

    /**
     * Runs a blocking check on an executor, never on an event loop.
     *
     * @param executor where {@code check} runs; bounded by its owner; a rejected task refuses the client
     * @param check may block and throw
     */
    static Authenticator blocking(Executor executor, Function<ConnectRequest, AuthResult> check) {
        return request -> CompletableFuture.supplyAsync(() -> check.apply(request), executor);
    }
}
