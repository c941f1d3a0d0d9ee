package dev.dunlin.broker;

import dev.dunlin.broker.net.Acceptor;
import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.spi.Limits;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The bounds of a running broker and of its listeners. One change at a time, and each goes all the way before the next begins:
 * so whoever is last is last everywhere. Any thread.
 *
 * <p>A change is a reference that is replaced, in three places: the {@link Core}'s, for what is asked rarely; each event loop's,
 * by the loop, for what is asked with each message; and each acceptor's, of which a connection takes the one that is there when
 * it comes.
 */
final class LiveLimits {
    private final Core core;
    private final InProcess inProcess;
    private final Map<String, Bounded> listeners = new LinkedHashMap<>();

    /**
     * A listener.
     *
     * @param own what it has of its own; null if it shares all bounds, and what is counted for them, with others
     */
    private record Bounded(Acceptor acceptor, @Nullable Map<String, Object> own) {}

    LiveLimits(Core core, InProcess inProcess) {
        this.core = core;
        this.inProcess = inProcess;
    }

    /** A listener, at the start. */
    synchronized void add(String name, Acceptor acceptor, @Nullable Limits own) {
        listeners.put(name, new Bounded(acceptor, own == null ? null : ListenerLimits.own(own, core.limits())));
    }

    /** The bounds of a listener. */
    synchronized Limits of(String listener) {
        return known(listener).acceptor.limits();
    }

    private Bounded known(String listener) {
        Bounded known = listeners.get(listener);
        if (known == null) {
            throw new IllegalArgumentException("no listener is named " + listener);
        }
        return known;
    }

    /** Changes those of the broker, and of the listeners what they haven't of their own. */
    synchronized CompletableFuture<Void> change(Limits changed) {
        inProcess.sockets().limits(changed);
        inProcess.sessions().limits(InProcess.ofSessions(changed));
        listeners.values().forEach(listener -> {
            Map<String, Object> own = listener.own;
            listener.acceptor.limits(own == null ? changed : ListenerLimits.of(own, changed));
        });
        return core.limits(changed);
    }

    /** Changes those of a listener. */
    synchronized CompletableFuture<Void> change(String listener, Limits changed) {
        Bounded known = known(listener);
        if (known.own == null) {
            throw new IllegalArgumentException("listener " + listener
                    + " was started without bounds of its own, and shares those of the broker until the next start");
        }
        String fault = ListenerLimits.fault(listener, changed, core.limits());
        if (fault != null) {
            throw new IllegalArgumentException(fault);
        }
        listeners.put(listener, new Bounded(known.acceptor, ListenerLimits.own(changed, core.limits())));
        known.acceptor.limits(changed);
        return core.limits(core.limits()); // completes behind what this has given the loops to do
    }
}
