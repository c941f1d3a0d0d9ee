package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static dev.dunlin.broker.testkit.Packets.raw;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static dev.dunlin.codec.ReasonCode.BANNED;
import static dev.dunlin.codec.ReasonCode.NOT_AUTHORIZED;
import static dev.dunlin.codec.ReasonCode.PROTOCOL_ERROR;
import static dev.dunlin.codec.ReasonCode.SUCCESS;
import static dev.dunlin.codec.ReasonCode.TOPIC_FILTER_INVALID;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The reason string of an answer, and user properties, may not make it larger than the client accepts, nor go to a client that
 * wants no problem information. The broker has no user properties of its own to send: there must be none at all.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class AnswersThatFitTest {
    /** What CONNACK needs at least here, with what the broker announces. */
    private static final int SMALL = 32;

    private static final String BAN = "not you again, whatever you say or ask";
    private static final String WHY = "not authorized to publish to this topic";

    @AutoClose
    private final TestBroker broker =
            TestBroker.start(builder -> builder.authenticator(request -> CompletableFuture.completedFuture(
                    request.clientId().equals("banned")
                            ? new AuthResult.Refused(BANNED, BAN)
                            : AuthResult.accept(Identity.ANONYMOUS))));

    /** A client that accepts no larger packets; one that comes is a failure of the test. */
    private WireClient accepting(int packetBytes) {
        return connected(connect("c").cleanStart().maximumPacketSize(packetBytes))
                .acceptsAtMost(packetBytes);
    }

    private WireClient incurious() {
        return connected(connect("c").cleanStart().with(Property.REQUEST_PROBLEM_INFORMATION, 0));
    }

    private WireClient connected(ConnectPacket connect) {
        WireClient c = broker.send(MqttVersion.V5, connect);
        c.expect(connack());
        return c;
    }

    private static Properties reason(String text) {
        return Properties.builder().add(Property.REASON_STRING, text).build();
    }

    @Test
    @Statement({"5.0:MQTT-3.2.2-19", "5.0:MQTT-3.2.2-20"})
    void connackSaysWhyOnlyWhereThatFits() {
        int bytes = 2 + 3 + 3 + BAN.length();
        WireClient c = broker.send(MqttVersion.V5, connect("banned").maximumPacketSize(bytes));
        c.acceptsAtMost(bytes).expectRaw("20 {00 8A {1F ['" + BAN + "']}}");
        c.expectClosed();
        c = broker.send(MqttVersion.V5, connect("banned").maximumPacketSize(bytes - 1));
        c.acceptsAtMost(bytes - 1).expectRaw("20 {00 8A 00}");
        c.expectClosed();
    }

    @Test
    @Statement({"5.0:MQTT-3.4.2-2", "5.0:MQTT-3.4.2-3"})
    void pubackSaysWhyOnlyWhereThatFits() {
        int bytes = 2 + 4 + 3 + WHY.length();
        WireClient c = accepting(bytes);
        c.send(publish("$SYS/x", "p").qos(1, 1));
        assertThat(c.expect(puback(1).reason(NOT_AUTHORIZED)).properties()).isEqualTo(reason(WHY));
        c = accepting(bytes - 1);
        c.send(publish("$SYS/x", "p").qos(1, 1));
        c.expectRaw("40 {0001 87}");
    }

    @Test
    @Statement({"5.0:MQTT-3.5.2-2", "5.0:MQTT-3.5.2-3"})
    void pubrecSaysWhyOnlyWhereThatFits() {
        int bytes = 2 + 4 + 3 + WHY.length();
        WireClient c = accepting(bytes);
        c.send(publish("$SYS/x", "p").qos(2, 1));
        assertThat(c.expect(pubrec(1).reason(NOT_AUTHORIZED)).properties()).isEqualTo(reason(WHY));
        c = accepting(bytes - 1);
        c.send(publish("$SYS/x", "p").qos(2, 1));
        c.expectRaw("50 {0001 87}");
    }

    @Test
    @Statement({"5.0:MQTT-3.6.2-2", "5.0:MQTT-3.6.2-3"})
    void pubrelFitsAlsoWhenNothingIsKnownOfItsId() {
        WireClient c = accepting(SMALL);
        c.send(pubrec(9));
        assertThat(c.expect(pubrel(9)).properties()).isEqualTo(Properties.EMPTY);
    }

    @Test
    @Statement({"5.0:MQTT-3.7.2-2", "5.0:MQTT-3.7.2-3"})
    void pubcompFitsAlsoWhenNothingIsKnownOfItsId() {
        WireClient c = accepting(SMALL);
        c.send(pubrel(9));
        assertThat(c.expect(pubcomp(9)).properties()).isEqualTo(Properties.EMPTY);
    }

    @Test
    @Statement({"5.0:MQTT-3.9.2-1", "5.0:MQTT-3.9.2-2"})
    void subackFitsAlsoWhenItIsAnError() {
        WireClient c = accepting(SMALL);
        c.send(subscribe(1, "a#", 0));
        assertThat(c.expect(suback(1, TOPIC_FILTER_INVALID)).properties()).isEqualTo(Properties.EMPTY);
    }

    @Test
    @Statement({"5.0:MQTT-3.11.2-1", "5.0:MQTT-3.11.2-2"})
    void unsubackFitsAlsoWhenThereWasNothingToDo() {
        WireClient c = accepting(SMALL);
        c.send(unsubscribe(1, "a"));
        assertThat(c.expect(unsuback(1, ReasonCode.NO_SUBSCRIPTION_EXISTED)).properties())
                .isEqualTo(Properties.EMPTY);
    }

    @Test
    @Statement({"5.0:MQTT-3.14.2-3", "5.0:MQTT-3.14.2-4"})
    void disconnectSaysWhyOnlyWhereThatFits() {
        WireClient c = broker.client("c");
        c.send(raw("32 {['t'] 0000 00}"));
        Properties why = c.expect(disconnect(PROTOCOL_ERROR)).properties();
        String text = why.string(Property.REASON_STRING);
        assertThat(text).isNotEmpty();
        assertThat(why).isEqualTo(reason(text));

        int bytes = 2 + 2 + 3 + text.length();
        c = accepting(bytes);
        c.send(raw("32 {['t'] 0000 00}"));
        assertThat(c.expect(disconnect(PROTOCOL_ERROR)).properties()).isEqualTo(why);
        c = accepting(bytes - 1);
        c.send(raw("32 {['t'] 0000 00}"));
        c.expectRaw("E0 {82}");
        c.expectClosed();
    }

    @Test
    @Statement("5.0:MQTT-3.1.2-29")
    void saysWhyInNoAnswerToAClientThatWantsNoProblemInformation() {
        WireClient c = incurious();
        c.send(publish("$SYS/x", "p").qos(1, 1), publish("$SYS/x", "p").qos(2, 2), pubrec(9), pubrel(9));
        c.expectRaw("40 {0001 87} 50 {0002 87} 62 {0009} 70 {0009}");
        c.send(subscribe(3, "a#", 0), unsubscribe(4, "a"));
        c.expectRaw("90 {0003 00 8F} B0 {0004 00 11}");
    }

    @Test
    @Statement("5.0:MQTT-3.1.2-29")
    void passesOnUserPropertiesOfAPublishToAClientThatWantsNoProblemInformation() {
        WireClient c = incurious();
        c.send(subscribe(1, "t", 0));
        c.expect(suback(1, SUCCESS));
        broker.client("publisher").published(publish("t", "p").userProperty("name", "value"), 0);
        c.expectRaw("30 {['t'] {26 ['name'] ['value']} 'p'}");
    }

    @Test
    @Statement({"5.0:MQTT-3.1.2-24", "5.0:MQTT-3.1.2-25"})
    void dropsAMessageThatIsOneByteTooLargeAndGoesOnAsIfItWasSent() {
        WireClient c = accepting(32).subscribed("t", 2);
        WireClient other = broker.client("other").subscribed("t", 2);
        WireClient publisher = broker.client("publisher");
        for (int qos = 0; qos <= 2; qos++) {
            String fits = "x".repeat(32 - 2 - 3 - 1 - (qos == 0 ? 0 : 2));
            publisher.published("t", fits + "x", qos).published("t", fits, qos);
            c.take("t", fits, qos);
            c.expectNothing();
            other.expectPublish("t", fits + "x", qos);
            other.expectPublish("t", fits, qos);
        }
    }
}
