package dev.dunlin.broker.spi;

/** The only place that reads the operating system's clocks. */
final class SystemTimeSource implements TimeSource {
    static final SystemTimeSource INSTANCE = new SystemTimeSource();

    private final long originNs = System.nanoTime();

    private SystemTimeSource() {}

    @Override
    public long monotonicMs() {
        return (System.nanoTime() - originNs) / 1_000_000;
    }

    @Override
    public long monotonicNanos() {
        return System.nanoTime() - originNs;
    }

    @Override
    public long wallMs() {
        return System.currentTimeMillis();
    }
}
