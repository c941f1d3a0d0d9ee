package dev.dunlin.broker.spi;

/** What happens to a QoS 1 or 2 message that arrives at a session whose queue is full. */
public enum OverflowPolicy {
    /** The arriving message is dropped. */
    DROP_NEWEST,
    /** The oldest queued message is dropped; never one that is in flight. */
    DROP_OLDEST,
    /** The arriving message is dropped and a connected client is disconnected (5.0: 0x97, quota exceeded). */
    DISCONNECT
}
