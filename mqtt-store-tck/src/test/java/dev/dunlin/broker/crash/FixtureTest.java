package dev.dunlin.broker.crash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.QoS;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A store that was written by the first version with this format, by {@link Fixture}: every version must read all of it. */
@EachEngine
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FixtureTest {
    @TempDir
    Path temp;

    private Broker broker;
    private final List<WireClient> clients = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        broker = Broker.builder()
                .tcp(0)
                .storage(EngineUnderTest.here().at(Fixture.copy(temp.resolve("store"))))
                .start();
    }

    @AfterEach
    void close() {
        broker.close();
        clients.forEach(WireClient::close);
    }

    private WireClient open(MqttVersion version) {
        WireClient client = WireClient.connect(broker.port("tcp"), version);
        clients.add(client);
        return client;
    }

    private WireClient resumed(String clientId) {
        WireClient client = open(MqttVersion.V5).send(Fixture.connect(clientId));
        client.expect(Packets.connack().sessionPresent());
        return client;
    }

    @Test
    void exchangesGoOnAndTheQueueFollows() {
        WireClient busy = open(MqttVersion.V5).send(Fixture.connect("busy").receiveMaximum(Fixture.WINDOW));
        busy.expect(Packets.connack().sessionPresent());

        busy.expect(Packets.publish("busy/1", "one").qos(1, 1).dup());
        busy.expect(Packets.publish("busy/2", "two").qos(2, 2).dup());
        busy.expect(Packets.pubrel(3));
        busy.send(Packets.pubcomp(3));
        busy.send(Packets.puback(1), Packets.pubrec(2));
        List<String> came = new ArrayList<>(); // QoS 1 may overtake QoS 2, which waits for its state to be stored
        while (came.size() < 4) {
            Object packet = busy.receive();
            if (packet instanceof ReceivedPublish publish) {
                came.add(publish.topic() + " " + publish.qos().level() + " " + publish.text());
                int id = publish.packetId();
                busy.send(publish.qos() == QoS.AT_LEAST_ONCE ? Packets.puback(id) : Packets.pubrec(id));
            } else {
                busy.send(Packets.pubcomp(((Packet.Ack) packet).packetId()));
            }
        }
        assertThat(came)
                .containsExactlyInAnyOrder(
                        "busy/received 2 once",
                        "busy/inline 1 payload",
                        "busy/shared 2 for two",
                        "busy/large 1 " + Fixture.LARGE);
    }

    @Test
    void aMessageForTwoIsThereForTheOtherOneToo() {
        WireClient other = resumed("other");

        other.take("busy/shared", "for two", 1);
        other.expectNothing();
    }

    @Test
    void aSessionOfMqtt3IsThere() {
        WireClient old = open(MqttVersion.V3_1_1).send(Packets.connect("old"));
        old.expect(Packets.connack().sessionPresent());

        old.take("old/x", "for the old one", 1);
        old.expectNothing();
    }

    @Test
    void aReceivedQoS2IdIsRemembered() {
        WireClient listener = open(MqttVersion.V5).login("listener").subscribed("busy/#", 2);
        WireClient sender = resumed("sender");

        sender.send(Packets.publish("busy/received", "once")
                .qos(2, Fixture.RECEIVED_ID)
                .dup());
        sender.expect(Packets.pubrec(Fixture.RECEIVED_ID));
        sender.send(Packets.pubrel(Fixture.RECEIVED_ID)).expect(Packets.pubcomp(Fixture.RECEIVED_ID));

        listener.expectNothing();
    }

    @Test
    void theOptionsOfASubscriptionHold() {
        WireClient options = resumed("options");
        options.published("options/own", "not to me", 1);
        open(MqttVersion.V5)
                .login("publisher")
                .published(Packets.publish("options/x", "kept").retain(), 1);

        ReceivedPublish came =
                options.take(Packets.publish("options/x", "kept").qos(1).retain());

        assertThat(came.properties().subscriptionIdentifiers()).containsExactly(Fixture.SUBSCRIPTION_ID);
        options.expectNothing();
    }

    @Test
    void retainedMessagesAreThere() {
        WireClient reader = open(MqttVersion.V5).login("reader");
        for (String topic : Fixture.RETAINED) {
            reader.subscribed(topic, 1);
            reader.take(Fixture.withProperties(topic).qos(1).retain());
        }
        reader.expectNothing();
    }

    @Test
    void theReplayOfRetainedMessagesGoesOn() {
        WireClient replayed =
                open(MqttVersion.V5).send(Fixture.connect("replayed").receiveMaximum(1));
        replayed.expect(Packets.connack().sessionPresent());

        replayed.take(
                Fixture.withProperties(Fixture.RETAINED[0]).qos(1, 1).retain().dup());
        List<String> others = new ArrayList<>();
        for (int i = 1; i < Fixture.RETAINED.length; i++) {
            ReceivedPublish came = (ReceivedPublish) replayed.receive();
            others.add(came.topic());
            replayed.acknowledge(came);
        }

        assertThat(others).containsExactlyInAnyOrder("retained/b/\u00fc", "retained/c", "retained/d");
        replayed.expectNothing();
    }

    @Test
    void theDelayedWillIsPublished() {
        resumed("watcher").take("will/lost", "lost", 2);
    }
}
