package dev.dunlin.broker.spi;

import java.nio.file.Path;

/**
 * An open store: sorted maps of bytes, one per {@link Space}, changed in batches. Bytes and synchronous calls are all that an
 * engine has to know: grouping, acknowledgements, records, reference counts and recovery live in the broker, once for all.
 *
 * <p><b>Threads.</b> {@link #write}, {@link #sync}, {@link #compact} and {@link #close} are called by one thread at a time,
 * with a happens-before between calls. {@link #view}, {@link #backup}, {@link #recovery}, {@link #stats} and {@link #traits}
 * may be called by any other thread meanwhile.
 *
 * <p><b>Promises.</b> A batch is there whole or not at all, after any crash. If a batch is there, all earlier ones are. After
 * {@code sync}, or {@code write} with {@code sync}, has returned, everything written so far survives what {@link Traits}
 * promises. A write without sync survives the end of the process, however it comes.
 *
 * <p>The test kit {@code mqtt-store-tck} proves an engine with one subclass.
 */
public interface StorageEngine extends AutoCloseable {

    /** What the broker must know about this engine; always the same. */
    Traits traits();

    /**
     * Writes a batch, all or nothing, after everything written before. In the batch, later operations win over earlier ones.
     *
     * @param ops borrowed: the engine keeps nothing of it after the return
     * @param sync whether it, and all before it, must be on the disk when this returns
     */
    void write(OpBuffer ops, boolean sync) throws StoreException;

    /** Brings everything that was written to the disk. */
    void sync() throws StoreException;

    /** A snapshot of what has been written so far, to be closed by the caller. */
    View view() throws StoreException;

    /**
     * Copies the store as of now, while it is being used: writes go on meanwhile. May take long, but keeps {@link #close} waiting
     * for no more than a moment. That, and an interrupt of the calling thread, end a backup under way with BUSY, unless it gets
     * through all the same. The files need not be on the disk at the return, and what a failure leaves need not be removed:
     * the broker sees to both.
     *
     * @param emptyDir a folder that is empty or doesn't exist yet; afterwards a store that can be opened
     */
    void backup(Path emptyDir) throws StoreException;

    /** Gives the room of deleted and replaced entries of a space back. May take long; never needed for correctness. */
    void compact(Space space) throws StoreException;

    /** What was found when the engine was opened. */
    RecoveryReport recovery();

    /** Sizes, for operators and for the free-space guard. Cheap: called every second. */
    EngineStats stats();

    /**
     * Closes: afterwards another engine may open the same store. All views are closed before. Idempotent. What was written and
     * not synced is synced if that is possible; an engine that has failed just lets go.
     */
    @Override
    void close() throws StoreException;
}
