package dev.dunlin.server.admin;

import dev.dunlin.broker.BrokerStats;

/**
 * What a broker has done per second, between two looks at it.
 *
 * @param publishesReceived PUBLISH packets of clients
 * @param publishesSent PUBLISH packets to clients
 * @param bytesReceived of MQTT
 * @param bytesSent of MQTT
 * @param dropped deliveries that were not made
 */
record Rates(double publishesReceived, double publishesSent, double bytesReceived, double bytesSent, double dropped) {
    static final Rates NONE = new Rates(0, 0, 0, 0, 0);
    private static final double NANOS = 1e9;
    private static final double DECIMALS = 100;

    /** The totals of a broker as of a moment of {@code System.nanoTime}. */
    record Totals(
            long nanos, long publishesReceived, long publishesSent, long bytesReceived, long bytesSent, long dropped) {
        static Totals of(BrokerStats stats, long nanos) {
            return new Totals(
                    nanos,
                    stats.received().publishes(),
                    stats.sent().publishes(),
                    stats.received().bytes(),
                    stats.sent().bytes(),
                    stats.dropped().values().stream().mapToLong(Long::longValue).sum());
        }
    }

    static Rates between(Totals before, Totals after) {
        double seconds = (after.nanos - before.nanos) / NANOS;
        if (seconds <= 0) {
            return NONE;
        }
        return new Rates(
                rate(after.publishesReceived - before.publishesReceived, seconds),
                rate(after.publishesSent - before.publishesSent, seconds),
                rate(after.bytesReceived - before.bytesReceived, seconds),
                rate(after.bytesSent - before.bytesSent, seconds),
                rate(after.dropped - before.dropped, seconds));
    }

    private static double rate(long more, double seconds) {
        return Math.rint(more / seconds * DECIMALS) / DECIMALS;
    }
}
