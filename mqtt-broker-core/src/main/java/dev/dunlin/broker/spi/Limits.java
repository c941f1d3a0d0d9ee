package dev.dunlin.broker.spi;

import java.util.function.Consumer;

/**
 * The named bounds of everything that a client can make grow. Immutable; change one with its {@code with} method. The
 * defaults are a guest's: made for a broker inside another program.
 *
 * @param connectionsMax connections at a time, CONNECT received or not; further ones are closed at once
 * @param connectTimeoutMs from accept to a complete CONNECT, in milliseconds; then the connection is closed
 * @param packetBytesMax largest packet accepted, fixed header included, in bytes, 1 KiB to 268,435,460; announced to
 *     5.0 clients as Maximum Packet Size
 * @param connectPacketBytesMax the same before a client is authenticated, in bytes
 * @param receiveMaximum unacknowledged QoS 1 and 2 publishes accepted of a connection, 1 to 65,535; announced to 5.0
 *     clients; clients of every version are read no further while that many replies to them are held back
 * @param inflightMessagesMax unacknowledged QoS 1 and 2 messages sent to a session, 1 to 65,535; a 5.0 client's Receive
 *     Maximum lowers it
 * @param inflightBytesMax the same in bytes, approximately what they occupy; one message is always allowed
 * @param queueMessagesMax messages queued for a session behind its window, or for a shared group
 * @param queueBytesMax the same in bytes, approximately what they occupy
 * @param queueOverflow what happens at these two bounds
 * @param queueBytesTotalMax bytes queued in memory for all sessions together; divided evenly among the event loops
 * @param outputBytesMax bytes handed to the transport of a connection and not yet taken by its peer; above it QoS 0
 *     messages are dropped and QoS 1 and 2 messages are queued
 * @param mailboxBytesMax bytes of publishes handed over to an event loop and not yet delivered there; above it their
 *     publishers are read no further. As many may wait there for interceptors after their connections have ended
 * @param turnDeliveriesMax deliveries of one event loop before it reads its connections again, those of more than a KiB
 *     counted once for each KiB; fewer if it has written to 4,096 connections by then, but never none
 * @param topicLevelsMax levels of a topic or topic filter
 * @param subscriptionsPerSessionMax subscriptions of a session, shared ones included
 * @param sessionExpiryMaxSeconds upper bound of the session expiry interval, in seconds; 4,294,967,295 is for ever
 * @param retainedMessagesMax retained messages; a further topic is refused
 * @param localPublishesMax publishes of the local client that are not yet completed; a further one fails
 * @param localQueueMessagesMax messages queued for the handler of a local subscription
 * @param localRequestsMax requests of the local client that have no answer yet; a further one fails
 * @param queueMemoryBytesMax with a store: bytes of a session's queue that are also kept in memory; what is above is read
 *     back when its turn comes
 * @param commitBytesMax with a store: bytes of changes that are not written yet; above it publishers are read no further
 * @param commitAgeMaxMs with a store: how long writing a group of changes may take, in milliseconds, until publishers are
 *     read no further
 * @param topicAliasMax topic aliases on a connection, in each direction, 0 to 65,535; 0 for none. Announced to 5.0 clients
 *     as Topic Alias Maximum; the broker sends no more than the client allows either
 * @param keepAliveMaxSeconds the longest keep-alive, in seconds, 0 to 65,535; 0 for none. A 5.0 client that asks for a
 *     longer one, or for none, is told to use this one; one of 3.1 and 3.1.1 can't be told and has what it asks for
 * @param connectionsPerAddressMax the same from one address, which is the first 64 bits of an IPv6 address; 0 for no bound of its own. Programs
 *     on the broker's own machine aren't counted: loopback, Unix domain sockets and clients within the process
 * @param connectsPerSecondPerAddress connections accepted from one such address per second, on average, and as many at once; further ones
 *     are closed before TLS begins; 0 for no bound
 * @param sessionsMax sessions, connected or not; a client that needs a further one is refused with 0x97 (quota exceeded)
 * @param publishesPerSecondMax publishes of one connection per second, on average, and as many at once; above it the connection is read
 *     no further for a while, and nothing is dropped; 0 for no bound
 * @param publishBytesPerSecondMax the same in bytes of whole PUBLISH packets; a larger packet than that is let through, and paid for afterwards;
 *     0 for no bound
 * @param topicBytesMax a topic or topic filter in bytes of UTF-8, 1 to 65,535
 * @param userPropertiesMax user properties of one packet, or of a will
 * @param retainedBytesMax retained messages in bytes, approximately what they occupy, in memory or in the store; a further one is refused
 * @param queueQos0Offline whether QoS 0 messages are queued for a session without a connection, as those of higher QoS are; else they
 *     are dropped
 * @param memoryBudgetBytes what the broker may hold in memory for clients, on the heap, outside of it and in the store's cache
 *     together, in bytes, approximately; 0 for a quarter of the smaller of the JVM's maximum heap and its maximum direct
 *     memory. Above it clients that connect are refused with 0x97 (quota exceeded), further topics get no retained message,
 *     messages that would have to wait in memory are dropped as those for a full queue, and packets that aren't complete
 *     may have no more than a quarter of it: the connection of one that grows beyond is closed
 * @param overloadLagMs how far an event loop may be behind, in milliseconds, until it lets in no more clients; those that are connected
 *     stay
 * @param slowConsumerMs for how long a connection may have taken nothing of what waits for it, in milliseconds, until its client is
 *     reported as a slow consumer
 * @param stuckConsumerMs the same until the connection is closed; its session stays; 0 for never
 * @param payloadBytesMax the payload of a PUBLISH or a will, in bytes, 0 to 268,435,460; one that is larger is refused, the packet and the
 *     connection are not: packetBytesMax ends it
 * @param webSocketHeaderBytesMax the header of the HTTP request that asks for WebSocket, its request line left out, in bytes, 512 to 1 MiB;
 *     it has all cookies that a browser keeps for the host
 * @param queuedEventsMax events that wait for observers, 1 to 16,777,216; further ones are counted and not kept, but for drops, which wait
 */
