package dev.dunlin.broker.session;

/** Why a connection isn't read. It is read when none of these holds. */
public enum PauseReason {
    /** Its channel moves to the session's home loop. */
    MOVE,
    /** An authenticator hasn't answered yet. */
    PENDING_ANSWER,
    /** An interceptor hasn't answered yet. */
    INTERCEPTION,
    /** Its session is being opened, or its CONNACK is held back. */
    OPENING,
    /** It published to a loop whose mailbox is over its budget. */
    MAILBOX,
    /** It doesn't read what we send: far more than {@code Limits.outputBytesMax} waits in its channel. Its own fault. */
    OUTPUT,
    /** More changes than allowed are on their way to the store. */
    STORE,
    /** The store has no room or can't be written, and a 3.x client can't be told. */
    STORE_FAILED,
    /** It has published faster than it may. Its own fault. */
    RATE,
    /** Too many of the replies to it are held back by the durability gate. */
    COMMIT;

    /** Its bit in a set of reasons. */
    public int bit() {
        return 1 << ordinal();
    }
}
