package dev.dunlin.broker.routing;

import dev.dunlin.codec.QoS;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Makes the {@link Targets} of a topic: one target per destination, whatever the number of its matching subscriptions.
 *
 * <p>Matches are noted in the order of their arrival; those of one destination form a chain from the last to the first. The
 * destination's last match is found through a hash table with open addressing, whose slots carry the number of the match
 * (the epoch) for which they are valid: nothing is cleared between two matches. All of this is reused: a match allocates
 * nothing but its result, and there a target only for a destination with several subscriptions, the others bringing theirs.
 *
 * <p>One thread at a time; each loop has its own.
 */
public final class TargetCollector implements MatchSink { // hot
    private static final int CAPACITY_INITIAL = 64;

    /** Space beyond the initial is given back after so many matches in a row that needed less than a quarter of it. */
    private static final int SMALL_MATCHES_MAX = 1_000;

    private static final int NO_MATCH = -1;

    final Matcher matcher = new Matcher();

    /** For each loop the number of its destinations. */
    private int[] loopCounts = {};

    private int sharedCount;

    private @Nullable Subscription[] matches = new Subscription[CAPACITY_INITIAL];
    private int matchCount;

    /** For each match the destination's match before it, or NO_MATCH. */
    private int[] earlier = new int[CAPACITY_INITIAL];

    /** For each destination its last match. */
    private int[] last = new int[CAPACITY_INITIAL];

    private int destinationCount;

    /** Epoch and number of a destination, in the upper and lower 32 bits; a power of two, at most half full. */
    private long[] table = new long[2 * CAPACITY_INITIAL];

    /** Never 0, which is in free slots. */
    private int epoch;

    private int smallMatches;

    /** Before a match. */
    void begin(int loops) {
        if (loopCounts.length < loops) {
            loopCounts = new int[loops];
        }
        Arrays.fill(loopCounts, 0);
        matchCount = 0;
        destinationCount = 0;
        sharedCount = 0;
        if (++epoch == 0) {
            Arrays.fill(table, 0); // 2^32 matches later, an old slot could look valid
            epoch = 1;
        }
    }

    /** Called by the match. */
    @Override
    public void accept(Subscription subscription) {
        if (matchCount == matches.length) {
            grow();
        }
        int match = matchCount++;
        matches[match] = subscription;
        int slot = slotOf(subscription);
        if (isTaken(slot)) {
            int destination = (int) table[slot];
            earlier[match] = last[destination];
            last[destination] = match;
        } else {
            int destination = destinationCount++;
            table[slot] = (long) epoch << 32 | destination;
            earlier[match] = NO_MATCH;
            last[destination] = match;
            count(subscription.target());
        }
    }

    private void count(Target target) {
        if (target.isShared()) {
            sharedCount++;
        } else {
            loopCounts[target.loopIndex()]++;
        }
    }

    /** The slot of the subscription's destination, or the free one where it belongs. */
    private int slotOf(Subscription subscription) {
        int mask = table.length - 1;
        int slot = subscription.hash() & mask;
        while (isTaken(slot) && !subscription.matches(match(last[(int) table[slot]]))) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private boolean isTaken(int slot) {
        return (int) (table[slot] >>> 32) == epoch;
    }

    @SuppressWarnings("NullAway") // below matchCount
    private Subscription match(int i) {
        return matches[i];
    }

    private void grow() {
        int capacity = 2 * matches.length;
        matches = Arrays.copyOf(matches, capacity);
        earlier = Arrays.copyOf(earlier, capacity);
        last = Arrays.copyOf(last, capacity);
        table = new long[2 * capacity];
        for (int i = 0; i < destinationCount; i++) {
            table[slotOf(match(last[i]))] = (long) epoch << 32 | i;
        }
    }

    private Targets targets(int loops, long generation) {
        Target[][] byLoop = new Target[loops][];
        for (int loop = 0; loop < loops; loop++) {
            byLoop[loop] = loopCounts[loop] == 0 ? Targets.NONE : new Target[loopCounts[loop]];
        }
        Target[] shared = sharedCount == 0 ? Targets.NONE : new Target[sharedCount];
        for (int i = 0; i < destinationCount; i++) {
            Target target = targetOf(last[i]);
            if (target.isShared()) {
                shared[--sharedCount] = target;
            } else {
                int loop = target.loopIndex();
                byLoop[loop][--loopCounts[loop]] = target;
            }
        }
        return new Targets(byLoop, shared, destinationCount, generation);
    }

    private Target targetOf(int lastMatch) {
        return earlier[lastMatch] == NO_MATCH ? match(lastMatch).target() : overlapping(lastMatch);
    }

    /** [3.1.1:MQTT-3.3.5-1] [5.0:MQTT-3.3.4-2] [5.0:MQTT-3.3.4-3] [5.0:MQTT-3.3.4-4] */
    private Target overlapping(int lastMatch) {
        QoS qos = QoS.AT_MOST_ONCE;
        boolean noLocal = true;
        boolean retainAsPublished = false;
        int idCount = 0;
        for (int i = lastMatch; i != NO_MATCH; i = earlier[i]) {
            Subscription subscription = match(i);
            qos = subscription.qos().compareTo(qos) > 0 ? subscription.qos() : qos;
            noLocal &= subscription.noLocal();
            retainAsPublished |= subscription.retainAsPublished();
            idCount += subscription.subscriptionId() == 0 ? 0 : 1;
        }
        Destination destination = match(lastMatch).destination();
        return new Target(destination, qos, noLocal, retainAsPublished, subscriptionIds(lastMatch, idCount));
    }

    private int[] subscriptionIds(int lastMatch, int count) {
        if (count == 0) {
            return Target.NO_IDS;
        }
        int[] ids = new int[count];
        for (int i = lastMatch; i != NO_MATCH; i = earlier[i]) {
            int id = match(i).subscriptionId();
            if (id != 0) {
                ids[--count] = id;
            }
        }
        return ids;
    }

    /**
     * After a match: its result.
     *
     * @param generation of the tree, taken before the match
     */
    Targets end(int loops, long generation) {
        Targets targets = destinationCount == 0
                ? new Targets(Targets.NO_LOOPS, Targets.NONE, 0, generation)
                : targets(loops, generation);
        forget();
        return targets;
    }

    /** Keeps no subscription alive, nor much more space than the matches of these days need. */
    private void forget() {
        Arrays.fill(matches, 0, matchCount, null);
        if (matches.length == CAPACITY_INITIAL || matchCount >= matches.length / 4) {
            smallMatches = 0;
        } else if (++smallMatches == SMALL_MATCHES_MAX) {
            smallMatches = 0;
            matches = new Subscription[CAPACITY_INITIAL];
            earlier = new int[CAPACITY_INITIAL];
            last = new int[CAPACITY_INITIAL];
            table = new long[2 * CAPACITY_INITIAL];
        }
    }
}
