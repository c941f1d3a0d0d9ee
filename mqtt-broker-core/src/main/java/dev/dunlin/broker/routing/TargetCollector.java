package dev.dunlin.broker.routing;

import dev.dunlin.codec.QoS;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Makes the {@link Targets} of a topic: one target per destination, whatever the number of its matching subscriptions.
 *
 * <p>Matches are noted in the order of their arrival. Those of a single filter are the targets. Otherwise, those of one
 * destination form a chain from the last to the first, and the destination's last match is found through a hash table with
 * open addressing, whose slots carry the number of the match (the epoch) for which they are valid: nothing is cleared between
 * two matches. All of this is reused: a match allocates nothing but its result, and there a target only for a destination with
 * several subscriptions, the others being their own.
 *
 * <p>One thread at a time; each loop has its own.
 */
public final class TargetCollector implements MatchSink { // hot
    private static final int CAPACITY_INITIAL = 64;

    /** Space beyond the initial is given back after so many matches in a row that needed less than a quarter of it. */
    private static final int SMALL_MATCHES_MAX = 1_000;

    private static final int NO_MATCH = -1;

    final Matcher matcher = new Matcher();

    private boolean isOneFilter;
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

    /** For each destination its target, unless there was one filter only, whose matches are the targets. */
    private @Nullable Target[] merged = new Target[CAPACITY_INITIAL];

    /** For each target the place where it goes: its loop, or behind all loops if it is shared. */
    private short[] places = new short[CAPACITY_INITIAL];

    /** For each place how many targets go there. */
    private int[] counts = {};

    private int smallMatches;

    /** What topics get that nobody listens to, as long as nobody subscribes to anything. */
    private Targets nobody = new Targets(Targets.NO_LOOPS, Targets.NONE, 0, 0, -1);

    /**
     * Before the subscriptions of a match.
     *
     * @param filters number of filters that match: of one, no destination has two subscriptions
     */
    void begin(int loops, int filters) {
        if (counts.length <= loops) {
            counts = new int[loops + 1];
        }
        Arrays.fill(counts, 0);
        isOneFilter = filters == 1;
        matchCount = 0;
    }

    /** Instead, if there is nothing to collect. */
    void pause() {
        matchCount = 0;
        forget();
    }

    /** Called by the match. */
    @Override
    public void accept(Subscription subscription) {
        if (matchCount == matches.length) {
            matches = Arrays.copyOf(matches, 2 * matchCount);
        }
        matches[matchCount++] = subscription;
    }

    /**
     * After a match: its result.
     *
     * @param generation of the tree, of the moment that was matched
     */
    Targets end(int loops, long generation) {
        Targets targets;
        if (matchCount == 0) {
            if (nobody.generation() != generation) {
                nobody = new Targets(Targets.NO_LOOPS, Targets.NONE, 0, 0, generation);
            }
            targets = nobody;
        } else if (isOneFilter) {
            targets = grouped(matches, matchCount, loops, generation);
        } else {
            chain();
            merge();
            targets = grouped(merged, destinationCount, loops, generation);
        }
        forget();
        return targets;
    }

    private Targets grouped(@Nullable Target[] found, int count, int loops, long generation) {
        if (places.length < count) {
            places = new short[found.length];
        }
        int persistent = 0;
        for (int i = 0; i < count; i++) {
            Target target = at(found, i);
            int place = target.isShared() ? loops : target.loopIndex();
            places[i] = (short) place;
            counts[place]++;
            persistent += target.isPersistent() ? 1 : 0;
        }
        Target[][] byPlace = new Target[loops + 1][];
        for (int place = 0; place <= loops; place++) {
            byPlace[place] = counts[place] == 0 ? Targets.NONE : new Target[counts[place]];
        }
        for (int i = 0; i < count; i++) {
            int place = places[i];
            byPlace[place][--counts[place]] = at(found, i);
        }
        return new Targets(byPlace, byPlace[loops], count, persistent, generation);
    }

    @SuppressWarnings("NullAway") // below the count
    private static Target at(@Nullable Target[] found, int i) {
        return found[i];
    }

    /** Finds the destinations, each with the chain of its matches. */
    private void chain() {
        if (last.length < matchCount) {
            earlier = new int[matches.length];
            last = new int[matches.length];
            table = new long[2 * matches.length];
        }
        if (++epoch == 0) {
            Arrays.fill(table, 0); // 2^32 matches later, an old slot could look valid
            epoch = 1;
        }
        destinationCount = 0;
        for (int match = 0; match < matchCount; match++) {
            int slot = slotOf(match(match));
            int destination = isTaken(slot) ? (int) table[slot] : destinationCount++;
            earlier[match] = isTaken(slot) ? last[destination] : NO_MATCH;
            last[destination] = match;
            table[slot] = (long) epoch << 32 | destination;
        }
    }

    /** The slot of the subscription's destination, or the free one where it belongs. */
    private int slotOf(Subscription subscription) {
        int mask = table.length - 1;
        int slot = subscription.hash() & mask;
        while (isTaken(slot)
                && subscription.destination() != match(last[(int) table[slot]]).destination()) {
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

    private void merge() {
        if (merged.length < destinationCount) {
            merged = new Target[matches.length];
        }
        for (int i = 0; i < destinationCount; i++) {
            merged[i] = targetOf(last[i]);
        }
    }

    private Target targetOf(int lastMatch) {
        return earlier[lastMatch] == NO_MATCH ? match(lastMatch) : overlapping(lastMatch);
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

    /** Keeps no subscription alive, nor much more space than the matches of these days need. */
    private void forget() {
        Arrays.fill(matches, 0, matchCount, null);
        Arrays.fill(merged, 0, isOneFilter ? 0 : Math.min(matchCount, merged.length), null);
        if (matches.length == CAPACITY_INITIAL || matchCount >= matches.length / 4) {
            smallMatches = 0;
        } else if (++smallMatches == SMALL_MATCHES_MAX) {
            smallMatches = 0;
            matches = new Subscription[CAPACITY_INITIAL];
            earlier = new int[CAPACITY_INITIAL];
            last = new int[CAPACITY_INITIAL];
            table = new long[2 * CAPACITY_INITIAL];
            merged = new Target[CAPACITY_INITIAL];
            places = new short[CAPACITY_INITIAL];
        }
    }
}
