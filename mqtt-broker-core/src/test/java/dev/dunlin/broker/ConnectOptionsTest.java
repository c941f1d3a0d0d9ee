package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What CONNECT may ask for and CONNACK may say: keep-alive, response and problem information, refusals, another server. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ConnectOptionsTest {
    private static final String ELSEWHERE = "one.example:1884 two.example";

    /** Client ids that are reason codes are refused for that reason; the others are let in. */
    private static final Authenticator SAYS_WHAT_IT_IS_TOLD = request -> {
        String id = request.clientId();
        AuthResult result = Stream.of(ReasonCode.values())
                        .anyMatch(reason -> reason.name().equals(id))
                ? new AuthResult.Refused(ReasonCode.valueOf(id), "as you wish")
                : id.startsWith("moved")
                        ? AuthResult.redirect(ReasonCode.SERVER_MOVED, ELSEWHERE)
                        : id.startsWith("another")
                                ? new AuthResult.Refused(ReasonCode.USE_ANOTHER_SERVER, "full", ELSEWHERE)
                                : AuthResult.accept(Identity.ANONYMOUS).withResponseInformation("answers/" + id + "/");
        return CompletableFuture.completedFuture(result);
    };

    @AutoClose
    private final TestBroker broker = TestBroker.start(builder -> builder.authenticator(SAYS_WHAT_IT_IS_TOLD));

    // ---- keep-alive

    @ParameterizedTest
    @CsvSource({"0, 0, -1", "0, 60, -1", "0, 65535, -1", "60, 0, 60", "60, 61, 60", "60, 60, -1", "60, 1, -1"})
    @Statement({"5.0:MQTT-3.1.2-21", "5.0:MQTT-3.2.2-21", "5.0:MQTT-3.2.2-22"})
    void tellsTheServersKeepAliveIfItIsAnother(int max, int asked, int told) {
        try (TestBroker other = TestBroker.start(Limits.EMBEDDED.withKeepAliveMaxSeconds(max))) {
            Connack connack =
                    other.send(MqttVersion.V5, connect("id").keepAlive(asked)).expect(connack());
            assertThat(connack.properties().integer(Property.SERVER_KEEP_ALIVE, -1))
                    .isEqualTo(told);
            for (MqttVersion version : new MqttVersion[] {MqttVersion.V3_1, MqttVersion.V3_1_1}) {
                other.send(version, connect("id").keepAlive(asked).cleanStart()).expect(connack());
            }
        }
    }

    @Test
    @Statement({"5.0:MQTT-3.1.2-22", "5.0:MQTT-3.2.2-21", "3.1.1:MQTT-3.1.2-24"})
    @Reaches("keepAliveMaxSeconds")
    void theServersKeepAliveCountsForWhoWasToldOfIt() {
        try (TestBroker other = TestBroker.start(Limits.EMBEDDED.withKeepAliveMaxSeconds(1))) {
            WireClient old = other.client(MqttVersion.V3_1_1, "old");
            WireClient longer = other.send(MqttVersion.V5, connect("longer").keepAlive(60));
            WireClient none = other.send(MqttVersion.V5, connect("none"));
            longer.expect(connack());
            none.expect(connack());
            longer.expectDisconnect(ReasonCode.KEEP_ALIVE_TIMEOUT);
            none.expectDisconnect(ReasonCode.KEEP_ALIVE_TIMEOUT);
            old.ping(); // has what it asked for
        }
    }

    // ---- response information

    @Test
    @Statement({"5.0:MQTT-3.1.2-28"})
    void givesResponseInformationToWhoAsksForIt() {
        for (ConnectPacket asks :
                new ConnectPacket[] {connect("id"), connect("id").with(Property.REQUEST_RESPONSE_INFORMATION, 0)}) {
            Connack connack = broker.send(MqttVersion.V5, asks).expect(connack());
            assertThat(connack.properties().has(Property.RESPONSE_INFORMATION)).isFalse();
        }
        Connack connack = broker.send(MqttVersion.V5, connect("id").with(Property.REQUEST_RESPONSE_INFORMATION, 1))
                .expect(connack());
        assertThat(connack.properties().string(Property.RESPONSE_INFORMATION)).isEqualTo("answers/id/");
    }

    @Test
    @Statement({"5.0:MQTT-3.1.2-24"})
    void leavesResponseInformationOutWhereItDoesNotFit() {
        String id = "x".repeat(100);
        Connack connack = broker.send(
                        MqttVersion.V5,
                        connect(id).maximumPacketSize(100).with(Property.REQUEST_RESPONSE_INFORMATION, 1))
                .expect(connack());
        assertThat(connack.properties().has(Property.RESPONSE_INFORMATION)).isFalse();
    }

    @Test
    void hasNoneToGiveUnlessTheAuthenticatorHas() {
        try (TestBroker other = TestBroker.start()) {
            Connack connack = other.send(MqttVersion.V5, connect("id").with(Property.REQUEST_RESPONSE_INFORMATION, 1))
                    .expect(connack());
            assertThat(connack.properties().has(Property.RESPONSE_INFORMATION)).isFalse();
        }
    }

    // ---- problem information

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Statement({"5.0:MQTT-3.1.2-29"})
    void reasonsGoIntoOtherPacketsOnlyIfTheyMay(boolean wanted) {
        WireClient c =
                broker.send(MqttVersion.V5, connect("id").with(Property.REQUEST_PROBLEM_INFORMATION, wanted ? 1 : 0));
        c.expect(connack());
        c.send(publish("$SYS/x", "p").qos(1, 1), publish("$SYS/x", "p").qos(2, 2));
        Packet.Ack one = c.expect(puback(1).reason(ReasonCode.NOT_AUTHORIZED));
        Packet.Ack two = c.expect(pubrec(2).reason(ReasonCode.NOT_AUTHORIZED));
        assertThat(one.properties().has(Property.REASON_STRING)).isEqualTo(wanted);
        assertThat(two.properties().has(Property.REASON_STRING)).isEqualTo(wanted);
        c.send(subscribe(3, "a/#/b", 0), unsubscribe(4, "none"));
        Properties refused =
                c.expect(suback(3, ReasonCode.TOPIC_FILTER_INVALID)).properties();
        Properties absent =
                c.expect(unsuback(4, ReasonCode.NO_SUBSCRIPTION_EXISTED)).properties();
        assertThat(refused.isEmpty()).isTrue();
        assertThat(absent.isEmpty()).isTrue();
        c.send(publish("a/+", "p"));
        Packet.Disconnect last = c.expect(disconnect(ReasonCode.TOPIC_NAME_INVALID));
        assertThat(last.properties().has(Property.REASON_STRING)).isTrue(); // DISCONNECT may have one in any case
        Connack connack = broker.send(
                        MqttVersion.V5, connect("BANNED").with(Property.REQUEST_PROBLEM_INFORMATION, wanted ? 1 : 0))
                .expect(connack(ReasonCode.BANNED));
        assertThat(connack.properties().string(Property.REASON_STRING)).isEqualTo("as you wish");
    }

    // ---- refusals

    /** Return codes that say the same; all others close without CONNACK. */
    private static final Map<ReasonCode, Integer> RETURN_CODES = Map.ofEntries(
            Map.entry(ReasonCode.UNSUPPORTED_PROTOCOL_VERSION, 1),
            Map.entry(ReasonCode.CLIENT_IDENTIFIER_NOT_VALID, 2),
            Map.entry(ReasonCode.SERVER_UNAVAILABLE, 3),
            Map.entry(ReasonCode.SERVER_BUSY, 3),
            Map.entry(ReasonCode.USE_ANOTHER_SERVER, 3),
            Map.entry(ReasonCode.SERVER_MOVED, 3),
            Map.entry(ReasonCode.CONNECTION_RATE_EXCEEDED, 3),
            Map.entry(ReasonCode.BAD_USER_NAME_OR_PASSWORD, 4),
            Map.entry(ReasonCode.NOT_AUTHORIZED, 5),
            Map.entry(ReasonCode.BANNED, 5));

    static Stream<ReasonCode> refusals() {
        return Stream.of(ReasonCode.values()).filter(ReasonCode::isError);
    }

    @ParameterizedTest
    @MethodSource("refusals")
    @Statement({"5.0:MQTT-3.2.2-7", "5.0:MQTT-3.2.2-8", "3.1.1:MQTT-3.2.2-6"})
    void refusesWithTheReasonThatTheAuthenticatorGives(ReasonCode reason) {
        WireClient c = broker.send(MqttVersion.V5, connect(reason.name()));
        if (reason.allowedIn(PacketType.CONNACK)) {
            Connack connack = c.expect(connack(reason));
            assertThat(connack.properties().string(Property.REASON_STRING)).isEqualTo("as you wish");
            assertThat(connack.properties().has(Property.SERVER_REFERENCE)).isFalse();
        }
        c.expectClosed();
        for (MqttVersion version : new MqttVersion[] {MqttVersion.V3_1, MqttVersion.V3_1_1}) {
            WireClient old = broker.send(version, connect(reason.name()).cleanStart());
            Integer code = RETURN_CODES.get(reason);
            if (code != null) {
                old.expectRaw(0x20, 2, 0, code);
            }
            old.expectClosed();
        }
        assertThat(broker.sessions()).isZero();
    }

    @Test
    @Statement({"5.0:MQTT-4.13.2-1"})
    void sendsClientsToAnotherServer() {
        WireClient c = broker.send(MqttVersion.V5, connect("moved"));
        Connack connack = c.expect(connack(ReasonCode.SERVER_MOVED));
        assertThat(connack.properties().string(Property.SERVER_REFERENCE)).isEqualTo(ELSEWHERE);
        c.expectClosed();
        c = broker.send(MqttVersion.V5, connect("another"));
        connack = c.expect(connack(ReasonCode.USE_ANOTHER_SERVER));
        assertThat(connack.properties().string(Property.SERVER_REFERENCE)).isEqualTo(ELSEWHERE);
        assertThat(connack.properties().string(Property.REASON_STRING)).isEqualTo("full");
        c.expectClosed();
        WireClient old = broker.send(MqttVersion.V3_1_1, connect("moved").cleanStart());
        old.expectRaw(0x20, 2, 0, 3);
        old.expectClosed();
    }

    @Test
    @Statement({"5.0:MQTT-3.2.2-19", "5.0:MQTT-3.1.2-24"})
    void whereToGoCountsMoreThanWhy() {
        int reference = 2 + 3 + 3 + ELSEWHERE.length();
        WireClient c = broker.send(MqttVersion.V5, connect("another").maximumPacketSize(reference));
        Connack connack = c.expect(connack(ReasonCode.USE_ANOTHER_SERVER));
        assertThat(connack.properties().string(Property.SERVER_REFERENCE)).isEqualTo(ELSEWHERE);
        assertThat(connack.properties().has(Property.REASON_STRING)).isFalse();
        c.expectClosed();
        c = broker.send(MqttVersion.V5, connect("another").maximumPacketSize(reference - 1));
        assertThat(c.receiveOrEnd()).satisfies(last -> {
            assertThat(((Connack) last).properties().isEmpty()).isTrue();
        });
        c.expectClosed();
    }

    @ParameterizedTest
    @EnumSource(
            value = ReasonCode.class,
            names = {"NOT_AUTHORIZED", "SERVER_BUSY"})
    void aServerReferenceGoesWithTwoReasonsOnly(ReasonCode reason) {
        assertThatThrownBy(() -> AuthResult.redirect(reason, ELSEWHERE)).isInstanceOf(IllegalArgumentException.class);
    }

    // ---- disconnected by the program

    @EachVersion
    @Statement({"5.0:MQTT-3.14.4-2", "5.0:MQTT-3.1.2-8"})
    void aProgramMayDisconnectAClient(MqttVersion version) {
        WireClient witness = broker.client("witness").subscribed("will", 0);
        WireClient c = broker.send(version, connect("id").sessionExpiry(100).will(publish("will", "gone")));
        c.expect(connack());
        broker.broker().disconnect("id", ReasonCode.ADMINISTRATIVE_ACTION, "maintenance");
        if (version == MqttVersion.V5) {
            Packet.Disconnect last = c.expect(disconnect(ReasonCode.ADMINISTRATIVE_ACTION));
            assertThat(last.properties().string(Property.REASON_STRING)).isEqualTo("maintenance");
        }
        c.expectClosed();
        witness.expectPublish("will", "gone", 0);
        assertThat(broker.hasSession("id")).isTrue();
        broker.broker().disconnect("id", ReasonCode.ADMINISTRATIVE_ACTION, "nobody there");
        broker.broker().disconnect("never seen", ReasonCode.ADMINISTRATIVE_ACTION, "");
        broker.settle();
        WireClient again = broker.send(version, connect("id").sessionExpiry(100));
        again.expect(connack().sessionPresent());
        again.ping();
        witness.ping();
    }

    @EachVersion
    @Statement({"5.0:MQTT-4.13.2-1"})
    void aProgramMaySendAClientElsewhere(MqttVersion version) {
        WireClient c = broker.client(version, "id");
        broker.broker().redirect("id", ReasonCode.USE_ANOTHER_SERVER, ELSEWHERE);
        if (version == MqttVersion.V5) {
            Packet.Disconnect last = c.expect(disconnect(ReasonCode.USE_ANOTHER_SERVER));
            assertThat(last.properties().string(Property.SERVER_REFERENCE)).isEqualTo(ELSEWHERE);
            assertThat(last.properties().has(Property.SESSION_EXPIRY_INTERVAL)).isFalse();
        }
        c.expectClosed();
    }

    @Test
    void whatCanNotBeSaidIsRefusedAtOnce() {
        Broker b = broker.broker();
        for (ReasonCode reason :
                new ReasonCode[] {ReasonCode.SUCCESS, ReasonCode.DISCONNECT_WITH_WILL_MESSAGE, ReasonCode.BANNED}) {
            assertThatThrownBy(() -> b.disconnect("id", reason, "")).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> b.disconnect("id", ReasonCode.NOT_AUTHORIZED, "a\0b"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> b.redirect("id", ReasonCode.NOT_AUTHORIZED, ELSEWHERE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> b.redirect("id", ReasonCode.SERVER_MOVED, "x".repeat(65_536)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
