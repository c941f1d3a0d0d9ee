package dev.dunlin.broker.store;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The one thread that writes to the engine: steps through a {@link CommitPipeline}, and sleeps when nothing is due. */
final class CommitThread extends Thread {
    private final CommitPipeline pipeline;
    private volatile boolean asleep;
    private volatile boolean ending;

    CommitThread(String name, CommitPipeline pipeline) {
        super(name);
        this.pipeline = pipeline;
        setDaemon(true);
    }

    @Override
    public void run() {
        while (!ending) {
            long waitMs = pipeline.step();
            if (waitMs > 0) {
                sleepUnlessNeeded(waitMs);
            }
        }
    }

    private void sleepUnlessNeeded(long waitMs) {
        asleep = true; // said first, then looked again: a change that comes now wakes this thread or is seen
        if ((pipeline.isIdle() || pipeline.isStalled()) && !ending) {
            pause(waitMs);
        }
        asleep = false;
    }

    /** Sleeps until {@link #wake}, or at most so long. */
    static void pause(long waitMs) {
        if (waitMs > 0) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(Math.min(waitMs, Integer.MAX_VALUE)));
        }
    }

    /** There is something to do. Any thread. */
    void wake() {
        if (asleep) {
            LockSupport.unpark(this);
        }
    }

    /** Ends after the step under way, if that takes no longer than this. Any other thread. Returns whether it has ended. */
    boolean end(long patienceMs) throws InterruptedException {
        ending = true;
        LockSupport.unpark(this);
        join(patienceMs);
        return !isAlive();
    }
}
