package dev.dunlin.broker.spi;

/**
 * The state of an engine, all in bytes. A figure that the engine doesn't know is {@link #UNKNOWN}.
 *
 * @param diskBytes what its files occupy
 * @param memoryBytes what it holds outside of the Java heap
 * @param freeBytes what is left on the volume of its files for this process
 * @param volumeBytes the size of that volume
 */
public record EngineStats(long diskBytes, long memoryBytes, long freeBytes, long volumeBytes) {
    /** A figure that the engine doesn't know. */
    public static final long UNKNOWN = -1;
}
