package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.pingresp;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.raw;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.net.Acceptor;
import dev.dunlin.broker.net.PipelineProbe;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.TestSocket;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What must hold over every transport, whatever lies between the socket and MQTT. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class TransportTest {
    private static final String NAME = "over";

    private static TestBroker start(TestTransport transport, Limits limits) {
        return TestBroker.start(
                builder -> builder.limits(limits).listen(transport.listener().name(NAME)));
    }

    private static WireClient open(TestBroker broker, TestTransport transport) {
        return WireClient.connect(transport.portOf(broker.broker(), NAME), MqttVersion.V5, transport);
    }

    private static Acceptor acceptor(TestBroker broker, TestTransport transport) {
        return transport == TestTransport.IN_PROCESS ? broker.broker().inProcess() : broker.acceptor(NAME);
    }

    private static byte[] pattern(int bytes, int seed) {
        byte[] payload = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            payload[i] = (byte) (i * 31 + seed + (i >> 8));
        }
        return payload;
    }

    @ParameterizedTest
    @EnumSource(TestTransport.class)
    void carriesLargePayloadsBothWays(TestTransport transport) {
        try (TestBroker broker = start(transport, Limits.EMBEDDED);
                WireClient publisher = open(broker, transport).login("publisher");
                WireClient subscriber = open(broker, transport).login("subscriber")) {
            subscriber.subscribed("t", 1);
            byte[] large = pattern(5_000_000, 1);
            publisher.published(publish("t", large), 1);
            publisher.published(publish("t", "small"), 1);
            ReceivedPublish came = (ReceivedPublish) subscriber.receive();
            assertThat(came.payload()).isEqualTo(large);
            subscriber.acknowledge(came);
            subscriber.take("t", "small", 1);
        }
    }

    /** The channel moves to another loop while all of this is on its way, in whatever pieces. */
    @ParameterizedTest
    @EnumSource(TestTransport.class)
    void servesClientsThatSendAllAtOnce(TestTransport transport) {
        try (TestBroker broker = start(transport, Limits.EMBEDDED)) {
            for (int i = 0; i < 40; i++) {
                try (WireClient client = open(broker, transport)) {
                    byte[] payload = pattern(i * 2_000, i);
                    Sendable[] all = {
                        connect("c" + i).cleanStart(),
                        subscribe(1, "t", 0),
                        publish("u", payload).qos(1, 2),
                        Packets.pingreq()
                    };
                    client.send(all);
                    client.expect(connack());
                    client.expect(suback(1, ReasonCode.SUCCESS));
                    client.expect(puback(2).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
                    client.expect(pingresp());
                    client.leave();
                }
            }
        }
    }

    /** Over 10 MB for a client that doesn't read: little of it waits in the broker, and nothing of it is lost at QoS 1. */
    @ParameterizedTest
    @EnumSource(TestTransport.class)
    void waitsForASlowReader(TestTransport transport) {
        Limits limits = Limits.EMBEDDED.withOutputBytesMax(64 << 10);
        try (TestBroker broker = start(transport, limits);
                WireClient publisher = open(broker, transport).login("publisher");
                WireClient slow = open(broker, transport).login("slow")) {
            slow.subscribed("q0", 0).subscribed("q1", 1);
            for (int i = 0; i < 200; i++) {
                publisher.published(publish("q0", pattern(100_000, i)), 0);
            }
            assertThat(broker.dropped(DropReason.SLOW_CONSUMER_QOS_0)).isPositive();
            assertThat(broker.usedBytes()).isLessThan(2 << 20);
            for (int i = 0; i < 20; i++) {
                publisher.published(publish("q1", pattern(10_000, i)), 1);
            }
            int next = 0;
            while (next < 20) {
                ReceivedPublish came = (ReceivedPublish) slow.receive();
                if (came.topic().equals("q1")) {
                    assertThat(came.payload()).isEqualTo(pattern(10_000, next++));
                    slow.acknowledge(came);
                }
            }
            slow.ping();
        }
    }

    @ParameterizedTest
    @EnumSource(TestTransport.class)
    void takesOverAndTellsTheOldConnection(TestTransport transport) {
        try (TestBroker broker = start(transport, Limits.EMBEDDED);
                WireClient old = open(broker, transport).login("same");
                WireClient heir = open(broker, transport).login("same")) {
            old.expectDisconnect(ReasonCode.SESSION_TAKEN_OVER);
            heir.ping();
        }
    }

    @Execution(ExecutionMode.CONCURRENT) // it waits most of its time
    @ParameterizedTest
    @EnumSource(TestTransport.class)
    void endsASilentConnection(TestTransport transport) {
        try (TestBroker broker = start(transport, Limits.EMBEDDED);
                WireClient client = open(broker, transport)) {
            client.send(connect("c").cleanStart().keepAlive(1)).expect(connack());
            client.expectDisconnect(ReasonCode.KEEP_ALIVE_TIMEOUT);
        }
    }

    @ParameterizedTest
    @EnumSource(TestTransport.class)
    void tellsClientsThatItShutsDown(TestTransport transport) {
        List<WireClient> clients = new ArrayList<>();
        try (TestBroker broker = start(transport, Limits.EMBEDDED)) {
            for (int i = 0; i < 10; i++) {
                clients.add(open(broker, transport).login("c" + i));
            }
            broker.broker().close();
            clients.forEach(client -> client.expectDisconnect(ReasonCode.SERVER_SHUTTING_DOWN));
        }
    }

    /** Clients that take nothing, one of them cut off a moment ago, keep neither the broker nor its buffers. */
    @ParameterizedTest
    @EnumSource(TestTransport.class)
    void closesWhileClientsReadNothing(TestTransport transport) throws IOException {
        List<TestSocket> sockets = new ArrayList<>();
        try (TestBroker broker = start(transport, Limits.EMBEDDED);
                WireClient publisher = open(broker, transport).login("publisher")) {
            for (int i = 0; i < 2; i++) {
                TestSocket deaf = TestSocket.open(transport.portOf(broker.broker(), NAME), transport);
                sockets.add(deaf);
                deaf.write(Packets.bytes(MqttVersion.V5, connect("deaf" + i).cleanStart(), subscribe(1, "t", 0)));
            }
            TestBroker.eventually("they have subscribed", () -> {
                publisher.published(publish("t", new byte[100_000]), 0);
                return broker.dropped(DropReason.SLOW_CONSUMER_QOS_0) > 10;
            });
            open(broker, transport).login("deaf0").close();
            TestBroker.eventually("one is being closed", () -> PipelineProbe.ending(acceptor(broker, transport)) > 0);
        }
        for (TestSocket socket : sockets) {
            socket.close();
        }
    }

    // ---- the last packet, seen by clients that go on sending

    @Execution(ExecutionMode.CONCURRENT) // it waits most of its time
    @ParameterizedTest
    @EnumSource(TestTransport.class)
    void aRefusedClientThatGoesOnSendingSeesWhy(TestTransport transport) throws IOException {
        try (TestBroker broker = start(transport, Limits.EMBEDDED);
                TestSocket socket = TestSocket.open(transport.portOf(broker.broker(), NAME), transport)) {
            socket.write(Packets.bytes(MqttVersion.V5, raw(0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 7, 2, 0, 0, 0, 1, 'a')));
            write(socket, new byte[1 << 20]); // no such version, and then a megabyte of anything
            assertCleanEnd(socket, 0x20, 3, 0, 0x84, 0);
            TestBroker.eventually("its socket is closed", () -> PipelineProbe.ending(acceptor(broker, transport)) == 0);
        }
    }

    @ParameterizedTest
    @EnumSource(TestTransport.class)
    void aClientThatBreaksTheRulesInTheMiddleOfMuchSeesWhy(TestTransport transport) throws IOException {
        try (TestBroker broker = start(transport, Limits.EMBEDDED);
                TestSocket socket = TestSocket.open(transport.portOf(broker.broker(), NAME), transport)) {
            socket.write(Packets.bytes(MqttVersion.V3_1_1, connect("c").cleanStart(), publish("t", "x")));
            assertThat(socket.in().readNBytes(4)).containsExactly(0x20, 2, 0, 0);
            Sendable[] many = new Sendable[1_000];
            Arrays.fill(many, publish("t", new byte[500]));
            many[10] = raw(0xF0, 0); // of a type that 3.1.1 doesn't have
            write(socket, Packets.bytes(MqttVersion.V3_1_1, many));
            assertCleanEnd(socket);
        }
    }

    private static void write(TestSocket socket, byte[] bytes) throws IOException {
        for (int at = 0; at < bytes.length; at += 64 << 10) {
            socket.write(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + (64 << 10))));
        }
    }

    /** These bytes and an ordered end: a reset would be an exception. */
    private static void assertCleanEnd(TestSocket socket, int... last) throws IOException {
        InputStream in = socket.in();
        for (int b : last) {
            assertThat(in.read()).isEqualTo(b);
        }
        assertThat(in.read()).isEqualTo(-1);
    }

    /** It is closed at once, if nothing is left to be written: neither that nor the end itself may take anything from it. */
    @ParameterizedTest
    @EnumSource(TestTransport.class)
    void whoSaysDisconnectAndReadsOnlyThenSeesAll(TestTransport transport) throws IOException {
        Sendable publish = publish("t", new byte[100_000]);
        int bytes = Packets.bytes(MqttVersion.V3_1_1, publish).length;
        try (TestBroker broker = start(transport, Limits.EMBEDDED);
                TestSocket socket = TestSocket.open(transport.portOf(broker.broker(), NAME), transport)) {
            socket.write(Packets.bytes(MqttVersion.V3_1_1, connect("c").cleanStart(), subscribe(1, "t", 0)));
            assertThat(socket.in().readNBytes(9)).startsWith(0x20, 2, 0, 0).endsWith(0x90, 3, 0, 1, 0);
            for (int i = 0; i < 150; i++) {
                write(socket, Packets.bytes(MqttVersion.V3_1_1, publish));
            }
            socket.write(Packets.bytes(MqttVersion.V3_1_1, disconnect()));
            TestBroker.eventually(
                    "it is done with", () -> acceptor(broker, transport).openConnections() == 0);
            long seen = socket.in().transferTo(OutputStream.nullOutputStream());
            assertThat(seen % bytes).isZero();
            assertThat(seen / bytes + broker.dropped(DropReason.SLOW_CONSUMER_QOS_0))
                    .isEqualTo(150);
        }
    }

    /** Who doesn't close is given some time, and then cut off. */
    @Execution(ExecutionMode.CONCURRENT) // it waits most of its time
    @ParameterizedTest
    @EnumSource(TestTransport.class)
    void doesNotWaitForEverForAClientToClose(TestTransport transport) throws IOException {
        try (TestBroker broker = start(transport, Limits.EMBEDDED);
                TestSocket socket = TestSocket.open(transport.portOf(broker.broker(), NAME), transport)) {
            socket.write(new byte[] {(byte) 0xF0, 0});
            TestBroker.eventually("it is being closed", () -> PipelineProbe.ending(acceptor(broker, transport)) == 1);
            TestBroker.eventually("no buffer is kept", () -> broker.usedBytes() == 0);
            TestBroker.eventually("it is closed", () -> PipelineProbe.ending(acceptor(broker, transport)) == 0);
        }
    }

    /** Nor for a client that goes on and on. */
    @ParameterizedTest
    @EnumSource(TestTransport.class)
    void doesNotReadForEverWhatAClientGoesOnSending(TestTransport transport) throws IOException {
        try (TestBroker broker = start(transport, Limits.EMBEDDED);
                TestSocket socket = TestSocket.open(transport.portOf(broker.broker(), NAME), transport)) {
            byte[] chunk = new byte[64 << 10];
            long sent = 0;
            try {
                socket.write(new byte[] {(byte) 0xF0, 0});
                while (sent < 200L << 20) {
                    socket.out().write(chunk);
                    sent += chunk.length;
                }
            } catch (IOException e) {
                // Cut off: what the test waits for.
            }
            assertThat(sent).isLessThan(200L << 20);
        }
    }
}
