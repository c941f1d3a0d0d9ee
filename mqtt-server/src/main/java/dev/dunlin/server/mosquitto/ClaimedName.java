package dev.dunlin.server.mosquitto;

import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.codec.ReasonCode;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The authenticators that Mosquitto has without a password file. Passwords, which they don't look at, are cleared. */
final class ClaimedName {
    private static final CompletionStage<AuthResult> REFUSED =
            CompletableFuture.completedFuture(AuthResult.refuse(ReasonCode.NOT_AUTHORIZED));

    private ClaimedName() {}

    /** Everybody comes in, as who they say they are. */
    static CompletionStage<AuthResult> believed(ConnectRequest request) {
        forget(request);
        String name = request.userName();
        return CompletableFuture.completedFuture(AuthResult.accept(new Identity(name == null ? "" : name)));
    }

    /** Everybody comes in as whom their certificate names. */
    static CompletionStage<AuthResult> certified(ConnectRequest request) {
        forget(request);
        String name = request.certificateName();
        return name == null ? REFUSED : CompletableFuture.completedFuture(AuthResult.accept(new Identity(name)));
    }

    /** Nobody comes in. */
    static CompletionStage<AuthResult> refused(ConnectRequest request) {
        forget(request);
        return REFUSED;
    }

    /** Of those that {@code inner} is for, those whose client identifier begins so. */
    static Authenticator withClientIds(String prefix, Authenticator inner) {
        return request -> request.clientId().startsWith(prefix) ? inner.authenticate(request) : refused(request);
    }

    private static void forget(ConnectRequest request) {
        byte[] password = request.password();
        if (password != null) {
            Arrays.fill(password, (byte) 0);
        }
    }
}
