package dev.dunlin.server;

import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The broker's {@code Main}, in a JVM that watches how much memory it takes for buffers outside the heap: when its standard input
 * ends it says {@code direct}, and the most that it was, in bytes.
 */
final class WatchedMain {
    private static final long LOOK_EVERY_MS = 2;

    private WatchedMain() {}

    public static void main(String[] args) throws Exception {
        AtomicLong most = new AtomicLong();
        Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "watch"))
                .scheduleAtFixedRate(
                        () -> most.accumulateAndGet(directBytes(), Math::max), 0, LOOK_EVERY_MS, TimeUnit.MILLISECONDS);
        daemon(() -> tell(most), "tell").start();
        Main.main(args);
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    private static void tell(AtomicLong most) {
        try {
            System.in.transferTo(OutputStream.nullOutputStream());
            System.out.println("direct " + most);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long directBytes() {
        return Math.max(
                PlatformDependent.usedDirectMemory(),
                ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                        .mapToLong(BufferPoolMXBean::getMemoryUsed)
                        .sum());
    }
}
