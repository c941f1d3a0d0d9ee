package dev.dunlin.broker.spi;

import java.time.Duration;

/**
 * What a trace shows, and where it ends. Start with {@link #ofClient} or {@link #ofTopic}.
 *
 * @param clientId every packet of the client with this identifier; empty for all clients
 * @param topicFilter only PUBLISH packets with a topic that matches; empty for all packets
 * @param payloadCharsMax so much of a payload is shown, in characters, 0 to 1,024
 * @param linesMax the trace ends with so many lines, its first one included, 1 to 1,000,000,000
 * @param durationMax the trace ends after so long, from 1 ms to 30 days
 * @param waitingLinesMax lines that wait to be taken, 1 to 1,000,000; further ones are lost and counted. One has 2,048 characters
 *     at most
 */
public record TraceOptions(
        String clientId,
        String topicFilter,
        int payloadCharsMax,
        long linesMax,
        Duration durationMax,
        int waitingLinesMax) {
    private static final int PAYLOAD_CHARS = 64;
    private static final long LINES = 100_000;
    private static final Duration DURATION = Duration.ofMinutes(10);
    private static final int WAITING_LINES = 4_096;

    /**
     * Checks.
     *
     * @throws IllegalArgumentException for a value out of range, or if everything of everybody would be traced
     */
    public TraceOptions {
        if (clientId.isEmpty() && topicFilter.isEmpty()) {
            throw new IllegalArgumentException("a trace is of a client, of a topic filter, or of both");
        }
        range("payloadCharsMax", payloadCharsMax, 0, 1_024);
        range("linesMax", linesMax, 1, 1_000_000_000);
        range(
                "durationMax, in ms,",
                durationMax.toMillis(),
                1,
                Duration.ofDays(30).toMillis());
        range("waitingLinesMax", waitingLinesMax, 1, 1_000_000);
    }

    private static void range(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " is " + value + ", not between " + min + " and " + max);
        }
    }

    /** Every packet of a client: with 64 characters of a payload, 100,000 lines and 10 minutes at most. */
    public static TraceOptions ofClient(String clientId) {
        return new TraceOptions(clientId, "", PAYLOAD_CHARS, LINES, DURATION, WAITING_LINES);
    }

    /** The PUBLISH packets of all clients whose topics match; else as {@link #ofClient}. */
    public static TraceOptions ofTopic(String topicFilter) {
        return new TraceOptions("", topicFilter, PAYLOAD_CHARS, LINES, DURATION, WAITING_LINES);
    }

    /** These options, and only PUBLISH packets whose topics match. */
    public TraceOptions withTopic(String filter) {
        return new TraceOptions(clientId, filter, payloadCharsMax, linesMax, durationMax, waitingLinesMax);
    }

    /** These options with another {@link #payloadCharsMax()}. */
    public TraceOptions withPayloadCharsMax(int v) {
        return new TraceOptions(clientId, topicFilter, v, linesMax, durationMax, waitingLinesMax);
    }

    /** These options with another {@link #linesMax()}. */
    public TraceOptions withLinesMax(long v) {
        return new TraceOptions(clientId, topicFilter, payloadCharsMax, v, durationMax, waitingLinesMax);
    }

    /** These options with another {@link #durationMax()}. */
    public TraceOptions withDurationMax(Duration v) {
        return new TraceOptions(clientId, topicFilter, payloadCharsMax, linesMax, v, waitingLinesMax);
    }

    /** These options with another {@link #waitingLinesMax()}. */
    public TraceOptions withWaitingLinesMax(int v) {
        return new TraceOptions(clientId, topicFilter, payloadCharsMax, linesMax, durationMax, v);
    }
}
