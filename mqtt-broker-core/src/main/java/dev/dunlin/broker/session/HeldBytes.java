package dev.dunlin.broker.session;

/** A sum of bytes that parts of one loop make together. Loop only. */
final class HeldBytes { // hot
    private long bytes;

    void add(long more) {
        bytes += more;
    }

    long get() {
        return bytes;
    }
}
