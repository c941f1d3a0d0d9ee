package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.store.EntryId;
import org.jspecify.annotations.Nullable;

/** One thing handed to a loop: a publish with its targets there, or a task. Owns a reference to the message. */
final class Entry { // hot
    private static final Target[] NONE = {};
    private static final int TARGET_BYTES = 16;

    final @Nullable KeptMessage message;
    final Target[] targets;
    final long stored;
    final int bytes;
    private final @Nullable Runnable task;
    int next;

    Entry(KeptMessage message, Target[] targets, long stored) {
        this.message = message;
        this.stored = stored;
        this.targets = targets;
        this.task = null;
        this.bytes = message.footprintBytes() + targets.length * TARGET_BYTES;
    }

    Entry(Runnable task) {
        this.message = null;
        this.stored = EntryId.NONE;
        this.targets = NONE;
        this.task = task;
        this.bytes = 0;
    }

    Runnable task() {
        assert task != null : "an entry is a publish or a task";
        return task;
    }
}
