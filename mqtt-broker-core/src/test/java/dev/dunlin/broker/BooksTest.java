package dev.dunlin.broker;

import static dev.dunlin.broker.Books.persistent;
import static dev.dunlin.broker.Books.takeAll;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.TestBroker.ManualTime;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Interceptor;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.Verdict;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The books balance: each publish times its targets is delivered, waits, or is dropped for a reason, whatever happens to clients
 * and sessions; and what observers are told adds up to what was counted. A new reason needs an act in {@link #acts}.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class BooksTest {
    private static final int QUEUE_MAX = 2;

    private final ManualTime time = new ManualTime();
    private final ForbiddenTopics forbidden = new ForbiddenTopics();
    private final Books books = new Books();

    private final Interceptor refusing = new Interceptor() {
        @Override
        public Verdict<Message> onDeliver(ClientInfo to, Message message) {
            return message.topic().startsWith("intercepted")
                    ? Verdict.reject(ReasonCode.NOT_AUTHORIZED, "")
                    : Verdict.pass();
        }
    };

    /** What brings a reason about. Each may come several times, in any order. */
    private final Map<DropReason, Runnable> acts = new EnumMap<>(DropReason.class);

    /** What drops nothing by itself. */
    private final Map<String, Runnable> others = new TreeMap<>(Map.of(
            "a shared group", this::sharedGroup,
            "no local", this::noLocal,
            "retained messages", this::retained,
            "QoS 2 over a reconnect", this::qos2OverAReconnect,
            "a takeover", this::takeover,
            "a will", this::will,
            "a crowd", this::crowd,
            "members within the process", this::localMembers,
            "a flow", this::flow,
            "a session within the process", this::localSession));

    private TestBroker broker;
    private WireClient publisher;
    private Random random;
    private int names;

    BooksTest() {
        acts.put(DropReason.REFUSED, this::refused);
        acts.put(DropReason.INTERCEPTED, this::intercepted);
        acts.put(DropReason.PURGED, this::purged);
        acts.put(DropReason.OFFLINE_QOS_0, this::offline);
        acts.put(DropReason.SLOW_CONSUMER_QOS_0, this::slowConsumer);
        acts.put(DropReason.QUEUE_FULL, this::queueFull);
        acts.put(DropReason.EXPIRED, this::expired);
        acts.put(DropReason.PACKET_TOO_LARGE, this::tooLarge);
        acts.put(DropReason.NOT_AUTHORIZED, this::notAuthorized);
        acts.put(DropReason.SESSION_ENDED, this::sessionEnded);
        acts.put(DropReason.REJECTED_BY_RECEIVER, this::rejected);
        acts.put(DropReason.LOCAL_QUEUE_FULL, this::localQueueFull);
        acts.put(DropReason.LOCAL_HANDLER_FAILED, this::localHandlerFailed);
        acts.put(DropReason.BROKER_CLOSED, () -> {}); // the last of all
    }

    @AfterEach
    void close() {
        if (broker != null) {
            broker.close();
        }
    }

    @Test
    void everyReasonHasAnAct() {
        Set<DropReason> covered = EnumSet.copyOf(acts.keySet());
        covered.addAll(DropReasonTest.COUNTED_WITH_A_STORE);
        assertThat(covered).contains(DropReason.values());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void balance(long seed) {
        random = new Random(seed);
        broker = TestBroker.start(builder -> builder.time(time)
                .authorizer(forbidden)
                .intercept(refusing)
                .observe(books)
                .limits(Limits.EMBEDDED
                        .withQueueMessagesMax(QUEUE_MAX)
                        .withLocalQueueMessagesMax(QUEUE_MAX)
                        .withOutputBytesMax(32 << 10)));
        publisher = broker.client("publisher");
        Map<String, Runnable> all = new TreeMap<>(others);
        acts.forEach((reason, act) -> all.put(reason.name(), act));
        List<String> play = new ArrayList<>(all.keySet());
        play.addAll(others.keySet());
        Collections.shuffle(play, random);
        for (String act : play) {
            all.get(act).run();
            broker.settle();
            books.assertBalanced(broker.broker(), "seed " + seed + ", after " + act + " of " + play, 0);
        }
        assertThat(Books.dropped(broker.broker()).keySet())
                .containsAll(EnumSet.complementOf(EnumSet.of(DropReason.BROKER_CLOSED, DropReason.STORE_DAMAGED)));
        leaveSomething();
        broker.settle();
        long waiting = broker.broker().stats().queued().messages()
                + broker.broker().stats().inflight().messages();
        broker.broker().close();
        assertThat(broker.broker().dropped(DropReason.BROKER_CLOSED)).isPositive();
        // A store keeps what waits for sessions that outlive their connections: here all of them do, but for the
        // crowd's.
        long kept = TestBroker.isStored() ? waiting : 0;
        books.assertBalanced(broker.broker(), "seed " + seed + ", closed", kept);
    }

    // ---- the acts

    private String name(String of) {
        return of + "-" + names++;
    }

    private WireClient made(String id) {
        return persistent(broker, id, false);
    }

    private WireClient back(String id) {
        return persistent(broker, id, true);
    }

    private void publishTo(String topic, int qos, int targets) {
        books.publish(publisher, publish(topic, "payload"), qos, targets);
    }

    private void refused() {
        publisher.published("$SYS/x", "p", 0);
        WireClient c = broker.client(name("refused"));
        c.send(publish("$SYS/x", "p").qos(1, 1), publish("$SYS/x", "p").qos(2, 2));
        c.expect(puback(1).reason(ReasonCode.NOT_AUTHORIZED));
        c.receive();
        broker.local()
                .publish(Message.of("$SYS/x", "p"))
                .toCompletableFuture()
                .exceptionally(e -> null)
                .join();
        books.refuse(4);
    }

    private void offline() {
        String topic = name("offline");
        made(topic).subscribed(topic, 2).leave();
        publishTo(topic, 0, 1);
        made(name("member")).subscribed("$share/g/" + topic, 0).leave();
        publishTo(topic, 0, 2);
    }

    private void slowConsumer() {
        String topic = name("slow");
        WireClient slow = broker.client(topic).subscribed(topic, 0);
        long before = broker.dropped(DropReason.SLOW_CONSUMER_QOS_0);
        while (broker.dropped(DropReason.SLOW_CONSUMER_QOS_0) < before + 2) {
            books.publish(publisher, publish(topic, new byte[128 << 10]), 0, 1);
        }
        slow.close();
        TestBroker.eventually("it is gone", () -> !broker.hasSession(topic));
    }

    private void queueFull() {
        String topic = name("full");
        made(topic).subscribed(topic, 2).leave();
        for (int i = 0; i < 5; i++) {
            publishTo(topic, 1 + i % 2, 1);
        }
        if (random.nextBoolean()) {
            takeAll(back(topic));
        }
    }

    private void expired() {
        String topic = name("expired");
        made(topic).subscribed(topic, 1).leave();
        books.publish(publisher, publish(topic, "p").expiry(1), 1, 1);
        books.publish(publisher, publish(topic, "p"), 1, 1);
        time.advance(Duration.ofSeconds(1));
        takeAll(back(topic));
    }

    private void tooLarge() {
        String topic = name("large");
        WireClient c = broker.send(MqttVersion.V5, connect(topic).maximumPacketSize(100));
        c.expect(connack());
        c.subscribed(topic, 2);
        for (int qos = 0; qos <= 2; qos++) {
            books.publish(publisher, publish(topic, "x".repeat(100)), qos, 1);
        }
        takeAll(c);
    }

    private void notAuthorized() {
        String topic = name("forbidden");
        String member = name("member");
        WireClient c = broker.client(topic).subscribed(topic, 2);
        WireClient m = made(member).subscribed("$share/g/" + topic, 2);
        forbidden.receive(topic, topic);
        forbidden.receive(member, topic);
        for (int qos = 0; qos <= 2; qos++) {
            publishTo(topic, qos, 2);
        }
        takeAll(c);
        takeAll(m);
    }

    private void intercepted() {
        String topic = name("intercepted");
        WireClient c = broker.client(topic).subscribed(topic, 2);
        WireClient m = made(name("member")).subscribed("$share/g/" + topic, 2);
        String queued = name("queued");
        made(queued).subscribed(topic, 2).leave();
        publishTo(topic, 1, 3);
        publishTo(topic, 2, 3);
        takeAll(c);
        takeAll(m);
        takeAll(back(queued));
        publishTo(topic, 0, 3);
    }

    private void purged() {
        String topic = name("purged");
        made(topic).subscribed(topic, 2).leave();
        publishTo(topic, 1, 1);
        publishTo(topic, 2, 1);
        long purged =
                broker.broker().admin().purgeQueue(topic).toCompletableFuture().join();
        assertThat(purged).isEqualTo(2);
    }

    private void sessionEnded() {
        String id = name("ended");
        WireClient c =
                broker.send(MqttVersion.V5, connect(id).sessionExpiry(100).receiveMaximum(2));
        c.expect(connack());
        c.subscribed(id, 2);
        for (int i = 0; i < 4; i++) {
            publishTo(id, 1 + i % 2, 1);
        }
        c.receive();
        c.drop();
        broker.client(id).leave();
    }

    private void rejected() {
        String topic = name("rejects");
        WireClient c = broker.client(topic).subscribed(topic, 2);
        publishTo(topic, 1, 1);
        publishTo(topic, 2, 1);
        c.send(puback(c.expectPublish(topic, "payload", 1).packetId()).reason(ReasonCode.UNSPECIFIED_ERROR));
        c.send(pubrec(c.expectPublish(topic, "payload", 2).packetId()).reason(ReasonCode.QUOTA_EXCEEDED));
        c.expectNothing();
    }

    private void localQueueFull() {
        String topic = name("local");
        CompletableFuture<Void> go = new CompletableFuture<>();
        AtomicInteger began = new AtomicInteger();
        broker.local().subscribe(topic, QoS.AT_LEAST_ONCE, message -> {
            began.incrementAndGet();
            return go;
        });
        for (int i = 0; i < QUEUE_MAX + 3; i++) {
            broker.local().publish(Message.of(topic, "p")).toCompletableFuture().join();
            books.begin(1);
            TestBroker.eventually("its handler has the first", () -> began.get() == 1); // which is in the queue no more
        }
        broker.settle(); // what came after this would find room
        go.complete(null);
        TestBroker.eventually("its handler has had them", () -> began.get() == QUEUE_MAX + 1);
    }

    private void localHandlerFailed() {
        String topic = name("failing");
        publisher.published(publish(topic, "retained").retain(), 1);
        CountDownLatch handled = new CountDownLatch(3);
        long before = broker.dropped(DropReason.LOCAL_HANDLER_FAILED);
        broker.local().subscribe(topic, QoS.AT_LEAST_ONCE, message -> {
            handled.countDown();
            return switch (message.payloadText()) {
                case "throw" -> throw new AssertionError("on purpose");
                case "retained" -> CompletableFuture.completedFuture(null);
                default -> CompletableFuture.failedFuture(new IllegalStateException("on purpose"));
            };
        });
        books.begin(1); // the retained one
        TestBroker.eventually("it is there", () -> handled.getCount() == 2);
        books.publish(publisher, publish(topic, "throw"), 1, 1);
        TestBroker.eventually("it has failed", () -> handled.getCount() == 1);
        books.publish(publisher, publish(topic, "fail"), 1, 1);
        TestBroker.eventually("both failed", () -> broker.dropped(DropReason.LOCAL_HANDLER_FAILED) == before + 2);
    }

    /** A member goes with what it hasn't acknowledged, which goes to the other, or waits. */
    private void sharedGroup() {
        String topic = name("shared");
        List<String> ids = List.of(name("member"), name("member"));
        List<WireClient> members = new ArrayList<>();
        for (String id : ids) {
            members.add(made(id).subscribed("$share/g/" + topic, 2));
        }
        for (int i = 0; i < 6; i++) {
            publishTo(topic, i % 3, 1);
        }
        members.get(0).drop();
        publishTo(topic, 1, 1);
        broker.settle(); // what it gives back goes by way of the group's loop
        takeAll(members.get(1));
        broker.awaitStore(); // which PUBREL waits for
        takeAll(members.get(1));
        members.get(1).leave();
        publishTo(topic, 1, 1); // nobody is there
        takeAll(back(ids.get(0)));
        takeAll(back(ids.get(1)));
    }

    private void noLocal() {
        String topic = name("own");
        WireClient c = made(topic);
        c.send(subscribe(1, topic, 2).noLocal()).expect(suback(1, ReasonCode.GRANTED_QOS_2));
        WireClient other = broker.client(name("other")).subscribed(topic, 1);
        for (int qos = 0; qos <= 2; qos++) {
            books.publish(c, publish(topic, "mine"), qos, 2);
            publishTo(topic, qos, 2);
            takeAll(c);
        }
        takeAll(other);
    }

    private void retained() {
        String topic = name("retained");
        for (int i = 0; i < 3; i++) {
            publisher.published(publish(topic + "/" + i, "r").retain(), i);
        }
        WireClient c = broker.client(topic);
        c.send(subscribe(1, topic + "/#", 2)).expect(suback(1, ReasonCode.GRANTED_QOS_2));
        takeAll(c);
        books.begin(3);
        books.publish(publisher, publish(topic + "/1", "again").retain(), 1, 1);
        takeAll(c);
    }

    /** What is sent again isn't delivered twice: neither the PUBLISH nor the PUBREL. */
    private void qos2OverAReconnect() {
        String topic = name("twice");
        WireClient c = made(topic).subscribed(topic, 2);
        publishTo(topic, 2, 1);
        publishTo(topic, 2, 1);
        publishTo(topic, 1, 1);
        c.send(pubrec(c.expectPublish(topic, "payload", 2).packetId()));
        for (int i = 0; i < 3; i++) {
            c.receive(); // PUBREL, and the other two
        }
        c.drop();
        takeAll(back(topic));
    }

    private void takeover() {
        String topic = name("taken");
        WireClient c = made(topic).subscribed(topic, 1);
        publishTo(topic, 1, 1);
        c.expectPublish(topic, "payload", 1);
        takeAll(back(topic));
        publishTo(topic, 0, 1);
    }

    private void will() {
        String topic = name("will");
        WireClient heir = broker.client(name("heir")).subscribed(topic, 1);
        WireClient c = broker.send(
                MqttVersion.V5,
                connect(name("testator")).will(publish(topic, "gone").qos(1)));
        c.expect(connack());
        c.drop();
        books.begin(1);
        heir.take(topic, "gone", 1);
    }

    /** Many at once: sessions that come and go while everything is published, one with a shared subscription besides. */
    private void crowd() {
        String topic = name("crowd");
        List<String> ids = new ArrayList<>();
        Map<String, WireClient> connected = new HashMap<>();
        for (int i = 0; i < 4; i++) {
            ids.add(name("one"));
            connected.put(ids.get(i), made(ids.get(i)).subscribed(topic, random.nextInt(3)));
        }
        connected.get(ids.get(0)).subscribed("$share/g/" + topic, 1);
        for (int i = 0; i < 40; i++) {
            String id = ids.get(random.nextInt(ids.size()));
            WireClient c = connected.get(id);
            switch (random.nextInt(8)) {
                case 0 -> {
                    if (c == null) {
                        connected.put(id, back(id));
                    } else {
                        connected.remove(id).drop();
                    }
                }
                case 1 -> {
                    if (c != null) {
                        takeAll(c);
                    }
                }
                default -> publishTo(topic, random.nextInt(3), ids.size() + 1);
            }
        }
        connected.values().forEach(Books::takeAll);
    }

    /** One is closed while messages wait for it, which go to the other, which fails on each. */
    private void localMembers() {
        String topic = name("members");
        String group = "$share/g/" + topic;
        CompletableFuture<Void> held = new CompletableFuture<>();
        AtomicInteger began = new AtomicInteger();
        LocalSubscription slow = broker.local().subscribe(group, QoS.EXACTLY_ONCE, message -> {
            began.incrementAndGet();
            return held;
        });
        for (int i = 0; i < 3; i++) {
            publishTo(topic, 1, 1);
            TestBroker.eventually("the first is handled", () -> began.get() == 1);
        }
        LocalSubscription failing = broker.local().subscribe(group, QoS.EXACTLY_ONCE, message -> {
            throw new AssertionError("on purpose");
        });
        for (int qos = 0; qos <= 2; qos++) {
            publishTo(topic, qos, 1);
        }
        slow.close();
        held.complete(null);
        TestBroker.eventually(
                "the other has had all, or they wait in the group", () -> Books.underWay(broker.broker()) == 0);
        failing.close();
    }

    /** Two wait, of which one is requested; others find no room. */
    private void flow() {
        String topic = name("flow");
        CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
        AtomicInteger came = new AtomicInteger();
        broker.local().messages(topic, QoS.AT_LEAST_ONCE).subscribe(new Flow.Subscriber<>() {
            @Override
            public void onSubscribe(Flow.Subscription made) {
                subscription.complete(made);
            }

            @Override
            public void onNext(Message message) {
                came.incrementAndGet();
            }

            @Override
            public void onError(Throwable failure) {
                throw new AssertionError(failure);
            }

            @Override
            public void onComplete() {
                throw new AssertionError("it was cancelled");
            }
        });
        for (int i = 0; i < QUEUE_MAX + 2; i++) {
            publishTo(topic, 1, 1);
        }
        subscription.join().request(1);
        TestBroker.eventually("it has what it asked for", () -> came.get() == 1);
        subscription.join().cancel();
    }

    /** What its handlers are too slow for was sent to it all the same. */
    private void localSession() {
        String topic = name("session");
        LocalSession session = broker.local()
                .connect(LocalSessionOptions.of(topic))
                .toCompletableFuture()
                .join();
        CompletableFuture<Void> held = new CompletableFuture<>();
        session.subscribe(topic, QoS.AT_MOST_ONCE, message -> held)
                .toCompletableFuture()
                .join();
        long before = broker.dropped(DropReason.LOCAL_QUEUE_FULL);
        for (int i = 0; i < QUEUE_MAX + 2; i++) {
            publishTo(topic, 0, 1);
        }
        TestBroker.eventually("two are lost", () -> broker.dropped(DropReason.LOCAL_QUEUE_FULL) == before + 2);
        held.complete(null);
        session.close();
    }

    @Test
    void balanceIfNobodyRunsTheHandlers() {
        broker = TestBroker.start(builder -> builder.observe(books).handlerExecutor(task -> {
            throw new RejectedExecutionException("on purpose");
        }));
        publisher = broker.client("publisher");
        String topic = name("refused");
        broker.local().subscribe(topic, QoS.AT_LEAST_ONCE, message -> CompletableFuture.completedFuture(null));
        publishTo(topic, 1, 1);
        publishTo(topic, 0, 1);
        TestBroker.eventually("both are lost", () -> broker.dropped(DropReason.LOCAL_HANDLER_FAILED) == 2);
        broker.settle();
        books.assertBalanced(broker.broker(), "refused", 0);
    }

    /** In flight, in queues, in a local subscription's queue. */
    private void leaveSomething() {
        String topic = name("left");
        WireClient c = made(topic).subscribed(topic, 2);
        publishTo(topic, 1, 1);
        c.expectPublish(topic, "payload", 1);
        c.leave();
        publishTo(topic, 2, 1);
        CompletableFuture<Void> never = new CompletableFuture<>();
        CountDownLatch begun = new CountDownLatch(1);
        String local = name("left");
        broker.local().subscribe(local, QoS.AT_LEAST_ONCE, message -> {
            begun.countDown();
            return never;
        });
        for (int i = 0; i < QUEUE_MAX + 1; i++) {
            publishTo(local, 1, 1);
            TestBroker.eventually("the first is handled", () -> begun.getCount() == 0);
        }
    }
}
