package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.codec.QoS;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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
 * What do the window and the queue of a session cost a message, by themselves and in memory?
 *
 * <pre>java -jar mqtt-benchmarks/target/benchmarks.jar WindowBenchmark -prof gc</pre>
 *
 * Varies: how many messages are unacknowledged, or wait, all the time. {@code qos1}: a message takes a packet id, the oldest one is
 * found by its own and acknowledged. {@code qos1OutOfOrder}: two are taken, then the younger one is acknowledged before the
 * older; time per message. {@code qos2}: with a release between. {@code queue}: a message is queued and the oldest taken out; {@code
 * sessionQueue}: the same with bounds, policy and accounting around it.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class WindowBenchmark {
    /** Messages in the window, or in the queue. */
    @Param({"1", "20", "10000"})
    int waiting;

    private final Core core = new Core(Limits.STANDALONE, TimeSource.system(), new Random(1), 1, null);
    private final CountingRecipient recipient = new CountingRecipient(1, core.loop(0));
    private final Target target = new Target(recipient, QoS.EXACTLY_ONCE, false, false, Target.NO_IDS);
    private final KeptMessage message = KeptMessage.of(Message.of("fleet/7/device-701/status", "64 bytes or so"), 0);
    private final OutboundWindow window = new OutboundWindow(false, new HeldBytes());
    private final MessageQueue queue = new MessageQueue();
    private final SessionQueue sessionQueue = new SessionQueue(new NoOwner(), recipient, null);
    private int oldestId = 1;

    /** Fills them. */
    @Setup
    public void fill() {
        core.loop(0).enter();
        window.connected(65_535, Long.MAX_VALUE);
        for (int i = 0; i < waiting; i++) {
            window.add(message, target, OutboundWindow.SENT_QOS_2, EntryId.NONE);
            queue.add(message, target, EntryId.NONE);
            sessionQueue.add(message, target, EntryId.NONE);
        }
    }

    /** Gives everything back. */
    @TearDown
    public void close() {
        sessionQueue.dropAll(DropReason.BROKER_CLOSED);
        window.clear();
        core.loop(0).exit();
        core.close();
    }

    @Benchmark
    public int qos1() {
        int id = window.add(message, target, OutboundWindow.SENT_QOS_1, EntryId.NONE);
        window.complete(window.find(oldestId));
        oldestId = after(oldestId);
        return id;
    }

    @Benchmark
    @OperationsPerInvocation(2)
    public int qos1OutOfOrder() {
        window.add(message, target, OutboundWindow.SENT_QOS_1, EntryId.NONE);
        int id = window.add(message, target, OutboundWindow.SENT_QOS_1, EntryId.NONE);
        window.complete(window.find(after(oldestId)));
        window.complete(window.find(oldestId));
        oldestId = after(after(oldestId));
        return id;
    }

    @Benchmark
    public int qos2() {
        int id = window.add(message, target, OutboundWindow.SENT_QOS_2, EntryId.NONE);
        window.release(window.find(oldestId));
        window.complete(window.find(oldestId));
        oldestId = after(oldestId);
        return id;
    }

    private static int after(int packetId) {
        return packetId % 65_535 + 1;
    }

    @Benchmark
    public @Nullable KeptMessage queue() {
        queue.add(message, target, EntryId.NONE);
        return queue.removeHead();
    }

    @Benchmark
    public KeptMessage sessionQueue() {
        sessionQueue.add(message, target, EntryId.NONE);
        return sessionQueue.remove();
    }

    /** The session around a queue that is never full. */
    private static final class NoOwner implements SessionQueue.Owner {
        @Override
        public String account() {
            throw new IllegalStateException("nothing is lost");
        }

        @Override
        public long storedSid() {
            throw new IllegalStateException("nothing is stored");
        }

        @Override
        public void drop(@Nullable KeptMessage message, long entry, DropReason reason) {
            if (reason != DropReason.BROKER_CLOSED) {
                throw new IllegalStateException("dropped: " + reason);
            }
        }

        @Override
        public boolean isPausedByUs() {
            return false;
        }

        @Override
        public void tooSlow() {
            throw new IllegalStateException("there is no client");
        }

        @Override
        public void pump() {}

        @Override
        public boolean hasEnded() {
            return false;
        }
    }
}
