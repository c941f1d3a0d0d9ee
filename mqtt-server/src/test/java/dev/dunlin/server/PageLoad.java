package dev.dunlin.server;

import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrel;

import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import java.util.concurrent.CompletableFuture;

/** A client that publishes with each QoS until this is closed, and one that is subscribed to all of it and reads nothing. */
final class PageLoad implements AutoCloseable {
    static final String SLOW = "slow-reader";

    private static final String TOPIC = "load/of/tests";
    private static final String PAYLOAD = "x".repeat(8 << 10);

    private final WireClient slow;
    private final WireClient publisher;
    private final CompletableFuture<Void> publishing;
    private volatile boolean closed;

    PageLoad(int port) {
        slow = WireClient.connect(port, MqttVersion.V5).login(SLOW).subscribed("load/#", 2);
        publisher = WireClient.connect(port, MqttVersion.V5).login("publisher");
        publishing = CompletableFuture.runAsync(() -> {
            while (!closed) {
                publishOfEachQos();
            }
        });
    }

    private void publishOfEachQos() {
        publisher.send(publish(TOPIC, PAYLOAD));
        publisher.send(publish(TOPIC, PAYLOAD).qos(1, 1));
        requireAccepted();
        publisher.send(publish(TOPIC, PAYLOAD).qos(2, 2));
        requireAccepted();
        publisher.send(pubrel(2)).expect(pubcomp(2));
    }

    /** Whether anybody is subscribed, or the slow one was disconnected. */
    private void requireAccepted() {
        Packet.Ack came = (Packet.Ack) publisher.receive();
        if (came.reason().isError()) {
            throw new AssertionError("refused: " + came);
        }
    }

    /** Reads what the slow one was sent, to the end of its connection. */
    void awaitSlowClosed() {
        while (slow.receiveOrEnd() != null) {}
    }

    @Override
    public void close() {
        closed = true;
        publishing.join(); // fails if it did
        publisher.close();
        slow.close();
    }
}
