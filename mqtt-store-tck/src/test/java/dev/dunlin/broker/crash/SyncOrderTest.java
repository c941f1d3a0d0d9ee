package dev.dunlin.broker.crash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.testkit.RequiresTool;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code POWER} promises, seen from outside of the process: between the write of what a client has sent to the store
 * and the end of the sync of that file, no byte of the acknowledgement leaves. The system calls of a broker are traced; everything
 * that is acknowledged has a word of its own in it, by which it is found in the file.
 */
@RequiresTool("strace")
@EachEngine
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SyncOrderTest {
    private static final int CLIENTS = 4;
    private static final int ROUNDS = 20;
    private static final int BURST = 10;
    private static final int SUBSCRIBE_ID = 1;
    private static final int ACKNOWLEDGEMENTS = CLIENTS * ROUNDS * BURST + 2 * ROUNDS;

    /** The word of what is acknowledged, by connection and acknowledgement: "3 PUBACK 17". */
    private final Map<String, String> words = new HashMap<>();

    private final List<WireClient> clients = new ArrayList<>();
    private int acknowledged;

    @TempDir
    Path temp;

    private Path trace;

    @BeforeEach
    void nameTrace() {
        trace = temp.resolve("trace");
    }

    @Test
    void noAcknowledgementLeavesBeforeWhatItPromisesIsSynced() throws Exception {
        drive(ChildBroker.Sync.REAL);

        assertThat(early(SystemCalls.read(trace, temp.resolve("store")))).isEmpty();
        assertThat(acknowledged).isEqualTo(ACKNOWLEDGEMENTS);
    }

    /** The proof that this test sees what it is there for. */
    @Test
    void findsAcknowledgementsOfAStoreWhoseSyncDoesNothing() throws Exception {
        drive(ChildBroker.Sync.NONE);

        assertThat(early(SystemCalls.read(trace, temp.resolve("store"))))
                .as("all but those after a sync of the engine's own, as when a file of its log is full")
                .hasSizeGreaterThan(ACKNOWLEDGEMENTS / 2);
        assertThat(acknowledged).isEqualTo(ACKNOWLEDGEMENTS);
    }

    // ---- what the clients do

    /** Four clients publish in bursts, QoS 1 and QoS 2, while others come with a new session and subscribe. */
    private void drive(ChildBroker.Sync sync) {
        ChildBroker.Setting setting = new ChildBroker.Setting(temp.resolve("store"), Durability.POWER)
                .sync(sync)
                .wrapper(Trace.command(trace));
        try (ChildBroker broker = ChildBroker.start(setting)) {
            for (int i = 0; i < CLIENTS; i++) {
                open(broker).login("publisher" + i);
            }
            WireClient first = open(broker); // for whom everything is stored
            first.send(Packets.connect("first").sessionExpiry(3_600), Packets.subscribe(SUBSCRIBE_ID, "all/#", 2));
            first.receive();
            first.receive();
            for (int round = 0; round < ROUNDS; round++) {
                round(broker, round);
            }
            clients.forEach(WireClient::close);
            broker.stop();
        }
    }

    private WireClient open(ChildBroker broker) {
        WireClient client = WireClient.connect(broker.port(), MqttVersion.V5);
        clients.add(client);
        return client;
    }

    private void round(ChildBroker broker, int round) {
        WireClient subscriber = open(broker);
        int connection = clients.size() - 1;
        String will = word(connection + " CONNACK");
        ConnectPacket connect =
                Packets.connect("subscriber" + round).sessionExpiry(3_600).will(Packets.publish("will", will + will));
        String filter = word(connection + " SUBACK");
        subscriber.send(connect, Packets.subscribe(SUBSCRIBE_ID, "all/#", 2).and(filter + "/" + filter, 1));
        for (int i = 0; i < CLIENTS; i++) {
            for (int n = 1; n <= BURST; n++) {
                int qos = 1 + n % 2;
                int id = round * BURST + n;
                String payload = word(i + (qos == 1 ? " PUBACK " : " PUBREC ") + id);
                clients.get(i)
                        .send(Packets.publish("all/" + i, payload + payload).qos(qos, id));
            }
        }
        for (int i = 0; i < CLIENTS; i++) {
            for (int n = 0; n < BURST; n++) {
                clients.get(i).receive();
            }
        }
        subscriber.receive();
        subscriber.receive();
    }

    /** Twice in a packet, so that one of them lies in one piece, whatever is cut into fragments. */
    private String word(String acknowledgement) {
        String word = "<word" + words.size() + ">";
        words.put(acknowledgement, word);
        return word;
    }

    // ---- what the trace says

    /** Acknowledgements that have begun to leave before they were allowed to. */
    private List<String> early(SystemCalls calls) throws IOException, MalformedPacket {
        List<String> early = new ArrayList<>();
        List<Integer> connections = calls.sent.keySet().stream().sorted().toList();
        for (int i = 0; i < connections.size(); i++) {
            Sent sent = new Sent(i, calls, early);
            for (SystemCalls.Write write : calls.sent.get(connections.get(i))) {
                sent.take(write);
            }
        }
        return early;
    }

    /** Finds out where in what was sent on a connection each packet begins. */
    private final class Sent {
        private final int connection;
        private final SystemCalls calls;
        private final List<String> early;
        private final MqttDecoder decoder;
        private int packetBegin;
        private int nextBegin;

        Sent(int connection, SystemCalls calls, List<String> early) {
            this.connection = connection;
            this.calls = calls;
            this.early = early;
            decoder = new MqttDecoder(MqttDecoder.Peer.SERVER, this::packet, MqttDecoder.PACKET_BYTES_MAX);
            decoder.version(MqttVersion.V5);
        }

        void take(SystemCalls.Write write) throws MalformedPacket {
            packetBegin = decoder.cumulatedBytes() > 0 ? packetBegin : write.begin();
            nextBegin = write.begin();
            decoder.decode(Unpooled.wrappedBuffer(write.bytes()));
        }

        private boolean packet(PacketType type, MqttDecoder packet) {
            boolean hasId = type == PacketType.PUBACK || type == PacketType.PUBREC;
            String acknowledgement = connection + " " + type + (hasId ? " " + packet.packetId() : "");
            String word = words.get(acknowledgement);
            if (word != null) {
                acknowledged++;
                int safe = calls.safeSince(word);
                if (packetBegin <= safe) {
                    early.add(acknowledgement + " leaves in line " + packetBegin + ", and is safe from line " + safe);
                }
            }
            packetBegin = nextBegin;
            return true;
        }
    }
}
