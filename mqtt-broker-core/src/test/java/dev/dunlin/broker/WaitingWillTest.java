package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.codec.Property.WILL_DELAY_INTERVAL;

import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A will waits for room in a mailbox, and its client's next connection with it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class WaitingWillTest {
    private final CountDownLatch blocked = new CountDownLatch(1);

    @AutoClose
    private final TestBroker broker = TestBroker.start(builder ->
            builder.loops(2).limits(Limits.EMBEDDED.withMailboxBytesMax(1_024)).authenticator(this::authenticate));

    private final String id = broker.idOn(0, "c");
    private volatile SessionLoop lastLoop;
    private int probes;
    private WireClient publisher;
    private WireClient first;
    private WireClient second;

    /** Connections that loop 0 reads: the other one will stand still. */
    @BeforeEach
    void openConnections() {
        broker.client(broker.idOn(1, "subscriber")).subscribed("t", 0);
        publisher = broker.client(broker.idOn(0, "publisher"));
        first = openOnLoop0();
        second = openOnLoop0();
    }

    @AfterEach
    void unblock() {
        blocked.countDown();
    }

    /** Loops take new connections in turn, and authenticate on the loop that has taken one. */
    private WireClient openOnLoop0() {
        do {
            broker.client("probe" + ++probes).leave();
        } while (broker.loop(0) == lastLoop);
        return broker.open(MqttVersion.V5);
    }

    private CompletionStage<AuthResult> authenticate(ConnectRequest request) {
        lastLoop = running();
        return CompletableFuture.completedFuture(AuthResult.accept(new Identity(request.clientId())));
    }

    private SessionLoop running() {
        return broker.loop(0).inLoop() ? broker.loop(0) : broker.loop(1);
    }

    /** Loop 1 stands still, and its mailbox is over its budget. */
    private void crowd() {
        broker.loop(1).execute(() -> {
            try {
                blocked.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        for (int packetId = 1; packetId <= 2; packetId++) {
            publisher.send(publish("t", "x".repeat(500)).qos(1, packetId));
            publisher.expect(puback(packetId)); // with the second one it is above its budget
        }
    }

    @Test
    @Statement("5.0:MQTT-3.1.2-8")
    void theNextConnectionWaitsWithTheWillAlsoOfACleanSession() {
        WireClient before = broker.send(
                MqttVersion.V5,
                connect(id).cleanStart().will(publish("status", "offline").retain()));
        before.expect(connack());
        crowd();
        first.send(connect(id).cleanStart());
        TestBroker.run(broker.loop(0), () -> {});
        first.expectNothingYet();
        before.ping(); // not taken over
        blocked.countDown();
        first.expect(connack());
        before.expectDisconnect(ReasonCode.SESSION_TAKEN_OVER);
        first.published(publish("status", "online").retain(), 1);
        broker.client("late")
                .subscribed("status", 1)
                .take(publish("status", "online").qos(1).retain());
    }

    @Test
    @Statement("5.0:MQTT-3.1.4-3")
    void oneThatWaitsIsEndedByALaterOneThatNeedsNotWait() {
        WireClient before = broker.send(
                MqttVersion.V5,
                connect(id).sessionExpiry(1_000).will(publish("w", "gone").with(WILL_DELAY_INTERVAL, 100)));
        before.expect(connack());
        crowd();
        first.send(connect(id).cleanStart()); // ends the session, so that the will is due
        TestBroker.run(broker.loop(0), () -> {});
        first.expectNothingYet();
        second.send(connect(id).sessionExpiry(1_000)); // in time: the will isn't published
        second.expect(connack().sessionPresent());
        before.expectDisconnect(ReasonCode.SESSION_TAKEN_OVER);
        first.expectClosed();
        blocked.countDown();
        broker.settle();
        second.ping();
    }
}
