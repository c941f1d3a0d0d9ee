package dev.dunlin.broker;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.store.Tally;

/**
 * How much of everything a store holds.
 *
 * @param sessions persistent sessions, connected or not
 * @param subscriptions of these, shared ones included
 * @param sharedGroups groups of shared subscriptions with such members
 * @param queued messages that wait for sessions and groups, or are under way to them: one for each receiver
 * @param messages that lie beside the queues, once for all receivers
 * @param retained retained messages
 * @param outbound QoS 2 exchanges towards clients that are under way
 * @param inbound QoS 2 packet ids of clients that are in use
 */
public record StoreCounts(
        long sessions,
        long subscriptions,
        long sharedGroups,
        long queued,
        long messages,
        long retained,
        long outbound,
        long inbound) {

    static StoreCounts of(Tally tally) {
        return new StoreCounts(
                tally.sessions(),
                tally.subscriptions(),
                tally.groups(),
                tally.entries(Space.QUEUE),
                tally.entries(Space.MESSAGE),
                tally.entries(Space.RETAINED),
                tally.exchanges(),
                tally.received());
    }
}
