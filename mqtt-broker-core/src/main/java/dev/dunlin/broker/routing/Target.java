package dev.dunlin.broker.routing;

import dev.dunlin.codec.QoS;
import java.util.Arrays;

/** One destination of one match: what all its matching subscriptions together ask for. Immutable. */
public final class Target {
    /** No subscription identifiers. */
    public static final int[] NO_IDS = {};

    private final Destination destination;
    private final QoS qos;
    private final boolean noLocal;
    private final boolean retainAsPublished;
    private final int loopIndex;
    private final boolean shared;
    private final int[] subscriptionIds;

    /** What one destination gets; takes the array of identifiers over. */
    public Target(Destination destination, QoS qos, boolean noLocal, boolean retainAsPublished, int[] subscriptionIds) {
        this.destination = destination;
        this.qos = qos;
        this.noLocal = noLocal;
        this.retainAsPublished = retainAsPublished;
        this.subscriptionIds = subscriptionIds;
        this.loopIndex = destination.loopIndex();
        this.shared = destination.isShared();
    }

    public Destination destination() {
        return destination;
    }

    int loopIndex() {
        return loopIndex;
    }

    boolean isShared() {
        return shared;
    }

    /** The highest granted QoS of the matching subscriptions [3.1.1:MQTT-3.3.5-1] [5.0:MQTT-3.3.4-2]. */
    public QoS qos() {
        return qos;
    }

    /** Whether every matching subscription withholds the subscriber's own messages. */
    public boolean noLocal() {
        return noLocal;
    }

    /** Whether any matching subscription wants the RETAIN flag as it was published. */
    public boolean retainAsPublished() {
        return retainAsPublished;
    }

    /**
     * The identifiers of all matching subscriptions that have one [5.0:MQTT-3.3.4-3] [5.0:MQTT-3.3.4-4], in no particular
     * order. Length 0 and shared if none has. The caller must not change it.
     */
    public int[] subscriptionIds() {
        return subscriptionIds;
    }

    @Override
    public String toString() {
        return destination + " " + qos + (noLocal ? " noLocal" : "") + (retainAsPublished ? " retainAsPublished" : "")
                + (subscriptionIds.length == 0 ? "" : " " + Arrays.toString(subscriptionIds));
    }
}