public record Limits(
        int connectionsMax,
        long connectTimeoutMs,
        int packetBytesMax,
        int connectPacketBytesMax,
        int receiveMaximum,
        int inflightMessagesMax,
        long inflightBytesMax,
        int queueMessagesMax,
        long queueBytesMax,
        OverflowPolicy queueOverflow,
        long queueBytesTotalMax,
        int outputBytesMax,
        long mailboxBytesMax,
        int turnDeliveriesMax,
        int topicLevelsMax,
        int subscriptionsPerSessionMax,
        long sessionExpiryMaxSeconds,
        int retainedMessagesMax,
        int localPublishesMax,
        int localQueueMessagesMax,
        int localRequestsMax,
        long queueMemoryBytesMax,
        long commitBytesMax,
        long commitAgeMaxMs,
        int topicAliasMax,
        int keepAliveMaxSeconds,
        int connectionsPerAddressMax,
        int connectsPerSecondPerAddress,
        int sessionsMax,
        int publishesPerSecondMax,
        long publishBytesPerSecondMax,
        int topicBytesMax,
        int userPropertiesMax,
        long retainedBytesMax,
        boolean queueQos0Offline,
        long memoryBudgetBytes,
        int overloadLagMs,
        int slowConsumerMs,
        int stuckConsumerMs,
        int payloadBytesMax,
        int webSocketHeaderBytesMax,
        int queuedEventsMax) {

    /** The protocol's largest packet: five bytes of fixed header and a remaining length of 268,435,455. */
    public static final int PROTOCOL_PACKET_BYTES_MAX = 268_435_460;

    /** A session expiry interval that never ends [5.0 section 3.1.2.11.2]. */
    public static final long NEVER_EXPIRES = 0xFFFF_FFFFL;

    private static final long MIB = 1 << 20;

    /** The defaults of an embedded broker. */
    public static final Limits EMBEDDED = new Limits(
            10_000,
            10_000,
            16 << 20,
            512 << 10,
            1_000,
            65_535,
            4 * MIB,
            10_000,
            16 * MIB,
            OverflowPolicy.DROP_NEWEST,
            256 * MIB,
            1 << 20,
            8 * MIB,
            16_384,
            128,
            10_000,
            NEVER_EXPIRES,
            1_000_000,
            10_000,
            10_000,
            10_000,
            256 << 10,
            16 * MIB,
            250,
            32,
            0,
            0,
            0,
            10_000_000,
            0,
            0,
            65_535,
            256,
            256 * MIB,
            false,
            0,
            1_000,
            10_000,
            0,
            PROTOCOL_PACKET_BYTES_MAX,
            16 << 10,
            8_192);

    /** The defaults of the standalone server: as embedded, with the protocol's largest packet and more connections. */
    public static final Limits STANDALONE = EMBEDDED.withPacketBytesMax(PROTOCOL_PACKET_BYTES_MAX)
            .withConnectionsMax(1_000_000)
            .withRetainedBytesMax(2048 * MIB);

    /**
     * Checks every bound.
     *
     * @throws IllegalArgumentException naming the first bound that is out of its range
     */
    public Limits {
        range("connectionsMax", connectionsMax, 1, Integer.MAX_VALUE);
        range("connectTimeoutMs", connectTimeoutMs, 1, Integer.MAX_VALUE);
        range("packetBytesMax", packetBytesMax, 1024, PROTOCOL_PACKET_BYTES_MAX);
        range("connectPacketBytesMax", connectPacketBytesMax, 128, PROTOCOL_PACKET_BYTES_MAX);
        range("receiveMaximum", receiveMaximum, 1, 65_535);
        range("inflightMessagesMax", inflightMessagesMax, 1, 65_535);
        range("inflightBytesMax", inflightBytesMax, 1, Long.MAX_VALUE);
        range("queueMessagesMax", queueMessagesMax, 0, Integer.MAX_VALUE);
        range("queueBytesMax", queueBytesMax, 0, Long.MAX_VALUE);
        range("queueBytesTotalMax", queueBytesTotalMax, 0, Long.MAX_VALUE);
        range("outputBytesMax", outputBytesMax, 1024, 1 << 30);
        range("mailboxBytesMax", mailboxBytesMax, 1, Long.MAX_VALUE);
        range("turnDeliveriesMax", turnDeliveriesMax, 1, Integer.MAX_VALUE);
        range("topicLevelsMax", topicLevelsMax, 1, 65_536);
        range("subscriptionsPerSessionMax", subscriptionsPerSessionMax, 1, Integer.MAX_VALUE);
        range("sessionExpiryMaxSeconds", sessionExpiryMaxSeconds, 0, NEVER_EXPIRES);
        range("retainedMessagesMax", retainedMessagesMax, 0, Integer.MAX_VALUE);
        range("localPublishesMax", localPublishesMax, 1, Integer.MAX_VALUE);
        range("localQueueMessagesMax", localQueueMessagesMax, 1, Integer.MAX_VALUE);
        range("localRequestsMax", localRequestsMax, 1, Integer.MAX_VALUE);
        range("queueMemoryBytesMax", queueMemoryBytesMax, 0, Long.MAX_VALUE);
        range("commitBytesMax", commitBytesMax, 1, Long.MAX_VALUE);
        range("commitAgeMaxMs", commitAgeMaxMs, 1, Long.MAX_VALUE);
        range("topicAliasMax", topicAliasMax, 0, 65_535);
        range("keepAliveMaxSeconds", keepAliveMaxSeconds, 0, 65_535);
        range("connectionsPerAddressMax", connectionsPerAddressMax, 0, Integer.MAX_VALUE);
        range("connectsPerSecondPerAddress", connectsPerSecondPerAddress, 0, 1_000_000);
        range("sessionsMax", sessionsMax, 1, Integer.MAX_VALUE);
        range("publishesPerSecondMax", publishesPerSecondMax, 0, 1_000_000_000);
        range("publishBytesPerSecondMax", publishBytesPerSecondMax, 0, Long.MAX_VALUE);
        range("topicBytesMax", topicBytesMax, 1, 65_535);
        range("userPropertiesMax", userPropertiesMax, 0, Integer.MAX_VALUE);
        range("retainedBytesMax", retainedBytesMax, 0, Long.MAX_VALUE);
        range("memoryBudgetBytes", memoryBudgetBytes, 0, Long.MAX_VALUE);
        range("overloadLagMs", overloadLagMs, 1, Integer.MAX_VALUE);
        range("slowConsumerMs", slowConsumerMs, 1, Integer.MAX_VALUE);
        range("stuckConsumerMs", stuckConsumerMs, 0, Integer.MAX_VALUE);
        range("payloadBytesMax", payloadBytesMax, 0, PROTOCOL_PACKET_BYTES_MAX);
        range("webSocketHeaderBytesMax", webSocketHeaderBytesMax, 512, 1 << 20);
        range("queuedEventsMax", queuedEventsMax, 1, 1 << 24);
    }

    private static void range(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " is " + value + ", not between " + min + " and " + max);
        }
    }

    /** These limits with another {@link #connectionsMax()}. */
    public Limits withConnectionsMax(int v) {
        return with(draft -> draft.connectionsMax = v);
    }

    /** These limits with another {@link #connectTimeoutMs()}. */
    public Limits withConnectTimeoutMs(long v) {
        return with(draft -> draft.connectTimeoutMs = v);
    }

    /** These limits with another {@link #packetBytesMax()}. */
    public Limits withPacketBytesMax(int v) {
        return with(draft -> draft.packetBytesMax = v);
    }

    /** These limits with another {@link #connectPacketBytesMax()}. */
    public Limits withConnectPacketBytesMax(int v) {
        return with(draft -> draft.connectPacketBytesMax = v);
    }

    /** These limits with another {@link #receiveMaximum()}. */
    public Limits withReceiveMaximum(int v) {
        return with(draft -> draft.receiveMaximum = v);
    }

    /** These limits with another {@link #inflightMessagesMax()}. */
    public Limits withInflightMessagesMax(int v) {
        return with(draft -> draft.inflightMessagesMax = v);
    }

    /** These limits with another {@link #inflightBytesMax()}. */
    public Limits withInflightBytesMax(long v) {
        return with(draft -> draft.inflightBytesMax = v);
    }

    /** These limits with another {@link #queueMessagesMax()}. */
    public Limits withQueueMessagesMax(int v) {
        return with(draft -> draft.queueMessagesMax = v);
    }

    /** These limits with another {@link #queueBytesMax()}. */
    public Limits withQueueBytesMax(long v) {
        return with(draft -> draft.queueBytesMax = v);
    }

    /** These limits with another {@link #queueOverflow()}. */
    public Limits withQueueOverflow(OverflowPolicy v) {
        return with(draft -> draft.queueOverflow = v);
    }

    /** These limits with another {@link #queueBytesTotalMax()}. */
    public Limits withQueueBytesTotalMax(long v) {
        return with(draft -> draft.queueBytesTotalMax = v);
    }

    /** These limits with another {@link #outputBytesMax()}. */
    public Limits withOutputBytesMax(int v) {
        return with(draft -> draft.outputBytesMax = v);
    }

    /** These limits with another {@link #mailboxBytesMax()}. */
    public Limits withMailboxBytesMax(long v) {
        return with(draft -> draft.mailboxBytesMax = v);
    }

    /** These limits with another {@link #turnDeliveriesMax()}. */
    public Limits withTurnDeliveriesMax(int v) {
        return with(draft -> draft.turnDeliveriesMax = v);
    }

    /** These limits with another {@link #topicLevelsMax()}. */
    public Limits withTopicLevelsMax(int v) {
        return with(draft -> draft.topicLevelsMax = v);
    }

    /** These limits with another {@link #subscriptionsPerSessionMax()}. */
    public Limits withSubscriptionsPerSessionMax(int v) {
        return with(draft -> draft.subscriptionsPerSessionMax = v);
    }

    /** These limits with another {@link #sessionExpiryMaxSeconds()}. */
    public Limits withSessionExpiryMaxSeconds(long v) {
        return with(draft -> draft.sessionExpiryMaxSeconds = v);
    }

    /** These limits with another {@link #retainedMessagesMax()}. */
    public Limits withRetainedMessagesMax(int v) {
        return with(draft -> draft.retainedMessagesMax = v);
    }

    /** These limits with another {@link #localPublishesMax()}. */
    public Limits withLocalPublishesMax(int v) {
        return with(draft -> draft.localPublishesMax = v);
    }

    /** These limits with another {@link #localQueueMessagesMax()}. */
    public Limits withLocalQueueMessagesMax(int v) {
        return with(draft -> draft.localQueueMessagesMax = v);
    }

    /** These limits with another {@link #localRequestsMax()}. */
    public Limits withLocalRequestsMax(int v) {
        return with(draft -> draft.localRequestsMax = v);
    }

    /** These limits with another {@link #queueMemoryBytesMax()}. */
    public Limits withQueueMemoryBytesMax(long v) {
        return with(draft -> draft.queueMemoryBytesMax = v);
    }

    /** These limits with another {@link #commitBytesMax()}. */
    public Limits withCommitBytesMax(long v) {
        return with(draft -> draft.commitBytesMax = v);
    }

    /** These limits with another {@link #commitAgeMaxMs()}. */
    public Limits withCommitAgeMaxMs(long v) {
        return with(draft -> draft.commitAgeMaxMs = v);
    }

    /** These limits with another {@link #topicAliasMax()}. */
    public Limits withTopicAliasMax(int v) {
        return with(draft -> draft.topicAliasMax = v);
    }

    /** These limits with another {@link #keepAliveMaxSeconds()}. */
    public Limits withKeepAliveMaxSeconds(int v) {
        return with(draft -> draft.keepAliveMaxSeconds = v);
    }

    /** These limits with another {@link #connectionsPerAddressMax()}. */
    public Limits withConnectionsPerAddressMax(int v) {
        return with(draft -> draft.connectionsPerAddressMax = v);
    }

    /** These limits with another {@link #connectsPerSecondPerAddress()}. */
    public Limits withConnectsPerSecondPerAddress(int v) {
        return with(draft -> draft.connectsPerSecondPerAddress = v);
    }

    /** These limits with another {@link #sessionsMax()}. */
    public Limits withSessionsMax(int v) {
        return with(draft -> draft.sessionsMax = v);
    }

    /** These limits with another {@link #publishesPerSecondMax()}. */
    public Limits withPublishesPerSecondMax(int v) {
        return with(draft -> draft.publishesPerSecondMax = v);
    }

    /** These limits with another {@link #publishBytesPerSecondMax()}. */
    public Limits withPublishBytesPerSecondMax(long v) {
        return with(draft -> draft.publishBytesPerSecondMax = v);
    }

    /** These limits with another {@link #topicBytesMax()}. */
    public Limits withTopicBytesMax(int v) {
        return with(draft -> draft.topicBytesMax = v);
    }

    /** These limits with another {@link #userPropertiesMax()}. */
    public Limits withUserPropertiesMax(int v) {
        return with(draft -> draft.userPropertiesMax = v);
    }

    /** These limits with another {@link #retainedBytesMax()}. */
    public Limits withRetainedBytesMax(long v) {
        return with(draft -> draft.retainedBytesMax = v);
    }

    /** These limits with another {@link #queueQos0Offline()}. */
    public Limits withQueueQos0Offline(boolean v) {
        return with(draft -> draft.queueQos0Offline = v);
    }

    /** These limits with another {@link #memoryBudgetBytes()}. */
    public Limits withMemoryBudgetBytes(long v) {
        return with(draft -> draft.memoryBudgetBytes = v);
    }

    /** These limits with another {@link #overloadLagMs()}. */
    public Limits withOverloadLagMs(int v) {
        return with(draft -> draft.overloadLagMs = v);
    }

    /** These limits with another {@link #slowConsumerMs()}. */
    public Limits withSlowConsumerMs(int v) {
        return with(draft -> draft.slowConsumerMs = v);
    }

    /** These limits with another {@link #stuckConsumerMs()}. */
    public Limits withStuckConsumerMs(int v) {
        return with(draft -> draft.stuckConsumerMs = v);
    }

    /** These limits with another {@link #payloadBytesMax()}. */
    public Limits withPayloadBytesMax(int v) {
        return with(draft -> draft.payloadBytesMax = v);
    }

    /** These limits with another {@link #webSocketHeaderBytesMax()}. */
    public Limits withWebSocketHeaderBytesMax(int v) {
        return with(draft -> draft.webSocketHeaderBytesMax = v);
    }

    /** These limits with another {@link #queuedEventsMax()}. */
    public Limits withQueuedEventsMax(int v) {
        return with(draft -> draft.queuedEventsMax = v);
    }

    private Limits with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.limits();
    }

    /** Limits that are being changed. */
    private static final class Draft {
        int connectionsMax;
        long connectTimeoutMs;
        int packetBytesMax;
        int connectPacketBytesMax;
        int receiveMaximum;
        int inflightMessagesMax;
        long inflightBytesMax;
        int queueMessagesMax;
        long queueBytesMax;
        OverflowPolicy queueOverflow;
        long queueBytesTotalMax;
        int outputBytesMax;
        long mailboxBytesMax;
        int turnDeliveriesMax;
        int topicLevelsMax;
        int subscriptionsPerSessionMax;
        long sessionExpiryMaxSeconds;
        int retainedMessagesMax;
        int localPublishesMax;
        int localQueueMessagesMax;
        int localRequestsMax;
        long queueMemoryBytesMax;
        long commitBytesMax;
        long commitAgeMaxMs;
        int topicAliasMax;
        int keepAliveMaxSeconds;
        int connectionsPerAddressMax;
        int connectsPerSecondPerAddress;
        int sessionsMax;
        int publishesPerSecondMax;
        long publishBytesPerSecondMax;
        int topicBytesMax;
        int userPropertiesMax;
        long retainedBytesMax;
        boolean queueQos0Offline;
        long memoryBudgetBytes;
        int overloadLagMs;
        int slowConsumerMs;
        int stuckConsumerMs;
        int payloadBytesMax;
        int webSocketHeaderBytesMax;
        int queuedEventsMax;

        Draft(Limits from) {
            connectionsMax = from.connectionsMax;
            connectTimeoutMs = from.connectTimeoutMs;
            packetBytesMax = from.packetBytesMax;
            connectPacketBytesMax = from.connectPacketBytesMax;
            receiveMaximum = from.receiveMaximum;
            inflightMessagesMax = from.inflightMessagesMax;
            inflightBytesMax = from.inflightBytesMax;
            queueMessagesMax = from.queueMessagesMax;
            queueBytesMax = from.queueBytesMax;
            queueOverflow = from.queueOverflow;
            queueBytesTotalMax = from.queueBytesTotalMax;
            outputBytesMax = from.outputBytesMax;
            mailboxBytesMax = from.mailboxBytesMax;
            turnDeliveriesMax = from.turnDeliveriesMax;
            topicLevelsMax = from.topicLevelsMax;
            subscriptionsPerSessionMax = from.subscriptionsPerSessionMax;
            sessionExpiryMaxSeconds = from.sessionExpiryMaxSeconds;
            retainedMessagesMax = from.retainedMessagesMax;
            localPublishesMax = from.localPublishesMax;
            localQueueMessagesMax = from.localQueueMessagesMax;
            localRequestsMax = from.localRequestsMax;
            queueMemoryBytesMax = from.queueMemoryBytesMax;
            commitBytesMax = from.commitBytesMax;
            commitAgeMaxMs = from.commitAgeMaxMs;
            topicAliasMax = from.topicAliasMax;
            keepAliveMaxSeconds = from.keepAliveMaxSeconds;
            connectionsPerAddressMax = from.connectionsPerAddressMax;
            connectsPerSecondPerAddress = from.connectsPerSecondPerAddress;
            sessionsMax = from.sessionsMax;
            publishesPerSecondMax = from.publishesPerSecondMax;
            publishBytesPerSecondMax = from.publishBytesPerSecondMax;
            topicBytesMax = from.topicBytesMax;
            userPropertiesMax = from.userPropertiesMax;
            retainedBytesMax = from.retainedBytesMax;
            queueQos0Offline = from.queueQos0Offline;
            memoryBudgetBytes = from.memoryBudgetBytes;
            overloadLagMs = from.overloadLagMs;
            slowConsumerMs = from.slowConsumerMs;
            stuckConsumerMs = from.stuckConsumerMs;
            payloadBytesMax = from.payloadBytesMax;
            webSocketHeaderBytesMax = from.webSocketHeaderBytesMax;
            queuedEventsMax = from.queuedEventsMax;
        }

        Limits limits() {
            return new Limits(
                    connectionsMax,
                    connectTimeoutMs,
                    packetBytesMax,
                    connectPacketBytesMax,
                    receiveMaximum,
                    inflightMessagesMax,
                    inflightBytesMax,
                    queueMessagesMax,
                    queueBytesMax,
                    queueOverflow,
                    queueBytesTotalMax,
                    outputBytesMax,
                    mailboxBytesMax,
                    turnDeliveriesMax,
                    topicLevelsMax,
                    subscriptionsPerSessionMax,
                    sessionExpiryMaxSeconds,
                    retainedMessagesMax,
                    localPublishesMax,
                    localQueueMessagesMax,
                    localRequestsMax,
                    queueMemoryBytesMax,
                    commitBytesMax,
                    commitAgeMaxMs,
                    topicAliasMax,
                    keepAliveMaxSeconds,
                    connectionsPerAddressMax,
                    connectsPerSecondPerAddress,
                    sessionsMax,
                    publishesPerSecondMax,
                    publishBytesPerSecondMax,
                    topicBytesMax,
                    userPropertiesMax,
                    retainedBytesMax,
                    queueQos0Offline,
                    memoryBudgetBytes,
                    overloadLagMs,
                    slowConsumerMs,
                    stuckConsumerMs,
                    payloadBytesMax,
                    webSocketHeaderBytesMax,
                    queuedEventsMax);
        }
    }
}
