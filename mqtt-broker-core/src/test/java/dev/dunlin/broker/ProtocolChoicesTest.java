package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static dev.dunlin.broker.testkit.Packets.subscribe;

import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the specification leaves open and the packet-level suites of other brokers look at: see docs/protocol-choices.md. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ProtocolChoicesTest {
    @AutoClose
    private final TestBroker broker = TestBroker.start();

    /** 3.1 and 3.1.1 have no CONNACK for it; everybody else's connection goes on. */
    private void expectMalformed(WireClient c) {
        if (c.version() == MqttVersion.V5) {
            c.expectDisconnect(ReasonCode.MALFORMED_PACKET);
        } else {
            c.expectClosed();
        }
    }

    // ---- control characters [5.0 section 1.5.4], [3.1.1 section 1.5.3]

    @EachVersion
    void refusesControlCharactersInTopicsAndFilters(MqttVersion version) {
        WireClient bystander = broker.client("bystander").subscribed("#", 0);
        WireClient publisher = broker.client(version, "publisher");
        publisher.send(publish("line\nfeed", "p"));
        expectMalformed(publisher);
        WireClient subscriber = broker.client(version, "subscriber");
        subscriber.send(subscribe(1, "delete\u007F", 0));
        expectMalformed(subscriber);
        bystander.expectNothing();
    }

    @Test
    void refusesControlCharactersInClientIdentifiers() {
        broker.send(MqttVersion.V5, connect("id\u0085")).expectRefusal(ReasonCode.MALFORMED_PACKET);
        broker.send(MqttVersion.V3_1_1, connect("id\u0001")).expectClosed();
    }

    @Test
    void forwardsControlCharactersInUserProperties() {
        WireClient c = broker.client("c").subscribed("t", 0);
        c.send(publish("t", "p").userProperty("name", "two\nlines"));
        c.take(publish("t", "p").userProperty("name", "two\nlines"));
    }

    // ---- acknowledgements that don't fit their message

    private WireClient receiver(MqttVersion version, int qos) {
        WireClient c = broker.client(version, "receiver").subscribed("t", 2);
        broker.client("publisher").published("t", "p", qos);
        c.expectPublish("t", "p", qos);
        return c;
    }

    private void expectProtocolError(WireClient c) {
        if (c.version() == MqttVersion.V5) {
            c.expectDisconnect(ReasonCode.PROTOCOL_ERROR);
        } else {
            c.expectClosed();
        }
    }

    @EachVersion
    void closesOnPubrecOrPubcompForQos1(MqttVersion version) {
        expectProtocolError(receiver(version, 1).send(pubrec(1)));
        expectProtocolError(receiver(version, 1).send(pubcomp(1)));
    }

    @EachVersion
    void closesOnPubackOrPubcompForQos2BeforePubrec(MqttVersion version) {
        expectProtocolError(receiver(version, 2).send(puback(1)));
        expectProtocolError(receiver(version, 2).send(pubcomp(1)));
    }

    @EachVersion
    void closesOnPubackForQos2BehindPubrec(MqttVersion version) {
        WireClient bystander = broker.client("bystander");
        WireClient c = receiver(version, 2);
        c.send(pubrec(1));
        c.expect(pubrel(1));
        expectProtocolError(c.send(puback(1)));
        bystander.ping();
    }
}
