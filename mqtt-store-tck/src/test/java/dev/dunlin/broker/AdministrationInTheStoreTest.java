package dev.dunlin.broker;

import static dev.dunlin.broker.StoredBroker.persistent;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Page;
import dev.dunlin.broker.spi.QueuedMessage;
import dev.dunlin.broker.spi.SessionState;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.store.tck.Crash;
import dev.dunlin.store.tck.FaultyStore.Call;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an administrator sees of what is only in the store, and what is gone from it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class AdministrationInTheStoreTest {
    private static final int MESSAGES = 150; // some pages of the store

    @AutoClose
    private final StoredBroker stored =
            StoredBroker.start(Limits.EMBEDDED.withQueueMemoryBytesMax(3_000).withInflightMessagesMax(2));

    private static <T> T get(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
    }

    private Administration admin() {
        stored.broker().settle();
        return stored.broker().broker().admin();
    }

    private SessionState session() {
        return get(admin().session("c")).orElseThrow();
    }

    private List<QueuedMessage> queue(int max) {
        List<QueuedMessage> all = new ArrayList<>();
        String next = "";
        while (next != null) {
            Page<QueuedMessage> page = get(admin().queue("c", next, max));
            assertThat(page.items().size()).isLessThanOrEqualTo(max);
            all.addAll(page.items());
            next = page.next();
        }
        return all;
    }

    private static List<Long> numbers(int from, int to) {
        return IntStream.range(from, to).mapToObj(Long::valueOf).toList();
    }

    /** Payloads of 0, 1, 2... bytes, so that each is known by its size. */
    private void publishSizes(int from, int to) {
        WireClient publisher = stored.broker().client("publisher");
        Sendable[] burst = new Sendable[to - from];
        for (int i = from; i < to; i++) {
            burst[i - from] = publish("t", "x".repeat(i)).qos(1, i + 1);
        }
        publisher.send(burst);
        for (int i = from; i < to; i++) {
            assertThat(publisher.receive()).isNotNull();
        }
        publisher.leave();
    }

    private WireClient c() {
        WireClient c = stored.broker().send(MqttVersion.V5, persistent("c"));
        c.expect(connack().sessionPresent());
        return c;
    }

    private void subscribeAndLeave() {
        WireClient c = stored.broker().send(MqttVersion.V5, persistent("c"));
        c.expect(connack());
        c.subscribed("t", 1).leave();
    }

    @Test
    void pagesThroughWhatIsPagedOut() {
        subscribeAndLeave();
        publishSizes(0, MESSAGES);
        List<QueuedMessage> all = queue(40);
        assertThat(all).extracting(QueuedMessage::payloadBytes).isEqualTo(numbers(0, MESSAGES));
        assertThat(all).extracting(QueuedMessage::topic).containsOnly("t");
        assertThat(all).extracting(QueuedMessage::publisher).containsOnly("publisher");
        assertThat(all).extracting(QueuedMessage::inMemory).contains(true, false);
    }

    @Test
    void pagesThroughWhatAnEarlierProcessHasLeft() {
        subscribeAndLeave();
        publishSizes(0, MESSAGES);
        stored.restart();
        publishSizes(MESSAGES, MESSAGES + 10);
        assertThat(queue(40)).extracting(QueuedMessage::payloadBytes).isEqualTo(numbers(0, MESSAGES + 10));
        assertThat(session().isConnected()).isFalse();
        assertThat(session().stored()).isTrue();
        WireClient c = c(); // two of them are under way from now on
        c.expectPublish("t", "", 1);
        c.expectPublish("t", "x", 1);
        assertThat(queue(40)).extracting(QueuedMessage::payloadBytes).isEqualTo(numbers(2, MESSAGES + 10));
        assertThat(session().inflight()).isEqualTo(2);
        c.leave();
        stored.restart();
        assertThat(queue(40)).extracting(QueuedMessage::payloadBytes).isEqualTo(numbers(2, MESSAGES + 10));
    }

    /** Its checksum is right, as if it had been written so. */
    @Test
    void showsTheOthersIfOneCannotBeDecoded() {
        subscribeAndLeave();
        publishSizes(0, 10);
        stored.stop();
        Space space = stored.contents().count(Space.MESSAGE) == 0 ? Space.QUEUE : Space.MESSAGE;
        WatchedStore.Stored record = stored.contents().records(space).get(4);
        stored.contents().put(space, record.key(), withoutPacketType(record.value()));
        stored.startAgain();
        List<QueuedMessage> all = queue(40);
        assertThat(all).hasSize(10);
        assertThat(all).element(4).extracting(QueuedMessage::topic).isNull();
        assertThat(all).extracting(QueuedMessage::payloadBytes).containsExactly(0L, 1L, 2L, 3L, 0L, 5L, 6L, 7L, 8L, 9L);
    }

    private static byte[] withoutPacketType(byte[] stored) {
        byte[] value = stored.clone();
        String publisher = "publisher";
        value[new String(value, StandardCharsets.ISO_8859_1).indexOf(publisher) + publisher.length()] = 0;
        CRC32C crc = new CRC32C();
        crc.update(value, 0, value.length - Integer.BYTES);
        ByteBuffer.wrap(value).putInt(value.length - Integer.BYTES, (int) crc.getValue());
        return value;
    }

    @Test
    void purgesWhatIsPagedOut() {
        subscribeAndLeave();
        publishSizes(0, MESSAGES);
        assertThat(get(admin().purgeQueue("c"))).isEqualTo(MESSAGES);
        assertThat(stored.broker().dropped(DropReason.PURGED)).isEqualTo(MESSAGES);
        stored.crash(Crash.PROCESS);
        assertThat(queue(40)).isEmpty();
        assertThat(stored.contents().count(Space.QUEUE)).isZero();
        assertThat(stored.contents().count(Space.MESSAGE)).isZero();
    }

    @Test
    void purgesWhatAnEarlierProcessHasLeftButForWhatIsUnderWay() {
        subscribeAndLeave();
        publishSizes(0, MESSAGES);
        WireClient before = c();
        before.expectPublish("t", "", 1);
        before.expectPublish("t", "x", 1);
        before.leave();
        stored.restart();
        publishSizes(MESSAGES, MESSAGES + 10);
        assertThat(get(admin().purgeQueue("c"))).isEqualTo(MESSAGES + 10 - 2);
        assertThat(queue(40)).isEmpty();
        stored.crash(Crash.PROCESS);
        publishSizes(3, 4);
        WireClient c = c();
        c.take(publish("t", "").qos(1).dup());
        c.take(publish("t", "x").qos(1).dup());
        c.take("t", "xxx", 1);
        c.ping();
    }

    @Test
    void failsWhileTheStoreCannotBeReadAndLeavesWhatItHas() {
        subscribeAndLeave();
        publishSizes(0, MESSAGES);
        stored.restart();
        TestBroker.eventually("the store is counted", () -> session().queuedMessages() == MESSAGES);
        stored.store().failAll(Call.READ, Kind.IO);
        assertThatThrownBy(() -> get(admin().queue("c", "", 40))).hasCauseInstanceOf(StoreException.class);
        stored.store().heal();
        stored.store().failAll(Call.READ, Kind.CORRUPT);
        assertThatThrownBy(() -> get(admin().purgeQueue("c"))).hasCauseInstanceOf(StoreException.class);
        stored.store().heal();
        assertThat(queue(40)).hasSize(MESSAGES);
        assertThat(get(admin().purgeQueue("c"))).isEqualTo(MESSAGES);
        assertThat(queue(40)).isEmpty();
    }

    @Test
    void endsASessionThatIsOnlyInTheStore() {
        subscribeAndLeave();
        publishSizes(0, MESSAGES);
        stored.restart();
        assertThat(get(admin().endSession("c"))).isTrue();
        TestBroker.eventually("nothing is left", () -> stored.contents().count(Space.QUEUE) == 0);
        stored.crash(Crash.PROCESS);
        assertThat(get(admin().session("c"))).isEmpty();
    }

    @Test
    void removesRetainedMessagesForGood() {
        stored.broker().client("publisher").published(publish("a/b", "x").retain(), 1);
        assertThat(get(admin().removeRetained("a/#"))).isEqualTo(1);
        stored.crash(Crash.PROCESS);
        assertThat(get(admin().retained("#", "", 10, 0)).items()).isEmpty();
    }
}
