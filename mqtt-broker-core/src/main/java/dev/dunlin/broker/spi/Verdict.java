package dev.dunlin.broker.spi;

import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import java.util.Objects;
import java.util.concurrent.CompletionStage;

/**
 * What an {@link Interceptor} answers: whether something goes on, as what, or why it doesn't. Immutable but for what it
 * holds; any thread.
 *
 * @param <T> what is asked about
 */
public sealed interface Verdict<T> {

    /** It goes on as it is. */
    record Pass<T>() implements Verdict<T> {
        private static final Pass<?> THE_ONLY = new Pass<>();
    }

    /**
     * Something else goes on in its place.
     *
     * @param by what; not null
     */
    record Replace<T>(T by) implements Verdict<T> {
        /** Refuses null. */
        public Replace {
            Objects.requireNonNull(by, "nothing can't take the place of something: reject it");
        }
    }

    /**
     * It goes no further, and its client is told as far as its version can.
     *
     * @param reason an error; one that the answer can't carry is told as UNSPECIFIED_ERROR
     * @param text the reason string for 5.0 clients; empty for none
     */
    record Reject<T>(ReasonCode reason, String text) implements Verdict<T> {
        /**
         * Checks both.
         *
         * @throws IllegalArgumentException for a reason that is no error, or a text that no packet can carry
         */
        public Reject {
            check(reason, text);
        }
    }

    /**
     * It goes no further, isn't acknowledged, and the connection is closed: with DISCONNECT for a 5.0 client, before CONNACK with
     * that.
     *
     * @param reason an error; one that DISCONNECT can't carry is told as PROTOCOL_ERROR
     * @param text the reason string for 5.0 clients; empty for none
     */
    record Disconnect<T>(ReasonCode reason, String text) implements Verdict<T> {
        /**
         * Checks both.
         *
         * @throws IllegalArgumentException for a reason that is no error, or a text that no packet can carry
         */
        public Disconnect {
            check(reason, text);
        }
    }

    /**
     * The answer comes later, from any thread.
     *
     * @param stage completes with a verdict that isn't again one of these
     */
    record Later<T>(CompletionStage<Verdict<T>> stage) implements Verdict<T> {
        /** Refuses null. */
        public Later {
            Objects.requireNonNull(stage, "stage");
        }
    }

    /** It goes on as it is. */
    @SuppressWarnings("unchecked") // it holds none
    static <T> Verdict<T> pass() {
        return (Verdict<T>) Pass.THE_ONLY;
    }

    /** See {@link Replace}. */
    static <T> Verdict<T> replace(T by) {
        return new Replace<>(by);
    }

    /** See {@link Reject}. */
    static <T> Verdict<T> reject(ReasonCode reason, String text) {
        return new Reject<>(reason, text);
    }

    /** See {@link Disconnect}. */
    static <T> Verdict<T> disconnect(ReasonCode reason, String text) {
        return new Disconnect<>(reason, text);
    }

    /** See {@link Later}. */
    static <T> Verdict<T> later(CompletionStage<Verdict<T>> stage) {
        return new Later<>(stage);
    }

    private static void check(ReasonCode reason, String text) {
        if (!reason.isError()) {
            throw new IllegalArgumentException("a refusal needs an error, not " + reason);
        }
        Properties.builder().add(Property.REASON_STRING, text); // refuses what no packet can carry
    }
}
