package dev.dunlin.broker.session;

import dev.dunlin.broker.net.SocketTransport;
import dev.dunlin.broker.routing.KeyedHash;
import dev.dunlin.broker.routing.Subscription;
import dev.dunlin.broker.routing.SubscriptionTree;
import dev.dunlin.broker.routing.TargetCollector;
import dev.dunlin.broker.routing.Targets;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.codec.QoS;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What does it cost to hand a message over to another loop, per delivery, and what would a task for each cost?
 *
 * <pre>java -jar mqtt-benchmarks/target/benchmarks.jar HandOverBenchmark -prof dev.dunlin.benchmarks.Footprint</pre>
 *
 * Varies: the number of subscribers of a message, all of them on the other loop. A call is always 10,000 deliveries; the score
 * is time per delivery, until the other loop has made the last one. The subscribers only count. {@code entries}: what the broker
 * does, one entry of the mailbox per message, and one wake-up per turn. {@code mailboxTasks}: a task per delivery in the same
 * mailbox. {@code nettyTasks}: {@code execute} of Netty's event loop per delivery. Two loops run: {@code cpu} of the profiler is
 * the processor time of both.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(HandOverBenchmark.DELIVERIES)
public class HandOverBenchmark {
    static final int DELIVERIES = 10_000;

    private static final Duration CLOSE = Duration.ofSeconds(10);

    /** Of each message: a divisor of the deliveries. */
    @Param({"1", "10", "100"})
    int subscribers;

    private final Core core = new Core(Limits.STANDALONE, TimeSource.system(), new Random(1), 2, null);
    private final SocketTransport transport = new SocketTransport("hand-over", core);
    private final SessionLoop here = core.loop(0);
    private final SessionLoop there = core.loop(1);
    private final KeptMessage message = KeptMessage.of(Message.of("fleet/7/device-701/status", "64 bytes or so"), 0);
    private Targets targets;

    /** Makes the subscribers. */
    @Setup
    public void subscribe() {
        SubscriptionTree tree = new SubscriptionTree(new KeyedHash(1, 2));
        for (int i = 0; i < subscribers; i++) {
            CountingRecipient each = new CountingRecipient(i, there);
            tree.add(new Subscription(each, message.topic(), QoS.AT_MOST_ONCE, false, false, 0));
        }
        targets = tree.targets(message.topic(), new TargetCollector(), 2);
    }

    /** Ends the loops. */
    @TearDown
    public void close() {
        transport.close(CLOSE).toCompletableFuture().join();
        core.close();
    }

    @Benchmark
    public void entries() throws InterruptedException {
        deliver(() -> {
            for (int i = 0; i < DELIVERIES / subscribers; i++) {
                here.handOver(message, targets, EntryId.NONE);
            }
        });
    }

    @Benchmark
    public void mailboxTasks() throws InterruptedException {
        deliver(() -> {
            for (int i = 0; i < DELIVERIES; i++) {
                CountingRecipient to = recipient(i);
                there.execute(to::deliver);
            }
        });
    }

    @Benchmark
    public void nettyTasks() throws InterruptedException {
        deliver(() -> {
            for (int i = 0; i < DELIVERIES; i++) {
                CountingRecipient to = recipient(i);
                there.eventLoop().execute(to::deliver);
            }
        });
    }

    private CountingRecipient recipient(int delivery) {
        return (CountingRecipient) targets.of(1)[delivery % subscribers].destination();
    }

    /** Runs it on one loop, and waits until the last recipient of the other has got all that is its. */
    private void deliver(Runnable handOver) throws InterruptedException {
        CountDownLatch arrived = new CountDownLatch(1);
        CountingRecipient slowest = recipient(subscribers - 1);
        there.execute(() -> {
            slowest.await(DELIVERIES / subscribers, arrived);
            here.execute(handOver);
        });
        arrived.await();
    }
}
