package dev.dunlin.broker.spi;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;

/**
 * Decides what a client may do. Asked once per connection, after the {@link Authenticator} and before a session is opened or
 * another connection taken over; the {@link Permissions} that it gives are then asked for each message.
 *
 * <p>It is asked once more for a client that left a will in the store and hasn't come back since the broker started: a will is
 * checked when it is published.
 */
@FunctionalInterface
public interface Authorizer {

    /**
     * Answers now or later; never blocks: called on an event loop that serves other clients. While the answer is pending this
     * connection is not read; nobody else waits. The stage may be completed by any thread. If it fails with {@link
     * RejectedException} the client is refused with that reason; if it fails otherwise, or the call throws, with 0x80
     * (unspecified error), and that is logged.
     *
     * @param client who asks. For a will of before the start the address is one whose text is "unknown"
     */
    CompletionStage<Permissions> permissions(ClientInfo client);

    /** The same permissions for everybody. */
    static Authorizer all(Permissions permissions) {
        CompletionStage<Permissions> same = CompletableFuture.completedFuture(permissions);
        return client -> same;
    }

    /**
     * Runs a blocking look-up on an executor, never on an event loop.
     *
     * @param executor where {@code lookUp} runs; bounded by its owner; a rejected task refuses the client
     * @param lookUp may block and throw
     */
    static Authorizer blocking(Executor executor, Function<ClientInfo, Permissions> lookUp) {
        return client -> CompletableFuture.supplyAsync(() -> lookUp.apply(client), executor);
    }
}
