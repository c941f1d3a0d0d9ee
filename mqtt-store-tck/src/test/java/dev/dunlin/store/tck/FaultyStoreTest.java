package dev.dunlin.store.tck;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.View;
import dev.dunlin.store.tck.FaultyStore.Batch;
import dev.dunlin.store.tck.FaultyStore.Call;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FaultyStoreTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final FaultyStore store = new FaultyStore();
    private StorageEngine engine;

    @BeforeEach
    void open() throws StoreException {
        engine = store.open();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFailedWriteIsThereOrNotAsTold(boolean applied) throws StoreException {
        store.failNext(Call.WRITE, Kind.IO);
        store.failedWritesAreApplied(applied);

        assertFails(Kind.IO, () -> write("a", false));

        assertThat(isThere("a")).isEqualTo(applied);
    }

    @Test
    void takesNoChangesAfterAFailureUntilItIsOpenedAnew() throws StoreException {
        store.failNext(Call.WRITE, Kind.IO);
        assertFails(Kind.IO, () -> write("a", false));

        assertFails(Kind.IO, () -> write("b", false));
        assertFails(Kind.IO, engine::sync);
        reopen();
        write("c", true);

        assertThat(isThere("b")).isFalse();
        assertThat(isThere("c")).isTrue();
    }

    @Test
    void aFailedSyncLeavesTheBatchToTheWeather() throws StoreException {
        store.failNext(Call.SYNC, Kind.IO);

        assertFails(Kind.IO, () -> write("a", true));
        assertThat(isThere("a")).isTrue();

        store.crash(Crash.POWER);
        engine = store.open();
        assertThat(isThere("a")).isFalse();
    }

    @Test
    void failsAsOftenAsTold() throws StoreException {
        store.failNext(Call.OPEN, 2, Kind.LOCKED);
        engine.close();

        assertFails(Kind.LOCKED, store::open);
        assertFails(Kind.LOCKED, store::recover);
        engine = store.open();

        store.failAll(Call.VIEW, Kind.BUSY);
        assertFails(Kind.BUSY, engine::view);
        assertFails(Kind.BUSY, engine::view);
        store.heal();
        assertThat(isThere("a")).isFalse();
    }

    @Test
    void throwsWhatNoEngineShould() {
        store.throwNext(Call.WRITE, new IllegalStateException("bug"));

        assertThatThrownBy(() -> write("a", true))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("bug");
        assertFails(Kind.IO, () -> write("a", true));
    }

    @Test
    void failsToRead() throws StoreException {
        write("a", true);
        try (View view = engine.view()) {
            store.failNext(Call.READ, Kind.IO);
            assertFails(Kind.IO, () -> view.get(Space.QUEUE, key("a")));
            assertThat(view.get(Space.QUEUE, key("a"))).isNotNull();
        }
    }

    @Test
    void letsGoOfTheStoreThoughClosingFails() throws StoreException {
        store.failNext(Call.CLOSE, Kind.IO);

        assertFails(Kind.IO, engine::close);

        assertThat(store.isOpen()).isFalse();
        engine = store.open();
        assertThat(store.isOpen()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(
            value = Call.class,
            names = {"WRITE", "SYNC"})
    void aStalledWriteStandsStillUntilReleased(Call call) throws Exception {
        store.stall(call);
        CompletableFuture<Void> writing = writeElsewhere("a");
        store.awaitStalled(call, PATIENCE);
        assertThat(store.isStalled(call)).isTrue();
        assertThat(writing).isNotDone();
        assertThat(isThere("a")).isEqualTo(call == Call.SYNC);

        store.release(call);
        writing.get(10, TimeUnit.SECONDS);

        assertThat(store.isStalled(call)).isFalse();
        assertThat(isThere("a")).isTrue();
    }

    @Test
    void severalReadersStandStill() throws Exception {
        write("a", true);
        store.stall(Call.READ);
        CompletableFuture<Boolean> one = readElsewhere("a");
        CompletableFuture<Boolean> other = readElsewhere("b");
        store.awaitStalled(Call.READ, PATIENCE);

        store.heal();

        assertThat(one.get(10, TimeUnit.SECONDS)).isTrue();
        assertThat(other.get(10, TimeUnit.SECONDS)).isFalse();
    }

    private CompletableFuture<Boolean> readElsewhere(String key) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return isThere(key);
            } catch (StoreException e) {
                throw new CompletionException(e);
            }
        });
    }

    @Test
    void saysWhenNothingStalls() {
        store.stall(Call.WRITE);

        assertThatThrownBy(() -> store.awaitStalled(Call.WRITE, Duration.ofMillis(1)))
                .isInstanceOf(TimeoutException.class);
    }

    @Test
    void aCrashEndsAStallAndTheWriteIsLost() throws Exception {
        store.stall(Call.WRITE);
        CompletableFuture<Void> writing = writeElsewhere("a");
        store.awaitStalled(Call.WRITE, PATIENCE);

        store.crash(Crash.PROCESS);

        assertThatThrownBy(() -> writing.get(10, TimeUnit.SECONDS)).hasRootCauseInstanceOf(StoreException.class);
        engine = store.open();
        assertThat(isThere("a")).isFalse();
    }

    @ParameterizedTest
    @EnumSource(Crash.class)
    void aCrashKeepsWhatItsKindKeeps(Crash crash) throws StoreException {
        write("synced", true);
        write("written", false);
        View view = engine.view();

        store.crash(crash);

        assertFails(Kind.IO, () -> write("a", true));
        assertFails(Kind.IO, engine::sync);
        assertFails(Kind.IO, engine::view);
        assertFails(Kind.IO, () -> view.get(Space.QUEUE, key("synced")));
        engine.close();
        engine = store.open();
        assertThat(isThere("synced")).isTrue();
        assertThat(isThere("written")).isEqualTo(crash == Crash.PROCESS);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void crashesAtNamedPoints(boolean after) throws StoreException {
        if (after) {
            store.afterWrite(batch -> store.crash(Crash.POWER));
        } else {
            store.beforeWrite(batch -> store.crash(Crash.POWER));
        }

        assertFails(Kind.IO, () -> write("a", true));

        engine = store.open();
        assertThat(isThere("a")).isEqualTo(after);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void isFullAboveABound(boolean leavesNoTrace) throws StoreException {
        store.failedWriteLeavesNoTrace(leavesNoTrace);
        store.failedWritesAreApplied(true);
        store.fullAbove(100);
        write("a", true);
        assertThat(engine.stats().volumeBytes()).isEqualTo(100);
        assertThat(engine.stats().freeBytes()).isEqualTo(98);

        assertFails(Kind.FULL, () -> put("b", new byte[100], true));

        assertThat(engine.traits().failedWriteLeavesNoTrace()).isEqualTo(leavesNoTrace);
        assertThat(isThere("b")).isEqualTo(!leavesNoTrace);
        if (leavesNoTrace) {
            write("c", true);
        } else {
            assertFails(Kind.IO, () -> write("c", true));
        }
    }

    @Test
    void tellsTheFiguresThatItIsGiven() {
        store.freeBytes(10, 1_000);

        assertThat(engine.stats().freeBytes()).isEqualTo(10);
        assertThat(engine.stats().volumeBytes()).isEqualTo(1_000);
    }

    @Test
    void countsAndRemembers() throws StoreException {
        write("a", true);
        write("b", false);
        View view = engine.view();

        assertThat(store.openViews()).isEqualTo(1);
        view.close();
        view.close();
        assertThat(store.openViews()).isZero();
        assertThat(store.calls(Call.WRITE)).isEqualTo(2);
        assertThat(store.calls(Call.SYNC)).isEqualTo(1);
        assertThat(store.operations()).isEqualTo(2);
        assertThat(store.batches()).extracting(Batch::sync).containsExactly(true, false);
    }

    @Test
    void refusesToCrashWhatCannot() throws StoreException {
        FaultyStore around = new FaultyStore(store);

        assertThatThrownBy(() -> around.crash(Crash.POWER)).isInstanceOf(IllegalStateException.class);
    }

    private CompletableFuture<Void> writeElsewhere(String key) {
        return CompletableFuture.runAsync(() -> {
            try {
                write(key, true);
            } catch (StoreException e) {
                throw new CompletionException(e);
            }
        });
    }

    private void reopen() throws StoreException {
        engine.close();
        engine = store.open();
    }

    private void write(String key, boolean sync) throws StoreException {
        put(key, key(key), sync);
    }

    private void put(String key, byte[] value, boolean sync) throws StoreException {
        OpBuffer ops = new OpBuffer();
        ops.put(Space.QUEUE, ByteBuffer.wrap(key(key)), ByteBuffer.wrap(value));
        engine.write(ops, sync);
    }

    private boolean isThere(String key) throws StoreException {
        try (View view = engine.view()) {
            return view.get(Space.QUEUE, key(key)) != null;
        }
    }

    private static byte[] key(String key) {
        return key.getBytes(US_ASCII);
    }

    private static void assertFails(Kind kind, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }
}
