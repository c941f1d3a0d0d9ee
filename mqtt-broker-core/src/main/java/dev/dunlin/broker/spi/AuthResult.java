package dev.dunlin.broker.spi;

import dev.dunlin.codec.ReasonCode;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The answer of an {@link Authenticator}. */
public sealed interface AuthResult {

    /**
     * Lets the client in, or lets it stay.
     *
     * @param data the last authentication data for a client that named an authentication method; empty for none. Not
     *     copied: leave the array alone
     * @param responseInformation what a 5.0 client is told as Response Information, the basis for response topics of its own,
     *     if it has asked for that [5.0 section 3.1.2.11.6]; empty for none
     * @param publishRate how fast this client may publish, in the place of {@link Limits#publishesPerSecondMax()} and {@link
     *     Limits#publishBytesPerSecondMax()}; null for these. It counts from CONNECT until the connection ends: that of a
     *     re-authentication changes nothing
     * @param validity for how long it may stay; that of a re-authentication takes the place of the one before
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Accepted(
            Identity identity,
            byte[] data,
            String responseInformation,
            @Nullable PublishRate publishRate,
            Validity validity)
            implements AuthResult {
        /** The same with {@link #data()}. */
        public Accepted withData(byte[] last) {
            return new Accepted(identity, last, responseInformation, publishRate, validity);
        }

        /** The same with {@link #responseInformation()}. */
        public Accepted withResponseInformation(String basis) {
            return new Accepted(identity, data, basis, publishRate, validity);
        }

        /**
         * The same with a {@link #publishRate()}.
         *
         * @param perSecond publishes per second, from 0; 0 for any number
         * @param bytesPerSecond bytes of whole PUBLISH packets per second, from 0; 0 for any number
         * @throws IllegalArgumentException for a negative number
         */
        public Accepted withPublishRate(int perSecond, long bytesPerSecond) {
            PublishRate own = new PublishRate(perSecond, bytesPerSecond);
            return new Accepted(identity, data, responseInformation, own, validity);
        }

        /** The same with {@link #validity()}. */
        public Accepted withValidity(Validity limit) {
            return new Accepted(identity, data, responseInformation, publishRate, limit);
        }
    }

    /**
     * How fast a client may publish, on average; and as much at once after a second of rest.
     *
     * @param perSecond publishes per second, from 0; 0 for any number
     * @param bytesPerSecond bytes of whole PUBLISH packets per second, from 0; 0 for any number
     */
    record PublishRate(int perSecond, long bytesPerSecond) {
        /**
         * Checks both.
         *
         * @throws IllegalArgumentException for a negative number
         */
        public PublishRate {
            if (perSecond < 0 || bytesPerSecond < 0) {
                throw new IllegalArgumentException(
                        "a rate is 0 or more, not " + perSecond + " publishes and " + bytesPerSecond + " bytes");
            }
        }
    }

    /**
     * Turns the client away.
     *
     * @param reason the CONNACK reason code, an error; 3.1 and 3.1.1 clients get the return code that it maps to
     * @param text the reason string for 5.0 clients; say nothing that helps an attacker; empty for none
     * @param serverReference where a 5.0 client should go [5.0 section 4.11]: host names, each with a port if need be,
     *     separated by spaces; empty unless the reason is USE_ANOTHER_SERVER or SERVER_MOVED
     */
    record Refused(ReasonCode reason, String text, String serverReference) implements AuthResult {
        /**
         * Checks the reason.
         *
         * @throws IllegalArgumentException if the reason is not an error, or doesn't go with a server reference
         */
        public Refused {
            if (!reason.isError()) {
                throw new IllegalArgumentException("a refusal needs an error, not " + reason);
            }
            if (!serverReference.isEmpty() && !isElsewhere(reason)) {
                throw new IllegalArgumentException("a server reference needs another reason than " + reason);
            }
        }

        /** Turns the client away without telling it where to go. */
        public Refused(ReasonCode reason, String text) {
            this(reason, text, "");
        }

        private static boolean isElsewhere(ReasonCode reason) {
            return reason == ReasonCode.USE_ANOTHER_SERVER || reason == ReasonCode.SERVER_MOVED;
        }
    }

    /**
     * Asks the client for more: AUTH with 0x18 (continue authentication) and the data goes to it [5.0 section 4.12]. Only for
     * a client that named an authentication method; any other is refused.
     *
     * @param data the authentication data; empty for none. Not copied: leave the array alone
     * @param next goes on when the client has answered. The broker lets go of it when the connection is gone
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Challenge(byte[] data, Exchange next) implements AuthResult {}

    /** The rest of an exchange, with whatever state it needs: one per client and challenge. */
    @FunctionalInterface
    interface Exchange {
        /**
         * Answers as {@link Authenticator#authenticate} does: now or later, without blocking; at most once.
         *
         * @param data the client's authentication data; empty if it sent none. The receiver's to keep
         */
        CompletionStage<AuthResult> answered(byte[] data);

        /** Runs a blocking check on an executor, never on an event loop; as {@link Authenticator#blocking}. */
        static Exchange blocking(Executor executor, Function<byte[], AuthResult> check) {
            return data -> CompletableFuture.supplyAsync(() -> check.apply(data), executor);
        }
    }

    /** Lets the client in as {@code identity}. */
    static Accepted accept(Identity identity) {
        return new Accepted(identity, new byte[0], "", null, Validity.UNLIMITED);
    }

    /** Turns the client away for {@code reason}, an error, without a reason string. */
    static AuthResult refuse(ReasonCode reason) {
        return new Refused(reason, "");
    }

    /**
     * Sends the client to another server.
     *
     * @param reason USE_ANOTHER_SERVER, for now, or SERVER_MOVED, for good; 3.1 and 3.1.1 clients get "server unavailable"
     * @param serverReference see {@link Refused#serverReference()}
     */
    static AuthResult redirect(ReasonCode reason, String serverReference) {
        return new Refused(reason, "", serverReference);
    }

    /** Asks the client for more; see {@link Challenge}. */
    static AuthResult challenge(byte[] data, Exchange next) {
        return new Challenge(data, next);
    }
}
