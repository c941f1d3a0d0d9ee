package dev.dunlin.broker.routing;

import dev.dunlin.codec.QoS;
import java.util.Arrays;

/** One destination of one match: what all its matching subscriptions together ask for. Immutable. */
public sealed class Target permits Subscription {
    /** No subscription identifiers. */
    public static final int[] NO_IDS = {};

    private static final int QOS = 3;
    private static final int NO_LOCAL = 1 << 2;
    private static final int RETAIN_AS_PUBLISHED = 1 << 3;
    private static final int SHARED = 1 << 4;
    private static final int PERSISTENT = 1 << 5;

    private final Destination destination;
    private final int[] subscriptionIds;

    /** Of the destination. There are as many subscriptions as that, so what is small is kept small. */
    private final short loopIndex;

    private final byte options;

    /** What one destination gets; takes the array of identifiers over. */
    public Target(Destination destination, QoS qos, boolean noLocal, boolean retainAsPublished, int[] subscriptionIds) {
        this.destination = destination;
        this.subscriptionIds = subscriptionIds;
        this.loopIndex = (short) destination.loopIndex();
        assert loopIndex == destination.loopIndex() : destination;
        this.options = (byte) (qos.level()
                | (noLocal ? NO_LOCAL : 0)
                | (retainAsPublished ? RETAIN_AS_PUBLISHED : 0)
                | (destination.isShared() ? SHARED : 0)
                | (destination.isPersistent() ? PERSISTENT : 0));
    }

    public final Destination destination() {
        return destination;
    }

    final int loopIndex() {
        return loopIndex;
    }

    final boolean isShared() {
        return (options & SHARED) != 0;
    }

    /** Whether the destination was persistent when this was made. */
    final boolean isPersistent() {
        return (options & PERSISTENT) != 0;
    }

    /** The highest granted QoS of the matching subscriptions [3.1.1:MQTT-3.3.5-1] [5.0:MQTT-3.3.4-2]. */
    public final QoS qos() {
        return QoS.of(options & QOS);
    }

    /** Whether every matching subscription withholds the subscriber's own messages. */
    public final boolean noLocal() {
        return (options & NO_LOCAL) != 0;
    }

    /** Whether any matching subscription wants the RETAIN flag as it was published. */
    public final boolean retainAsPublished() {
        return (options & RETAIN_AS_PUBLISHED) != 0;
    }

    /**
     * The identifiers of all matching subscriptions that have one [5.0:MQTT-3.3.4-3] [5.0:MQTT-3.3.4-4], in no particular
     * order. Length 0 and shared if none has. The caller must not change it.
     */
    public final int[] subscriptionIds() {
        return subscriptionIds;
    }

    @Override
    public String toString() {
        return destination + " " + qos() + (noLocal() ? " noLocal" : "")
                + (retainAsPublished() ? " retainAsPublished" : "")
                + (subscriptionIds.length == 0 ? "" : " " + Arrays.toString(subscriptionIds));
    }
}
