package dev.dunlin.broker.simulation;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * What a JVM takes of the memory, in KiB.
 *
 * @param seconds since the JVM was started
 * @param heap used after a collection
 * @param direct taken for buffers outside the heap, whether in use or not
 * @param pinned the part of it that is in buffers which nobody has given back
 * @param resident of the process; 0 where the system doesn't tell
 * @param threads that live
 */
record MemoryUse(When when, long seconds, long heap, long direct, long pinned, long resident, long threads) {
    /** What the clients are up to. */
    enum When {
        BUSY,
        /** Nobody is connected, and nothing is kept. */
        AT_REST
    }

    /** Of this JVM. */
    static MemoryUse here(When when) throws IOException {
        System.gc();
        Runtime jvm = Runtime.getRuntime();
        long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
        return new MemoryUse(
                when,
                ManagementFactory.getRuntimeMXBean().getUptime() / 1_000,
                (jvm.totalMemory() - jvm.freeMemory()) >> 10,
                Math.max(direct, PlatformDependent.usedDirectMemory()) >> 10, // the one may count what the other does
                PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() >> 10,
                residentKiB(),
                ManagementFactory.getThreadMXBean().getThreadCount());
    }

    private static long residentKiB() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.isReadable(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .sum();
    }

    /** What {@link #toString} has said. */
    static MemoryUse parse(String words) {
        String[] each = words.split(" ");
        long[] n = Arrays.stream(each).skip(1).mapToLong(Long::parseLong).toArray();
        return new MemoryUse(When.valueOf(each[0]), n[0], n[1], n[2], n[3], n[4], n[5]);
    }

    @Override
    public String toString() {
        return when + " "
                + Arrays.stream(new long[] {seconds, heap, direct, pinned, resident, threads})
                        .mapToObj(Long::toString)
                        .collect(Collectors.joining(" "));
    }
}
