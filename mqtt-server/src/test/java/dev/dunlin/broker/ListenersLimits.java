package dev.dunlin.broker;

import dev.dunlin.broker.spi.Limits;

/** Which bounds a listener may have of its own, as tests outside of the core see them. */
public final class ListenersLimits {
    private ListenersLimits() {}

    /** Whether a listener may have these limits at a broker with those of {@link Limits#STANDALONE}. */
    public static boolean areAllowed(Limits own) {
        return ListenerLimits.fault("tcp", own, Limits.STANDALONE) == null;
    }
}
