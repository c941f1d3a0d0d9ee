package dev.dunlin.broker.spi;

/**
 * What a connection and its session are granted.
 *
 * @param sessionExpirySeconds for how long the session outlives its connection, 0 to 4,294,967,295, which is for ever
 * @param keepAliveSeconds the keep alive, 0 to 65,535; 0 for none
 */
public record ConnectTerms(long sessionExpirySeconds, int keepAliveSeconds) {
    private static final long EXPIRY_MAX = 0xFFFF_FFFFL;
    private static final int KEEP_ALIVE_MAX = 65_535;

    /**
     * Checks both.
     *
     * @throws IllegalArgumentException for a number out of range
     */
    public ConnectTerms {
        if (sessionExpirySeconds < 0 || sessionExpirySeconds > EXPIRY_MAX) {
            throw new IllegalArgumentException(
                    "a session expiry interval is 0 to " + EXPIRY_MAX + " s, not " + sessionExpirySeconds);
        }
        if (keepAliveSeconds < 0 || keepAliveSeconds > KEEP_ALIVE_MAX) {
            throw new IllegalArgumentException(
                    "a keep alive is 0 to " + KEEP_ALIVE_MAX + " s, not " + keepAliveSeconds);
        }
    }

    /** The same with another session expiry interval. */
    public ConnectTerms withSessionExpirySeconds(long seconds) {
        return new ConnectTerms(seconds, keepAliveSeconds);
    }

    /** The same with another keep alive. */
    public ConnectTerms withKeepAliveSeconds(int seconds) {
        return new ConnectTerms(sessionExpirySeconds, seconds);
    }
}
