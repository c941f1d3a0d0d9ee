package dev.dunlin.benchmarks;

import dev.dunlin.broker.routing.Destination;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A thread that subscribes and unsubscribes clients of a fleet in turn, at a steady rate. */
final class Churn {
    private static final int NEWCOMERS = 1 << 10;

    private final FleetTree fleet;
    private final int changesPerSecond;
    private final Destination[] clients = FleetTree.clients(NEWCOMERS);
    private final String[] filters;
    private final Thread thread = new Thread(this::run, "churn");
    private volatile boolean stopped;

    private Churn(FleetTree fleet, int changesPerSecond) {
        this.fleet = fleet;
        this.changesPerSecond = changesPerSecond;
        filters = fleet.newcomers(NEWCOMERS);
    }

    /** Starts it; with a rate of 0 nothing happens. */
    static Churn start(FleetTree fleet, int changesPerSecond) {
        Churn churn = new Churn(fleet, changesPerSecond);
        churn.thread.setDaemon(true);
        if (changesPerSecond > 0) {
            churn.thread.start();
        }
        return churn;
    }

    private void run() {
        long begin = System.nanoTime();
        for (long change = 0; !stopped; change++) {
            int client = (int) (change / 2 % NEWCOMERS);
            if (change % 2 == 0) {
                fleet.subscribe(clients[client], filters[client]);
            } else {
                fleet.unsubscribe(clients[client], filters[client]);
            }
            long due = begin + (change + 1) * TimeUnit.SECONDS.toNanos(1) / changesPerSecond;
            for (long now = System.nanoTime(); now < due && !stopped; now = System.nanoTime()) {
                LockSupport.parkNanos(this, due - now);
            }
        }
    }

    /** Ends it. */
    void stop() throws InterruptedException {
        stopped = true;
        LockSupport.unpark(thread);
        thread.join();
    }
}
