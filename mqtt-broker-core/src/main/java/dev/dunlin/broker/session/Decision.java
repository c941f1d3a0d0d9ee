package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.Verdict;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.ReasonCode;

/**
 * What the interceptors, all of them, have made of something.
 *
 * @param value what goes on; of one that doesn't, what it was last
 * @param isReplaced whether that is another than what they were asked about
 * @param reason SUCCESS for what goes on
 * @param text why not, for the client; may be empty
 */
public record Decision<T>(Kind kind, T value, boolean isReplaced, ReasonCode reason, String text) {

    /** What becomes of it. */
    public enum Kind {
        /** It goes on. */
        GOES_ON,
        /** It is rejected. */
        REJECTED,
        /** It is rejected because an interceptor has failed. */
        FAILED,
        /** Its connection is to be closed. */
        DISCONNECTED
    }

    /** It goes on. */
    static <T> Decision<T> goesOn(T value, boolean isReplaced) {
        return new Decision<>(Kind.GOES_ON, value, isReplaced, ReasonCode.SUCCESS, "");
    }

    static <T> Decision<T> rejected(T value, Verdict.Reject<T> verdict) {
        return new Decision<>(Kind.REJECTED, value, false, verdict.reason(), verdict.text());
    }

    static <T> Decision<T> disconnected(T value, Verdict.Disconnect<T> verdict) {
        return new Decision<>(Kind.DISCONNECTED, value, false, verdict.reason(), verdict.text());
    }

    static <T> Decision<T> failed(T value, Kind kind) {
        return new Decision<>(kind, value, false, ReasonCode.UNSPECIFIED_ERROR, "");
    }

    public boolean goesOn() {
        return kind == Kind.GOES_ON;
    }

    boolean disconnects() {
        return kind == Kind.DISCONNECTED;
    }

    boolean hasFailed() {
        return kind == Kind.FAILED;
    }

    /** The reason, if a packet of this type can carry it; else one that says less. */
    public ReasonCode reasonIn(PacketType type) {
        return reason.allowedIn(type) ? reason : ReasonCode.UNSPECIFIED_ERROR;
    }
}
