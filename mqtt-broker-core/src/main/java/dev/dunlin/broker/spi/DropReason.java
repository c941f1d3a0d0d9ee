package dev.dunlin.broker.spi;

/** Why a message ended without being delivered to one of its targets. Every such end is counted under one of these. */
public enum DropReason {
    /**
     * The publish was refused before it changed anything: by a limit, an {@link Interceptor}, or because clients may not publish
     * to its topic.
     */
    REFUSED,
    /** An {@link Interceptor} has refused the delivery, or failed: see {@link Interceptor#onDeliver}. */
    INTERCEPTED,
    /** QoS 0 and the session has no connection, unless {@link Limits#queueQos0Offline()}; or no member of a shared group has one. */
    OFFLINE_QOS_0,
    /** QoS 0 and the connection's output is above {@link Limits#outputBytesMax()}. */
    SLOW_CONSUMER_QOS_0,
    /** The queue of the session or shared group is full. */
    QUEUE_FULL,
    /** The message expiry interval passed before it was sent. */
    EXPIRED,
    /** The packet is larger than the client's Maximum Packet Size [5.0:MQTT-3.1.2-25]. */
    PACKET_TOO_LARGE,
    /**
     * The client may not receive messages with this topic, or not any more: see {@link Permissions#mayReceive}; or its topic is
     * outside of {@link Features#mountPoint} of the listener through which the session came back.
     */
    NOT_AUTHORIZED,
    /** The session ended, was discarded by a clean start, or was the last of a shared group, with the message still to be delivered. */
    SESSION_ENDED,
    /** An administrator emptied the queue: {@code Administration.purgeQueue}. */
    PURGED,
    /** The receiver answered with an error PUBACK or PUBREC [5.0:MQTT-4.4.0-2]. */
    REJECTED_BY_RECEIVER,
    /** The handler of a local subscription is too slow: its queue is full. */
    LOCAL_QUEUE_FULL,
    /** The handler of a local subscription threw, or its stage failed. */
    LOCAL_HANDLER_FAILED,
    /** What the store has kept of it is damaged or gone. */
    STORE_DAMAGED,
    /** The broker was closed. */
    BROKER_CLOSED
}
