package dev.dunlin.broker.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.broker.spi.View;
import dev.dunlin.store.tck.FaultyStore;
import dev.dunlin.store.tck.FaultyStore.Call;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The commit thread's work, step by step: groups in the order of tickets, never split, each with its last ticket. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class CommitPipelineTest {
    private static final long STAMP_OPERATIONS = 2;

    private final AtomicLong nowMs = new AtomicLong();
    private final FaultyStore store = new FaultyStore();
    private final LiveEngine engine = new LiveEngine(store, store.open());
    private final CommitPipeline pipeline = pipeline();
    private final CommitThread thread = new CommitThread("not started", pipeline);

    CommitPipelineTest() throws StoreException {}

    private CommitPipeline pipeline() {
        TimeSource time = new TimeSource() {
            @Override
            public long monotonicMs() {
                return nowMs.get();
            }

            @Override
            public long wallMs() {
                return nowMs.get();
            }
        };
        var bounds = new CommitPipeline.Bounds(1 << 24, 250);
        return new CommitPipeline(
                Durability.POWER, time, engine, bounds, 1, new Sweep(1, new long[0], false, Runnable::run));
    }

    private ChangeWriter writer() {
        return new ChangeWriter(pipeline, thread);
    }

    private static void stage(ChangeWriter writer, int operations) {
        for (int i = 0; i < operations; i++) {
            writer.put(Space.QUEUE).ticket().u32(i).value().u8(1).end();
        }
    }

    private void stepToTheEnd() {
        for (long waitMs = 0; waitMs == 0 || !pipeline.isIdle(); ) {
            waitMs = pipeline.step();
        }
    }

    private List<Long> operations() {
        return store.batches().stream()
                .map(batch -> batch.operations() - STAMP_OPERATIONS)
                .filter(count -> count > 1) // not what the sweep has ended with
                .toList();
    }

    private long storedTicket() throws StoreException {
        try (View view = engine.view()) {
            return Meta.lastTicket(view);
        }
    }

    @Test
    void aGroupEndsBehindTheChangeThatReachesItsOperations() {
        stepToTheEnd();
        ChangeWriter writer = writer();
        for (int i = 0; i < 7; i++) {
            stage(writer, 3_000);
            writer.submit();
        }
        stepToTheEnd();
        assertThat(operations()).containsExactly(9_000L, 9_000L, 3_000L);
    }

    @Test
    void aGroupEndsBehindTheChangeThatReachesItsBytes() {
        stepToTheEnd();
        ChangeWriter writer = writer();
        for (int i = 0; i < 5; i++) {
            writer.put(Space.MESSAGE).ticket().value();
            writer.endWithPayload(Unpooled.wrappedBuffer(new byte[600_000]));
            writer.submit();
        }
        stepToTheEnd();
        assertThat(store.batches().stream().map(FaultyStore.Batch::bytes).filter(bytes -> bytes > 100_000))
                .hasSize(3)
                .allMatch(bytes -> bytes < 1_300_000);
    }

    @Test
    void everyBatchHasItsLastTicketAndTheWatermarkFollowsIt() throws StoreException {
        stepToTheEnd();
        ChangeWriter writer = writer();
        for (int i = 1; i <= 5; i++) {
            stage(writer, 1);
            long ticket = writer.submit();
            assertThat(ticket).isEqualTo(i).isEqualTo(pipeline.lastTicket());
            assertThat(pipeline.durable()).isEqualTo(i - 1);
            stepToTheEnd();
            assertThat(pipeline.durable()).isEqualTo(ticket).isEqualTo(storedTicket());
        }
    }

    @Test
    void changesOfSeveralThreadsLieInTheLogInTheOrderOfTheirTickets() throws Exception {
        List<Long> keys = new ArrayList<>();
        List<Thread> loops = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
            loops.add(new Thread(() -> {
                ChangeWriter writer = writer();
                for (int i = 0; i < 2_000; i++) {
                    stage(writer, 1);
                    writer.submit();
                }
            }));
        }
        loops.forEach(Thread::start);
        while (pipeline.durable() < 6_000) {
            pipeline.step();
            assertThat(storedTicket()).as("never behind the watermark").isGreaterThanOrEqualTo(pipeline.durable());
        }
        engine.read(view -> {
            view.scan(Space.QUEUE, new byte[0], null, (key, value) -> keys.add(key.getLong(key.position())));
            return true;
        });
        assertThat(keys).hasSize(6_000).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void afterAFailedSyncNothingIsDurableBeforeTheEngineIsOpenAgainAndSynced() throws StoreException {
        stepToTheEnd();
        ChangeWriter writer = writer();
        stage(writer, 1);
        long ticket = writer.submit();
        store.failNext(Call.SYNC, 2, Kind.IO);
        pipeline.step();
        pipeline.step();
        assertThat(pipeline.isStalled()).isTrue();
        for (int i = 0; i < 2; i++) {
            assertThat(pipeline.durable()).isLessThan(ticket);
            nowMs.addAndGet(2_000);
            pipeline.step();
        }
        stepToTheEnd();
        assertThat(pipeline.durable()).isEqualTo(ticket);
        assertThat(pipeline.isStalled()).isFalse();
    }

    @Test
    void aGroupThatIsThereAfterAFailureIsSyncedAndNotWrittenAgain() {
        stepToTheEnd();
        ChangeWriter writer = writer();
        stage(writer, 10);
        long ticket = writer.submit();
        store.failedWritesAreApplied(true);
        store.failNext(Call.WRITE, Kind.IO);
        pipeline.step();
        long synced = store.calls(Call.SYNC);
        nowMs.addAndGet(2_000);
        stepToTheEnd();
        assertThat(pipeline.durable()).isEqualTo(ticket);
        assertThat(store.calls(Call.SYNC)).isGreaterThan(synced);
        assertThat(operations()).containsExactly(10L);
    }

    @Test
    void aChangeThatCannotBeEncodedIsNotSkipped() {
        stepToTheEnd();
        ChangeWriter writer = writer();
        ByteBuf payload = Unpooled.buffer(100_000).writeZero(100_000);
        writer.put(Space.MESSAGE).ticket().value();
        writer.endWithPayload(payload);
        payload.release(payload.refCnt()); // as if there were no memory for it
        long ticket = writer.submit();
        stage(writer, 1);
        writer.submit();
        for (int i = 0; i < 10; i++) {
            pipeline.step();
            nowMs.addAndGet(2_000);
        }
        assertThat(pipeline.durable()).isLessThan(ticket);
    }

    @Test
    void aGroupThatFailsIsSubmittedAgainWhole() {
        stepToTheEnd();
        ChangeWriter writer = writer();
        stage(writer, 10);
        writer.submit();
        store.failNext(Call.WRITE, 3, Kind.IO);
        for (int i = 0; i < 8; i++) {
            pipeline.step();
            nowMs.addAndGet(2_000);
        }
        assertThat(operations()).hasSizeGreaterThanOrEqualTo(4).allMatch(count -> count == 10);
        assertThat(pipeline.durable()).isEqualTo(1);
    }
}
