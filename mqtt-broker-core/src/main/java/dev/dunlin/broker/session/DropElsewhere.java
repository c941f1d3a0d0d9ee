package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.DropReason;
import java.util.concurrent.atomic.AtomicBoolean;

/** A drop on another thread than that of its loop. It is counted once, by the loop, or by its thread if that has ended. */
final class DropElsewhere implements Runnable {
    private final Core core;
    private final Drops drops;
    private final String client;
    private final String topic;
    private final DropReason reason;
    private final AtomicBoolean counted = new AtomicBoolean();

    DropElsewhere(Core core, Drops drops, String client, String topic, DropReason reason) {
        this.core = core;
        this.drops = drops;
        this.client = client;
        this.topic = topic;
        this.reason = reason;
    }

    /** Its loop only; at its end too. */
    @Override
    public void run() {
        if (!counted.getAndSet(true)) {
            drops.count(client, topic, reason, 1);
        }
    }

    /** After the end of its loop; any thread. */
    void countLate() {
        if (!counted.getAndSet(true)) {
            core.droppedLate(client, topic, reason);
        }
    }
}
