package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.routing.Targets;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.broker.store.SessionChanges;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The shared groups among the targets of the present publish. Whether one has an entry for it is asked once: a group may begin
 * to be stored at any moment. No delivery publishes before it returns, so there is one present publish. One per loop; loop only.
 */
final class SharedDeliveries { // hot
    private static final Target[] NONE = {};

    private final SessionLoop loop;
    private Target[] groups = NONE;
    private boolean[] stored = {};

    SharedDeliveries(SessionLoop loop) {
        this.loop = loop;
    }

    /** Another publish: nothing of it is stored so far. */
    void begin(Targets targets) {
        groups = targets.shared();
        if (groups.length > 0) {
            if (stored.length < groups.length) {
                stored = new boolean[groups.length];
            }
            Arrays.fill(stored, false);
        }
    }

    /** Decides which groups get an entry; returns how many do. */
    int decide(KeptMessage message) {
        int count = 0;
        for (int i = 0; i < groups.length; i++) {
            stored[i] = group(i).stores(message, groups[i]);
            count += stored[i] ? 1 : 0;
        }
        return count;
    }

    /** Stages their entries. */
    void stage(KeptMessage message, boolean reference, long publishedAtMs) {
        for (int i = 0; i < groups.length; i++) {
            if (stored[i]) {
                SessionChanges changes = new SessionChanges(loop.changes(), group(i).storedSid());
                StoredMessages.stage(changes, message, groups[i], reference, publishedAtMs);
            }
        }
    }

    /**
     * Hands the message to each group, and keeps none of them: the next publish may be long in coming.
     *
     * @param entry of those that have one
     * @return a loop that has been handed more than its budget; null if there is none
     */
    @Nullable
    SessionLoop handOver(KeptMessage message, long entry) {
        SessionLoop crowded = null;
        for (int i = 0; i < groups.length; i++) {
            SessionLoop over = group(i).offer(message, stored[i] ? entry : EntryId.NONE, loop);
            crowded = over == null ? crowded : over;
        }
        groups = NONE;
        return crowded;
    }

    private SharedGroup group(int i) {
        return (SharedGroup) groups[i].destination();
    }
}
