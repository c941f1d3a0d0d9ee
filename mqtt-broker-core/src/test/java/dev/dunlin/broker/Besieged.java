package dev.dunlin.broker;

import dev.dunlin.broker.testkit.LiveHeap;

/** A broker that is attacked, in this JVM or in one of its own: where it listens, and what it holds. */
interface Besieged extends AutoCloseable {
    /** The port of its listener of that name. */
    int port(String listener);

    /** What it holds now, all garbage being collected. */
    State state();

    @Override
    void close();

    /**
     * What a broker holds.
     *
     * @param connections that are open, CONNECT received or not
     * @param ending connections that are over, but their sockets not closed
     * @param sessions connected or not
     * @param bufferBytes in buffers that are in use
     * @param heapBytes in live objects on the heap of its JVM
     * @param ownBytes the same of our own classes
     */
    record State(int connections, int ending, int sessions, long bufferBytes, long heapBytes, long ownBytes) {
        /** The inverse of {@link #toString}. */
        static State parse(String line) {
            String[] figures = line.replaceAll("[^0-9]+", " ").strip().split(" ", -1);
            return new State(
                    Integer.parseInt(figures[0]),
                    Integer.parseInt(figures[1]),
                    Integer.parseInt(figures[2]),
                    Long.parseLong(figures[3]),
                    Long.parseLong(figures[4]),
                    Long.parseLong(figures[5]));
        }

        static State of(TestBroker broker) {
            LiveHeap heap = LiveHeap.now();
            return new State(
                    broker.openConnections(),
                    broker.endingConnections(),
                    broker.sessions(),
                    broker.usedBytes(),
                    heap.bytes(),
                    heap.ownBytes());
        }
    }

    /** A broker in this JVM. */
    static Besieged here(TestBroker broker) {
        return new Besieged() {
            @Override
            public int port(String listener) {
                return broker.broker().port(listener);
            }

            @Override
            public State state() {
                return State.of(broker);
            }

            @Override
            public void close() {
                broker.close();
            }
        };
    }
}
