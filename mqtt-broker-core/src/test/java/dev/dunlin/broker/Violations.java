package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.raw;

import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import org.jspecify.annotations.Nullable;

/**
 * Clients that break rules, and two bystanders, who must not notice: after the violations one of them publishes, and the
 * other, who has subscribed to everything, gets that and nothing else. Packets are in the notation of
 * {@code Packets.raw}. Behind each goes a PUBLISH in the same segment, which must not be processed any more.
 */
final class Violations {
    private final TestBroker broker;
    private @Nullable WireClient talker;
    private @Nullable WireClient listener;
    private int number;

    Violations(TestBroker broker) {
        this.broker = broker;
    }

    /** From now on the bystanders are there, at the latest from the first violation on. */
    Violations watched() {
        if (talker == null) {
            talker = broker.client("talker");
            listener = broker.client(MqttVersion.V3_1_1, "listener").subscribed("#", 1);
        }
        return this;
    }

    /** A client that was let in sends one of these: in 5.0 it gets DISCONNECT with this reason, its connection is closed. */
    void disconnect(MqttVersion version, ReasonCode reason, String... packets) {
        watched();
        for (String packet : packets) {
            WireClient c = broker.client(version, "breaks rules");
            c.send(raw(packet), publish("too/late", packet));
            c.expectDisconnect(reason);
        }
        assertNobodyElseNotices();
    }

    /** The first packet is one of these: in 5.0 it gets CONNACK with this reason, its connection is closed. */
    void refuse(MqttVersion version, ReasonCode reason, String... packets) {
        watched();
        for (String packet : packets) {
            WireClient c = broker.open(version);
            c.send(raw(packet), publish("too/late", packet));
            c.expectRefusal(reason);
        }
        assertNobodyElseNotices();
    }

    /** The first packet is one of these, and doesn't say which version it speaks: its connection is closed without a word. */
    void close(String... packets) {
        watched();
        for (String packet : packets) {
            WireClient c = broker.open(MqttVersion.V3_1_1);
            c.send(raw(packet), publish("too/late", packet));
            c.expectClosed();
        }
        assertNobodyElseNotices();
    }

    /** A message goes from one bystander to the other, and nothing else does. */
    void assertNobodyElseNotices() {
        if (talker == null || listener == null) {
            throw new IllegalStateException("nobody watched");
        }
        String text = "message " + ++number;
        talker.published("undisturbed", text, 1);
        listener.take("undisturbed", text, 1);
        listener.ping();
        talker.ping();
    }
}
