package dev.dunlin.broker.crash;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.RequiresTool;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A broker whose disk doesn't answer, for a while: durable work is refused in time, the rest goes on, and nothing is lost. */
@EachEngine
@RequiresTool("strace")
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class HangingDiskTest {
    /** The broker says after 5 s that it hangs. */
    private static final Duration REFUSAL_WAIT = Duration.ofSeconds(15);

    private static final Duration INTERVAL = Duration.ofMillis(200);

    @TempDir
    private Path temp;

    private int probes;

    @Test
    void refusesDurableWorkWhileASyncHangsAndGoesOnWhenItReturns() throws Exception {
        ChildBroker.Setting setting = new ChildBroker.Setting(temp.resolve("store"), Durability.POWER);
        long hungMs;
        try (ChildBroker broker = ChildBroker.start(setting);
                WireClient watcher = client(broker).login("watcher").subscribed("t", 0);
                WireClient waiting = client(broker).login("waiting");
                WireClient publisher = client(broker).login("publisher")) {
            makeAway(broker);
            try (HungSyncs hung = HungSyncs.of(broker.pid())) {
                long sinceNs = System.nanoTime();
                waiting.send(publish("t", "waits").qos(1, 1));
                watcher.expectPublish("t", "waits", 0);
                await("durable work is refused")
                        .atMost(REFUSAL_WAIT)
                        .pollInterval(INTERVAL)
                        .until(() -> answer(broker) == ReasonCode.QUOTA_EXCEEDED);
                hungMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - sinceNs);
                assertGoesOnWithoutStore(broker, publisher, watcher);
                waiting.expectNothingYet();
            }
            waiting.expect(puback(1));
            await("durable work is taken")
                    .atMost(REFUSAL_WAIT)
                    .pollInterval(INTERVAL)
                    .until(() -> answer(broker) == ReasonCode.SUCCESS);
            publisher.published("t", "afterwards", 1);
            broker.kill();
        }
        System.out.println("a sync that hangs: durable work is refused after " + hungMs + " ms");
        try (ChildBroker broker = ChildBroker.start(setting);
                WireClient away = client(broker)) {
            away.send(connect("away").sessionExpiry(10_000)).expect(connack().sessionPresent());
            assertThat(takeUntil("afterwards", away)).contains("waits").doesNotHaveDuplicates();
        }
    }

    private static WireClient client(ChildBroker broker) {
        return WireClient.connect(broker.port(), MqttVersion.V5);
    }

    private static void makeAway(ChildBroker broker) {
        try (WireClient away = client(broker)) {
            away.send(connect("away").sessionExpiry(10_000)).expect(connack());
            away.subscribed("t", 1).leave();
        }
    }

    /** What a publish is answered at once, if anything. Another connection each time: this one may be read no further. */
    private @Nullable ReasonCode answer(ChildBroker broker) {
        try (WireClient probe = client(broker).login("probe")) {
            probe.send(publish("t", "probe " + probes++).qos(1, 1));
            long endNs = System.nanoTime() + INTERVAL.toNanos();
            Object came = probe.poll();
            while (came == null && System.nanoTime() < endNs) {
                Thread.onSpinWait();
                came = probe.poll();
            }
            return came == null ? null : ((Packet.Ack) came).reason();
        }
    }

    private static void assertGoesOnWithoutStore(ChildBroker broker, WireClient publisher, WireClient watcher) {
        publisher.send(publish("t", "qos 0"));
        for (ReceivedPublish came = (ReceivedPublish) watcher.receive(); // behind the probes that weren't refused
                !came.text().equals("qos 0");
                came = (ReceivedPublish) watcher.receive()) {
            assertThat(came.text()).startsWith("probe");
        }
        try (WireClient clean = client(broker).login("clean").subscribed("free", 1)) {
            publisher.published("free", "needs no store", 1);
            clean.take("free", "needs no store", 1);
        }
        try (WireClient persistent = client(broker)) {
            persistent.send(connect("new").sessionExpiry(100));
            persistent.expectRefusal(ReasonCode.QUOTA_EXCEEDED);
        }
    }

    private static List<String> takeUntil(String last, WireClient client) {
        List<String> came = new ArrayList<>();
        while (!came.contains(last)) {
            ReceivedPublish message = (ReceivedPublish) client.receive();
            came.add(message.text());
            client.acknowledge(message);
        }
        return came;
    }
}
