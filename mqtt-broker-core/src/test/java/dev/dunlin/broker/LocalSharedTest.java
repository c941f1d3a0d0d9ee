package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.SubscriptionOptions;
import dev.dunlin.broker.spi.SubscriptionOptions.RetainHandling;
import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.QoS;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The local client as a member of shared groups; options; and what is copied on the way to it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class LocalSharedTest {
    @AutoClose
    private final TestBroker broker = TestBroker.start(Limits.EMBEDDED.withLocalQueueMessagesMax(2));

    private final BlockingQueue<Message> came = new LinkedBlockingQueue<>();

    private Message next() throws InterruptedException {
        Message message = came.poll(10, TimeUnit.SECONDS);
        assertThat(message).as("a message within 10 s").isNotNull();
        return message;
    }

    private void publish(String payload, QoS qos) {
        broker.local()
                .publish(Message.builder("t").payload(payload).qos(qos).build())
                .toCompletableFuture()
                .join();
    }

    @Test
    void takesTurnsWithSocketClients() throws InterruptedException {
        broker.local().subscribe("$share/g/t", came::add);
        WireClient client = broker.client("c").subscribed("$share/g/t", 2);
        for (int i = 0; i < 6; i++) {
            publish("" + i, QoS.of(i % 3));
        }
        for (int i = 0; i < 3; i++) {
            client.acknowledge((ReceivedPublish) client.receive());
            next();
        }
        assertThat(came).isEmpty();
    }

    @Test
    void leavesToTheGroupWhatItHasNoRoomForAndGivesBackTheRest() throws InterruptedException {
        CompletableFuture<Void> held = new CompletableFuture<>();
        LocalSubscription slow = broker.local().subscribe("$share/g/t", QoS.EXACTLY_ONCE, message -> {
            came.add(message);
            return held;
        });
        for (int i = 0; i < 10; i++) {
            publish("" + i, QoS.AT_LEAST_ONCE);
        }
        assertThat(next().payloadText()).isEqualTo("0");
        assertThat(broker.dropped(DropReason.LOCAL_QUEUE_FULL)).isZero();
        WireClient other = broker.client("c").subscribed("$share/g/t", 2);
        slow.close();
        List<String> got = new CopyOnWriteArrayList<>();
        for (int i = 1; i < 10; i++) {
            ReceivedPublish publish = (ReceivedPublish) other.receive();
            got.add(publish.text());
            other.acknowledge(publish);
        }
        assertThat(got).containsExactlyInAnyOrder("1", "2", "3", "4", "5", "6", "7", "8", "9");
        held.complete(null);
        slow.close();
        other.ping();
    }

    @Test
    void goesOnWhenThereIsRoomAgain() {
        List<String> all = new CopyOnWriteArrayList<>();
        broker.local().subscribe("$share/g/t", message -> all.add(message.payloadText()));
        for (int i = 0; i < 200; i++) {
            publish("" + i, QoS.AT_LEAST_ONCE);
        }
        await().until(() -> all.size() == 200);
        for (int i = 0; i < 200; i++) {
            assertThat(all.get(i)).isEqualTo("" + i);
        }
    }

    @Test
    void countsWhatItsHandlerFailsOn() {
        broker.local().subscribe("$share/g/t", message -> {
            throw new IllegalStateException("on purpose");
        });
        for (int i = 0; i < 5; i++) {
            publish("" + i, QoS.AT_LEAST_ONCE);
        }
        await().until(() -> broker.dropped(DropReason.LOCAL_HANDLER_FAILED) == 5);
    }

    @Test
    void optionsAreKept() throws InterruptedException {
        broker.local()
                .publish(Message.builder("t").payload("kept").retain(true).build())
                .toCompletableFuture()
                .join();
        SubscriptionOptions options = SubscriptionOptions.of(QoS.AT_LEAST_ONCE)
                .withNoLocal(true)
                .withRetainAsPublished(false)
                .withRetainHandling(RetainHandling.DO_NOT_SEND);
        broker.local().subscribe("t", options, message -> {
            came.add(message);
            return CompletableFuture.completedFuture(null);
        });
        publish("own", QoS.AT_LEAST_ONCE);
        broker.client("c").published(Packets.publish("t", "theirs").retain(), 1);
        Message only = next();
        assertThat(only.payloadText()).isEqualTo("theirs");
        assertThat(only.retain()).isFalse();
        assertThat(came).isEmpty();
        assertThatThrownBy(() -> broker.local().subscribe("$share/g/t", options, message -> null))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void handsOverTheSameMessageAndCopiesNothing() throws InterruptedException {
        byte[] large = new byte[1 << 20];
        for (byte[] payload : List.of(large, new byte[] {1, 2})) {
            LocalSubscription same = broker.local().subscribe("t", came::add);
            Message message = Message.builder("t")
                    .wrapPayload(payload)
                    .qos(QoS.AT_LEAST_ONCE)
                    .build();
            broker.local().publish(message).toCompletableFuture().join();
            assertThat(next()).isSameAs(message);
            same.close();
            LocalSubscription lower = broker.local().subscribe("t", QoS.AT_MOST_ONCE, each -> {
                came.add(each);
                return CompletableFuture.completedFuture(null);
            });
            broker.local().publish(message).toCompletableFuture().join();
            Message other = next();
            assertThat(other.qos()).isEqualTo(QoS.AT_MOST_ONCE);
            assertThat(other.payload()).isEqualTo(ByteBuffer.wrap(payload));
            lower.close();
        }
    }

    @Test
    void aWrappedPayloadReachesSocketsAndMayBeAnyBuffer() {
        WireClient client = broker.client("c").subscribed("t", 1);
        byte[] bytes = new byte[5_000];
        bytes[17] = 42;
        ByteBuffer direct = ByteBuffer.allocateDirect(5_000).put(17, (byte) 42);
        ByteBuffer part = ByteBuffer.wrap(new byte[6_000], 500, 5_000).put(517, (byte) 42);
        for (ByteBuffer each : List.of(ByteBuffer.wrap(bytes), direct, part, direct.asReadOnlyBuffer())) {
            for (Message.Builder message : List.of(
                    Message.builder("t").wrapPayload(each), Message.builder("t").payload(each))) {
                broker.local()
                        .publish(message.qos(QoS.AT_LEAST_ONCE).build())
                        .toCompletableFuture()
                        .join();
                client.take(Packets.publish("t", bytes).qos(1));
            }
        }
    }
}
