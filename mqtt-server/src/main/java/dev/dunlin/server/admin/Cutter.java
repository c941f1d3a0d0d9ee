package dev.dunlin.server.admin;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Interrupts threads that write for too long to a channel whose other end reads nothing, which closes it
 * ({@link java.nio.channels.InterruptibleChannel}). The server of the JDK has one bound for all answers: that of the longest.
 */
final class Cutter implements AutoCloseable {
    private final int seconds;
    private final ScheduledThreadPoolExecutor thread = new ScheduledThreadPoolExecutor(
            1,
            task -> {
                Thread made = new Thread(task, "dunlin-admin-cutter");
                made.setDaemon(true);
                return made;
            },
            new ThreadPoolExecutor.DiscardPolicy()); // at the end, which closes all connections anyway

    Cutter(int seconds) {
        this.seconds = seconds;
        thread.setRemoveOnCancelPolicy(true);
    }

    /** The calling thread has so many seconds from now on; its work is over with {@link Watch#close}. */
    Watch watch() {
        return new Watch();
    }

    /** One piece of work. */
    final class Watch implements AutoCloseable {
        private final Thread worker = Thread.currentThread();
        private final ScheduledFuture<?> end = thread.schedule(this::cut, seconds, TimeUnit.SECONDS);
        private boolean over;

        private synchronized void cut() {
            if (!over) {
                worker.interrupt();
            }
        }

        /** No interrupt comes after this. Worker only. */
        @Override
        public synchronized void close() {
            over = true;
            end.cancel(false);
        }
    }

    /** Cuts nothing any more. */
    @Override
    public void close() {
        thread.shutdownNow();
    }
}
