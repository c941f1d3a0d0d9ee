package dev.dunlin.broker.simulation;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.OverflowPolicy;
import java.util.Random;

/**
 * The broker that a seed stands for.
 *
 * @param level MEMORY for one without a store
 * @param slackBytes how far a bound in bytes may be overstepped: publishers are stopped behind the publish that reaches it
 */
record Setting(Durability level, int loops, Limits limits, int clients, long slackBytes) {
    private static final long SLACK_BYTES = 32 << 10;
    private static final int SOAK_CLIENTS = 9;
    private static final int MIXED_CLIENTS = 24;
    private static final int SOAK_MAILBOX_BYTES = 4 << 20;

    static Setting of(long seed, Random random) {
        Durability level = switch ((int) Math.floorMod(seed, 4L)) {
            case 0 -> Durability.MEMORY;
            case 1 -> Durability.PROCESS;
            default -> Durability.POWER;
        };
        OverflowPolicy[] policies = OverflowPolicy.values();
        Limits limits = Limits.EMBEDDED
                .withReceiveMaximum(4 + random.nextInt(8))
                .withInflightMessagesMax(2 + random.nextInt(12))
                .withQueueMessagesMax(3 + random.nextInt(40))
                .withQueueOverflow(policies[random.nextInt(policies.length)])
                .withTurnDeliveriesMax(1 + random.nextInt(3))
                .withOutputBytesMax(1024 + random.nextInt(4096))
                .withMailboxBytesMax(1024 + random.nextInt(16 << 10))
                .withQueueMemoryBytesMax(100 + random.nextInt(1200))
                .withCommitBytesMax(1024 + random.nextInt(16 << 10))
                .withTopicAliasMax(random.nextInt(4));
        return new Setting(level, 2 + random.nextInt(2), limits, 4 + random.nextInt(4), SLACK_BYTES);
    }

    /** The broker of a {@link Soak}. It disconnects nobody for a full queue: its client would learn of that later than others of its will. */
    static Setting overSockets(long seed) {
        Setting drawn = of(seed, new Random(seed));
        Limits limits = drawn.limits.queueOverflow() == OverflowPolicy.DISCONNECT
                ? drawn.limits.withQueueOverflow(OverflowPolicy.DROP_OLDEST)
                : drawn.limits;
        return new Setting(
                Durability.POWER,
                drawn.loops,
                limits.withMailboxBytesMax(SOAK_MAILBOX_BYTES),
                SOAK_CLIENTS,
                drawn.slackBytes);
    }

    /**
     * The broker of a {@link MixedLoad}: that of the standalone server, with bounds that clients which don't read reach in no
     * time.
     */
    static Setting mixed() {
        Limits limits = Limits.STANDALONE
                .withReceiveMaximum(16)
                .withInflightMessagesMax(20)
                .withQueueMessagesMax(100)
                .withOutputBytesMax(64 << 10)
                .withTopicAliasMax(4);
        return new Setting(Durability.MEMORY, 2, limits, MIXED_CLIENTS, SLACK_BYTES);
    }

    boolean isStored() {
        return level != Durability.MEMORY;
    }
}
