package dev.dunlin.store.tck;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.SplittableRandom;

/** Uses a store in a JVM of its own, which is killed, or whose system calls fail; acknowledged in a {@link Ledger}. */
final class ChildMain {
    private static final Set<Kind> HOPELESS = EnumSet.of(Kind.CORRUPT, Kind.VERSION);
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    /** So many failures are followed by a comparison of everything. */
    private static final int COMPARED_FAILURES = 3;

    private final StorageEngineProvider provider;
    private final Ledger ledger;
    private final Workload workload;
    private final ChildPlan plan;
    private final Path marker;

    private ChildMain(StorageEngineProvider provider, Path ledgerFile, ChildPlan plan) throws IOException {
        this.provider = provider;
        ledger = Ledger.in(ledgerFile);
        marker = marker(ledgerFile);
        this.plan = plan;
        workload = plan.workload();
    }

    /** What a child is to do. */
    enum Role {
        /** Opens the store, and closes it when told to. */
        OPEN,
        /** Writes batches, some of them synced, and closes, opens, compacts in between. Any failure ends it. */
        WRITE,
        /** Writes synced batches; after a failure it does what the broker does, until they are there. */
        PERSIST
    }

    /** Arguments: the class of the subclass of the kit, the store's folder, the ledger, and a {@link ChildPlan}. */
    public static void main(String[] args) throws Exception {
        Constructor<?> constructor = Class.forName(args[0]).getDeclaredConstructor();
        constructor.setAccessible(true);
        EngineTck tck = (EngineTck) constructor.newInstance();
        new ChildMain(tck.provider(Path.of(args[1])), Path.of(args[2]), ChildPlan.decode(args[3])).run();
    }

    /** Where a child leaves the mark of its first opening, in one write and one sync. */
    static Path marker(Path ledger) {
        return ledger.resolveSibling("marker");
    }

    private void mark() throws IOException {
        try (FileChannel channel = FileChannel.open(marker, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {1}));
            channel.force(false);
        }
    }

    private void run() throws Exception {
        switch (plan.role()) {
            case OPEN -> open();
            case WRITE -> write();
            case PERSIST -> persist();
        }
    }

    private void open() throws Exception {
        try (StorageEngine engine = provider.open()) {
            ledger.countOpened();
            Await.until("the end of " + engine.traits().name(), PATIENCE, ledger::isToldToFinish);
        } catch (StoreException e) {
            ledger.failed(e.kind());
        }
        ledger.done();
    }

    private void write() throws StoreException {
        SplittableRandom random = new SplittableRandom(plan.seed());
        long number = 0;
        long left = plan.batches();
        while (left > 0) {
            try (StorageEngine engine = provider.open()) {
                ledger.countOpened();
                number = TestStore.lastBatch(engine);
                for (int i = 0; i < plan.batchesPerOpening() && left > 0; i++, left--) {
                    writeOne(engine, ++number, random);
                }
                engine.compact(Space.values()[random.nextInt(Space.values().length)]);
            }
        }
        ledger.done();
    }

    private void writeOne(StorageEngine engine, long number, SplittableRandom random) throws StoreException {
        boolean sync = random.nextInt(8) == 0;
        engine.write(workload.batch(number), sync);
        if (!sync) {
            ledger.written(number);
            if (random.nextInt(32) != 0) {
                return;
            }
            engine.sync();
        }
        ledger.synced(number);
    }

    private void persist() throws StoreException, IOException {
        StorageEngine engine = openPatiently();
        mark();
        long number = TestStore.lastBatch(engine);
        for (long left = plan.batches(); left > 0 && !ledger.isToldToFinish(); ) {
            try {
                if (number > ledger.synced()) {
                    engine.sync(); // it was found after a failure
                } else {
                    engine.write(workload.batch(++number), true);
                    left--;
                }
                ledger.synced(number);
            } catch (StoreException e) {
                ledger.failed(refuseHopeless(e).kind());
                compare(engine, ledger.synced());
                engine = again(engine, e);
                number = TestStore.lastBatch(engine);
                compare(engine, ledger.synced());
            }
        }
        ledger.done();
        Await.until("the end", PATIENCE, ledger::isToldToFinish);
        engine.close();
    }

    /** What the broker does: tries again in place if the failure has left no trace, else with an engine opened anew. */
    private StorageEngine again(StorageEngine failed, StoreException failure) throws StoreException {
        Await.aMoment();
        if (failure.kind() == Kind.FULL && failed.traits().failedWriteLeavesNoTrace()) {
            return failed;
        }
        try {
            failed.close();
        } catch (StoreException e) { // a failed engine may say so once more; it has let go
            refuseHopeless(e);
        }
        return openPatiently();
    }

    private StorageEngine openPatiently() throws StoreException {
        long endNs = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                StorageEngine engine = provider.open();
                ledger.countOpened();
                return engine;
            } catch (StoreException e) {
                ledger.countOpeningFailed();
                if (System.nanoTime() > endNs || e.kind() == Kind.LOCKED) {
                    throw e;
                }
                refuseHopeless(e);
                Await.aMoment();
            }
        }
    }

    /** Everything acknowledged is readable, though a write has failed. */
    private void compare(StorageEngine engine, long acknowledged) throws StoreException {
        if (ledger.failures() > COMPARED_FAILURES) {
            return;
        }
        Contents found = TestStore.contents(engine);
        long last = Workload.last(found);
        if (last != acknowledged && last != acknowledged + 1) {
            throw new AssertionError("acknowledged until batch " + acknowledged + ", found until " + last);
        }
        String difference = workload.after(last).difference(found);
        if (!difference.isEmpty()) {
            throw new AssertionError("after a failure behind batch " + last + ": " + difference);
        }
    }

    private static StoreException refuseHopeless(StoreException e) throws StoreException {
        if (HOPELESS.contains(e.kind())) {
            throw e;
        }
        return e;
    }
}
