package dev.dunlin.broker;

import static dev.dunlin.broker.StoredBroker.persistent;
import static dev.dunlin.broker.StoredBroker.takeAll;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.testkit.Statement;
import dev.dunlin.store.tck.Crash;
import dev.dunlin.store.tck.FaultyStore;
import dev.dunlin.store.tck.FaultyStore.Batch;
import dev.dunlin.store.tck.FaultyStore.Call;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A will is published once: by the process that sees its client die, or by the one that comes after it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class WillsOverARestartTest {
    private final MovedTime time = new MovedTime();

    @AutoClose
    private final StoredBroker stored = StoredBroker.start(builder -> builder.time(time));

    @BeforeEach
    void makeAWatcher() {
        stored.away("watcher", "will", 2);
    }

    private static ConnectPacket withWill(String id) {
        return persistent(id).will(publish("will", "of " + id).qos(2));
    }

    private static ConnectPacket withDelayedWill(String id, int delaySeconds, long expirySeconds) {
        return connect(id)
                .sessionExpiry(expirySeconds)
                .will(publish("will", "of " + id).qos(1).with(Property.WILL_DELAY_INTERVAL, delaySeconds));
    }

    private WireClient connected(MqttVersion version, ConnectPacket connect) {
        WireClient c = stored.broker().send(version, connect);
        c.expect(connack());
        return c;
    }

    private void expectWills(String... payloads) {
        WireClient watcher = stored.back("watcher");
        assertThat(takeAll(watcher, payloads.length)).containsExactlyInAnyOrder(payloads);
        watcher.leave();
        stored.sync();
    }

    // ---- at a crash

    @EachVersion
    @Statement({"5.0:MQTT-3.1.2-8", "3.1.1:MQTT-3.1.2-8"})
    void theWillOfAClientThatWasConnectedAtACrashIsPublishedOnce(MqttVersion version) {
        connected(version, withWill("c"));
        stored.crash(Crash.POWER);
        stored.sync();
        stored.crash(Crash.POWER);
        stored.sync();
        stored.crash(Crash.PROCESS);
        expectWills("of c");
        stored.crash(Crash.POWER);
        expectWills();
    }

    /** One change holds the will's publish and its removal: wherever the next process crashes, there is one. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void theWillAndItsRemovalAreOneChange(int batch) {
        for (boolean written : new boolean[] {false, true}) {
            String id = "c" + written;
            connected(MqttVersion.V5, withWill(id));
            stored.crashOnly(Crash.POWER);
            stored.startAgain(store -> crashAt(store, batch, written));
            AtomicInteger more = new AtomicInteger();
            TestBroker.eventually("it has crashed", () -> {
                stored.broker().send(MqttVersion.V5, persistent("more" + more.incrementAndGet())); // enough batches
                return !stored.store().isOpen();
            });
            stored.broker().close();
            stored.startAgain();
            stored.sync();
            expectWills("of " + id);
        }
    }

    private static void crashAt(FaultyStore store, int number, boolean written) {
        AtomicInteger batches = new AtomicInteger();
        Consumer<Batch> hook = batch -> {
            if (batches.incrementAndGet() == number) {
                StoredBroker.crash(store, Crash.PROCESS);
            }
        };
        if (written) {
            store.afterWrite(hook);
        } else {
            store.beforeWrite(hook);
        }
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.1.2-10", "3.1.1:MQTT-3.1.2-10"})
    void noWillIsPublishedForAClientThatHasTakenItsLeave(MqttVersion version) {
        connected(version, withWill("left")).leave();
        WireClient replaced = connected(version, withWill("replaced"));
        replaced.leave();
        stored.broker().send(version, persistent("replaced")).expect(connack().sessionPresent()); // without a will
        stored.sync();
        stored.crash(Crash.POWER);
        expectWills();
    }

    /** The client is cut off, and the broker has noticed: one that is closed before would remove the will. */
    private void drop(WireClient client) {
        int before = stored.broker().openConnections();
        client.drop();
        TestBroker.eventually("it is noticed", () -> stored.broker().openConnections() < before);
    }

    // ---- while the session is read

    /** The session of c is being read for a connection with a will, of which nobody has heard yet. */
    private void load() {
        stored.away("c", "mine", 1);
        stored.restart();
        stored.awaitQuiet();
        stored.store().stall(Call.READ);
        stored.broker().send(MqttVersion.V5, withWill("c"));
        TestBroker.eventually("it is read", () -> stored.store().isStalled(Call.READ));
    }

    /** The next connection comes before that is done. */
    private WireClient comesMeanwhile(ConnectPacket connect) {
        load();
        WireClient next = stored.broker().send(MqttVersion.V5, connect);
        stored.broker().settle();
        stored.store().release(Call.READ);
        return next;
    }

    @Test
    @Statement("5.0:MQTT-3.1.2-8")
    void aConnectionThatIsTakenOverWhileItsSessionIsReadLeavesItsWill() {
        comesMeanwhile(persistent("c")).expect(connack().sessionPresent());
        expectWills("of c");
    }

    @Test
    @Statement({"5.0:MQTT-3.1.2-4", "5.0:MQTT-3.1.2-8"})
    void soDoesOneWhoseSessionIsReplaced() {
        comesMeanwhile(persistent("c").cleanStart()).expect(connack());
        expectWills("of c");
    }

    @Test
    @Statement({"5.0:MQTT-3.1.2-4", "5.0:MQTT-3.1.2-8"})
    void andNothingOfItStaysInTheStoreIfTheNextOneIsNotToOutliveItsConnection() {
        comesMeanwhile(connect("c").cleanStart()).expect(connack());
        assertThat(stored.contents().sid("c")).isZero();
        stored.crash(Crash.POWER);
        expectWills("of c");
    }

    @Test
    void closingTheBrokerPublishesNoWillNeitherNowNorLater() {
        connected(MqttVersion.V5, withWill("c"));
        stored.restart();
        expectWills();
    }

    @Test
    void aWillIsNotLostBetweenTheDeathOfItsClientAndACrash() {
        WireClient c = connected(MqttVersion.V5, withWill("c"));
        stored.stall();
        c.drop();
        stored.broker().settle();
        stored.crash(Crash.POWER);
        stored.sync();
        expectWills("of c");
    }

    // ---- delayed

    @Test
    @Statement("5.0:MQTT-3.1.3-9")
    void aDelayedWillComesAtItsTimeWhateverTheBrokerDoesMeanwhile() {
        drop(connected(MqttVersion.V5, withDelayedWill("c", 100, 1_000)));
        drop(connected(MqttVersion.V5, withDelayedWill("later", 500, 1_000)));
        drop(connected(MqttVersion.V5, withDelayedWill("back", 100, 1_000)));
        time.advance(Duration.ofSeconds(40));
        stored.crash(Crash.POWER);
        time.advance(Duration.ofSeconds(40));
        stored.restart();
        stored.broker()
                .send(MqttVersion.V5, connect("back").sessionExpiry(1_000))
                .expect(connack().sessionPresent());
        expectWills();
        stored.stop();
        time.advance(Duration.ofSeconds(30));
        stored.startAgain();
        stored.sync();
        expectWills("of c");
        stored.crash(Crash.POWER);
        stored.sync();
        expectWills();
    }

    @Test
    void aDelayedWillComesWithTheEndOfItsSession() {
        drop(connected(MqttVersion.V5, withDelayedWill("c", 1_000, 100)));
        stored.stop();
        time.advance(Duration.ofSeconds(101));
        stored.startAgain();
        TestBroker.eventually("it has ended", () -> !stored.broker().hasSession("c"));
        stored.sync();
        expectWills("of c");
        stored.crash(Crash.POWER);
        expectWills();
        assertThat(stored.contents().sid("c")).isZero();
    }

    @Test
    void theDelayOfAWillWhoseClientWasConnectedAtTheCrashCountsFromTheStart() {
        connected(MqttVersion.V5, withDelayedWill("c", 100, 1_000));
        stored.crashOnly(Crash.POWER);
        time.advance(Duration.ofSeconds(500));
        stored.startAgain();
        stored.sync();
        expectWills();
        stored.stop();
        time.advance(Duration.ofSeconds(101));
        stored.startAgain();
        stored.sync();
        expectWills("of c");
    }

    @Test
    void aDiscardedSessionPublishesItsDelayedWillOnce() {
        drop(connected(MqttVersion.V5, withDelayedWill("c", 100, 1_000)));
        stored.restart();
        stored.broker().client("c").leave();
        stored.crash(Crash.POWER);
        stored.sync();
        expectWills("of c");
    }
}
