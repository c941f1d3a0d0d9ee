package dev.dunlin.broker.session;

/** A sum of bytes that parts of one loop make together. Loop only; others may read what they find. */
final class HeldBytes { // hot
    private long bytes;
    private long messages;

    void add(long more) {
        bytes += more;
    }

    /** A message has come, of more than no bytes, or gone, of less. */
    void addMessage(long more) {
        assert more != 0 : "neither come nor gone";
        bytes += more;
        messages += more > 0 ? 1 : -1;
    }

    long get() {
        return bytes;
    }

    long messages() {
        return messages;
    }
}
