package dev.dunlin.codec;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class that leaks a Netty buffer. Registered for every module that has this test-jar on its test class path.
 * Needs {@code -Dio.netty.leakDetection.level=paranoid} and error logging for Netty, without which it reports nothing.
 *
 * <p>Netty notices a leak when the buffer has been collected and then another one is allocated; so after each class the
 * garbage collector runs until a reference of our own comes out of its queue, and one more buffer is allocated. Twice:
 * references are queued in no order, and freeing one leak may free another.
 */
@SuppressWarnings("exports") // JUnit isn't a module here
public final class LeakExtension implements BeforeAllCallback, AfterAllCallback {
    private static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();
    private static final long COLLECTION_MAX_MS = 10_000;

    /** For JUnit. */
    public LeakExtension() {}

    @Override
    public void beforeAll(ExtensionContext context) {
        ByteBufUtil.setLeakListener((type, records) -> LEAKS.add(type + records));
    }

    @Override
    public void afterAll(ExtensionContext context) throws InterruptedException {
        failOnLeaks(context.getDisplayName());
    }

    /** Throws when anything leaked since the last call. */
    static void failOnLeaks(String testClass) throws InterruptedException {
        List<String> leaks = new ArrayList<>();
        for (int round = 0; round < 2; round++) {
            collectGarbage();
            PooledByteBufAllocator.DEFAULT.heapBuffer(1).release();
            for (String leak = LEAKS.poll(); leak != null; leak = LEAKS.poll()) {
                leaks.add(leak);
            }
        }
        if (!leaks.isEmpty()) {
            throw new AssertionError(testClass + " leaks buffers: " + String.join("\n", leaks));
        }
    }

    private static void collectGarbage() throws InterruptedException {
        ReferenceQueue<Object> collected = new ReferenceQueue<>();
        WeakReference<Object> sentinel = new WeakReference<>(new Object(), collected);
        System.gc();
        if (collected.remove(COLLECTION_MAX_MS) != sentinel) {
            throw new AssertionError("The garbage collector doesn't collect: leaks can't be found");
        }
    }
}
