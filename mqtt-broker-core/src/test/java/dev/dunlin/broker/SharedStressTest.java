package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.PacketType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Two shared groups whose six members, with windows of one to four messages, do anything at any time, while four publishers
 * send: each group gets every message, of QoS 2 once, of QoS 1 twice only if a connection was lost before its acknowledgement
 * was taken in. As long as nobody goes, each member has what it gets in the order of its publisher. The seed is in the failure.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SharedStressTest {
    private static final int PUBLISHERS = 4;
    private static final int MESSAGES = 120;
    private static final int BATCH_MAX = 8;
    private static final int MEMBERS = 6;
    private static final int DRIVERS = 3;
    private static final int STEPS_MIN = 200;
    private static final int STEPS_MAX = 20_000;
    private static final int ROUNDS_MAX = 2_000;

    /** Messages that may be published and not yet received: few, so that members have room most of the time. */
    private static final int AHEAD = 40;

    private static final Limits TINY =
            Limits.EMBEDDED.withMailboxBytesMax(1_024).withTurnDeliveriesMax(3);

    private final SharedStressMember.Ledger ledger = new SharedStressMember.Ledger(AHEAD);
    private final AtomicBoolean allPublished = new AtomicBoolean();

    /**
     * One run.
     *
     * @param going whether members lose their connection, are taken over and unsubscribe, too
     */
    @ParameterizedTest
    @CsvSource({"2,false,false", "3,true,false", "4,false,true", "2,true,true"})
    void everyMessageReachesEachGroup(int loops, boolean tiny, boolean going) {
        long seed = System.nanoTime();
        ExecutorService threads = Executors.newFixedThreadPool(PUBLISHERS + DRIVERS);
        try (TestBroker broker =
                TestBroker.start(builder -> builder.loops(loops).limits(tiny ? TINY : Limits.EMBEDDED))) {
            run(broker, threads, seed, going);
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("with seed " + seed, e);
        } finally {
            threads.shutdownNow();
        }
    }

    private void run(TestBroker broker, ExecutorService threads, long seed, boolean going) {
        List<SharedStressMember> members = members(broker, seed, going);
        List<CompletableFuture<Void>> publishing = new ArrayList<>();
        for (int p = 0; p < PUBLISHERS; p++) {
            String id = broker.idOn(p % broker.broker().core().loopCount(), "publisher" + p + "-");
            WireClient client = broker.client(id);
            Random random = new Random(seed - 1 - p);
            int number = p;
            publishing.add(CompletableFuture.runAsync(() -> publishAll(client, number, random), threads));
        }
        List<CompletableFuture<Void>> driving = new ArrayList<>();
        for (int d = 0; d < DRIVERS; d++) {
            Random random = new Random(seed + 100 + d);
            List<SharedStressMember> mine = List.of(members.get(d), members.get(d + DRIVERS));
            driving.add(CompletableFuture.runAsync(() -> drive(mine, random, going), threads));
        }
        CompletableFuture<Void> published = CompletableFuture.allOf(publishing.toArray(CompletableFuture[]::new))
                .whenComplete((all, failure) -> allPublished.set(true));
        for (CompletableFuture<Void> each : driving) {
            each.whenComplete((all, failure) -> ledger.dontWait());
        }
        driving.forEach(CompletableFuture::join);
        published.join();
        drain(members);
        finish(broker, members);
    }

    /** Three or four in each group, of which one never leaves it. */
    private List<SharedStressMember> members(TestBroker broker, long seed, boolean going) {
        List<SharedStressMember> members = new ArrayList<>();
        for (int i = 0; i < MEMBERS; i++) {
            String id = broker.idOn(i % broker.broker().core().loopCount(), "member" + i + "-");
            SharedStressMember member = new SharedStressMember(broker, id, ledger, !going, new Random(seed + i));
            member.connectFirst();
            if (i < 4) {
                member.joinG();
            }
            if (i >= 2) {
                member.joinH();
            }
            if (i > 0 && i < MEMBERS - 1) {
                member.mayLeave();
            }
            members.add(member);
        }
        return members;
    }

    /** In batches of both QoS; when it returns, all is acknowledged. */
    private void publishAll(WireClient client, int publisher, Random random) {
        int next = 1;
        while (next <= MESSAGES) {
            int end = Math.min(MESSAGES + 1, next + 1 + random.nextInt(BATCH_MAX));
            List<Sendable> batch = new ArrayList<>();
            int exchanges = 0;
            for (; next < end; next++) {
                int qos = 1 + random.nextInt(2);
                boolean own = random.nextInt(8) == 0;
                String text = publisher + "/" + qos + "/" + next;
                ledger.publish(text, own);
                batch.add(publish(own ? "all/own" : "all/t", text).qos(qos, next));
                exchanges++;
            }
            client.send(batch.toArray(Sendable[]::new));
            while (exchanges > 0) {
                Packet.Ack ack = (Packet.Ack) client.receive();
                assertThat(ack.reason().isError()).as("%s", ack).isFalse();
                if (ack.type() == PacketType.PUBREC) {
                    client.send(pubrel(ack.packetId()));
                } else {
                    exchanges--;
                }
            }
        }
    }

    private void drive(List<SharedStressMember> members, Random random, boolean going) {
        for (int step = 0; !allPublished.get() || step < STEPS_MIN; step++) {
            assertThat(step).as("steps until all is published").isLessThan(STEPS_MAX);
            members.get(random.nextInt(members.size())).step(going);
        }
    }

    /** Everybody is there again and acknowledges, until each group and each own subscription has everything. */
    private void drain(List<SharedStressMember> members) {
        members.forEach(SharedStressMember::settle);
        for (int round = 0; !ledger.missing(members).isEmpty(); round++) {
            assertThat(round).as("rounds; missing: %s", ledger.missing(members)).isLessThan(ROUNDS_MAX);
            members.forEach(SharedStressMember::exchangeAll);
        }
        for (int round = 0; members.stream().anyMatch(SharedStressMember::isBusy); round++) {
            assertThat(round).as("rounds until all exchanges are complete").isLessThan(ROUNDS_MAX);
            members.forEach(SharedStressMember::exchangeAll);
        }
    }

    private static void finish(TestBroker broker, List<SharedStressMember> members) {
        broker.settle();
        members.forEach(SharedStressMember::expectNothing);
        for (DropReason reason : DropReason.values()) {
            assertThat(broker.dropped(reason)).as("%s", reason).isZero();
        }
    }
}
