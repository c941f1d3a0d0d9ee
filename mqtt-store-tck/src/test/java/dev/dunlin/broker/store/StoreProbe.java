package dev.dunlin.broker.store;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Shows a simulation what is on its way to the store. */
public final class StoreProbe {
    private static final VarHandle PIPELINE;
    private static final VarHandle PENDING_BYTES;

    static {
        try {
            PIPELINE = MethodHandles.privateLookupIn(Store.class, MethodHandles.lookup())
                    .findVarHandle(Store.class, "pipeline", CommitPipeline.class);
            PENDING_BYTES = MethodHandles.privateLookupIn(CommitPipeline.class, MethodHandles.lookup())
                    .findVarHandle(CommitPipeline.class, "pendingBytes", AtomicLong.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private StoreProbe() {}

    /** Says so if more than {@code bytesMax} are on their way to the engine; null if not. */
    public static @Nullable String overLimit(Store store, long bytesMax) {
        long pending = ((AtomicLong) PENDING_BYTES.get((CommitPipeline) PIPELINE.get(store))).get();
        return pending > bytesMax ? pending + " bytes are on their way to the store" : null;
    }
}
