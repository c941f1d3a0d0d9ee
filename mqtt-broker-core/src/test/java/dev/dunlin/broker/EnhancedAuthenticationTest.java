package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.auth;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.pingreq;
import static dev.dunlin.broker.testkit.Packets.pingresp;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.codec.ReasonCode.CONTINUE_AUTHENTICATION;
import static dev.dunlin.codec.ReasonCode.REAUTHENTICATE;
import static dev.dunlin.codec.ReasonCode.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.Packets.AuthPacket;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Authentication in several steps, before CONNACK and while connected. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class EnhancedAuthenticationTest {
    private static final String METHOD = "STEPS";

    private final BlockingQueue<CompletableFuture<AuthResult>> pending = new LinkedBlockingQueue<>();
    private final AtomicInteger asked = new AtomicInteger();

    /** Does what the client's data say. */
    private final Authenticator steps = new Authenticator() {
        @Override
        public Set<String> methods() {
            return Set.of(METHOD, "OTHER");
        }

        @Override
        public CompletionStage<AuthResult> authenticate(ConnectRequest request) {
            asked.incrementAndGet();
            return answer(request.authenticationData());
        }

        private CompletionStage<AuthResult> answer(byte[] data) {
            String said = new String(data, StandardCharsets.UTF_8);
            return switch (said) {
                case "throw" -> throw new IllegalStateException("on purpose");
                case "later" -> {
                    CompletableFuture<AuthResult> later = new CompletableFuture<>();
                    pending.add(later);
                    yield later;
                }
                default -> CompletableFuture.completedFuture(result(said));
            };
        }

        private AuthResult result(String said) {
            return switch (said) {
                case "more" -> AuthResult.challenge(bytes("more?"), this::answer);
                case "silent" -> AuthResult.challenge(new byte[0], this::answer);
                case "large" -> AuthResult.challenge(new byte[1_000], this::answer);
                case "too large for MQTT" -> AuthResult.challenge(new byte[70_000], this::answer);
                case "large end" -> AuthResult.accept(new Identity("ann")).withData(new byte[1_000]);
                case "in" -> AuthResult.accept(new Identity("ann")).withData(bytes("welcome"));
                case "" -> AuthResult.accept(new Identity("ann"));
                case "bob" -> AuthResult.accept(new Identity("bob"));
                case "wrong" -> AuthResult.refuse(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
                case "elsewhere" -> AuthResult.redirect(ReasonCode.USE_ANOTHER_SERVER, "other:1884");
                default -> AuthResult.refuse(ReasonCode.NOT_AUTHORIZED);
            };
        }
    };

    @AutoClose
    private final TestBroker broker = TestBroker.start(builder -> builder.authenticator(steps));

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static ConnectPacket connecting(String id, String data) {
        return connect(id).cleanStart().authentication(METHOD, data);
    }

    private static AuthPacket going(String data) {
        return auth(CONTINUE_AUTHENTICATION, METHOD).data(data);
    }

    private static AuthPacket anew(String data) {
        return auth(REAUTHENTICATE, METHOD).data(data);
    }

    private WireClient connected(String id) {
        WireClient c = broker.send(MqttVersion.V5, connecting(id, "in"));
        c.expect(connack());
        return c;
    }

    private CompletableFuture<AuthResult> asked() throws InterruptedException {
        CompletableFuture<AuthResult> question = pending.poll(10, TimeUnit.SECONDS);
        assertThat(question).isNotNull();
        return question;
    }

    // ---- before CONNACK

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 50})
    @Statement({"5.0:MQTT-4.12.0-2", "5.0:MQTT-4.12.0-5"})
    void asksTheClientAsOftenAsTheAuthenticatorWants(int rounds) {
        for (int loop = 0; loop <= 1; loop++) {
            String id = broker.idOn(loop, "id");
            WireClient c = broker.send(MqttVersion.V5, connecting(id, rounds == 0 ? "in" : "more"));
            for (int i = 1; i <= rounds; i++) {
                c.expect(going("more?"));
                c.send(going(i == rounds ? "in" : "more"));
            }
            Connack connack = c.expect(connack());
            assertThat(connack.properties().string(Property.AUTHENTICATION_METHOD))
                    .isEqualTo(METHOD);
            assertThat(connack.properties().binary(Property.AUTHENTICATION_DATA))
                    .isEqualTo(bytes("welcome"));
            c.ping();
        }
    }

    @Test
    void dataMayBeMissingOnBothSides() {
        WireClient c = broker.send(MqttVersion.V5, connecting("id", "silent"));
        c.expect(auth(CONTINUE_AUTHENTICATION, METHOD));
        c.send(auth(CONTINUE_AUTHENTICATION, METHOD));
        Connack connack = c.expect(connack());
        assertThat(connack.properties().string(Property.AUTHENTICATION_METHOD)).isEqualTo(METHOD);
        assertThat(connack.properties().has(Property.AUTHENTICATION_DATA)).isFalse();
    }

    @Test
    @Statement({"5.0:MQTT-4.12.0-1"})
    void refusesAMethodThatTheAuthenticatorDoesNotKnow() {
        broker.send(MqttVersion.V5, connect("id").authentication("UNKNOWN", "in"))
                .expectRefusal(ReasonCode.BAD_AUTHENTICATION_METHOD);
        assertThat(asked).hasValue(0);
        assertThat(broker.sessions()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "no, NOT_AUTHORIZED",
        "wrong, BAD_USER_NAME_OR_PASSWORD",
        "throw, UNSPECIFIED_ERROR",
        "too large for MQTT, UNSPECIFIED_ERROR",
        "elsewhere, USE_ANOTHER_SERVER"
    })
    @Statement({"5.0:MQTT-4.12.0-4", "5.0:MQTT-3.2.2-7"})
    void refusesAfterAnyStep(String data, ReasonCode reason) {
        broker.send(MqttVersion.V5, connecting("id", data)).expectRefusal(reason);
        WireClient c = broker.send(MqttVersion.V5, connecting("id", "more"));
        c.expect(going("more?"));
        c.send(going(data));
        c.expectRefusal(reason);
        assertThat(broker.sessions()).isZero();
        connected("another").ping();
    }

    static Stream<Sendable> notForNow() {
        return Stream.of(
                connect("id"),
                publish("t", "p"),
                puback(1),
                subscribe(1, "t", 0),
                pingreq(),
                auth(SUCCESS, METHOD),
                anew("in"));
    }

    @ParameterizedTest
    @MethodSource("notForNow")
    @Statement({"5.0:MQTT-3.1.2-30", "5.0:MQTT-4.12.0-3", "5.0:MQTT-3.1.4-6"})
    void refusesAClientThatSendsAnythingElseMeanwhile(Sendable packet) {
        WireClient witness = connected("witness").subscribed("#", 0);
        WireClient c = broker.send(MqttVersion.V5, connecting("id", "more"));
        c.expect(going("more?"));
        c.send(packet);
        c.expectRefusal(ReasonCode.PROTOCOL_ERROR);
        witness.expectNothing();
        assertThat(broker.sessions()).isEqualTo(1);
    }

    @Test
    void aClientMayDisconnectMeanwhile() {
        WireClient c = broker.send(MqttVersion.V5, connecting("id", "more"));
        c.expect(going("more?"));
        c.send(disconnect());
        c.expectClosed();
        assertThat(broker.sessions()).isZero();
    }

    @Test
    @Statement({"5.0:MQTT-4.12.0-5"})
    void refusesAnotherMethodThanThatOfConnect() {
        WireClient c = broker.send(MqttVersion.V5, connecting("id", "more"));
        c.expect(going("more?"));
        c.send(auth(CONTINUE_AUTHENTICATION, "OTHER").data("in"));
        c.expectRefusal(ReasonCode.BAD_AUTHENTICATION_METHOD);
    }

    @Test
    @Statement({"5.0:MQTT-4.12.0-6"})
    void sendsNoAuthToAClientThatNamesNoMethod() {
        Authenticator asks = request -> CompletableFuture.completedFuture(
                AuthResult.challenge(bytes("more?"), data -> CompletableFuture.completedFuture(null)));
        try (TestBroker other = TestBroker.start(builder -> builder.authenticator(asks))) {
            for (MqttVersion version : MqttVersion.values()) {
                other.send(version, connect("id").cleanStart()).expectRefusal(ReasonCode.UNSPECIFIED_ERROR);
            }
        }
        Connack connack = broker.send(MqttVersion.V5, connect("id")).expect(connack());
        assertThat(connack.properties().has(Property.AUTHENTICATION_METHOD)).isFalse();
    }

    @Test
    void worksOffAnswersThatComeInOneSegmentWithConnect() {
        for (int i = 0; i < 8; i++) { // whichever loop accepts it
            String id = broker.idOn(i % 2, "id" + i);
            WireClient c = broker.open(MqttVersion.V5);
            c.send(
                    connecting(id, "more"),
                    going("more"),
                    going("in"),
                    subscribe(1, "t/" + id, 0),
                    publish("t/" + id, "p"),
                    pingreq());
            c.expect(going("more?"));
            c.expect(going("more?"));
            c.expect(connack());
            c.expect(suback(1, ReasonCode.SUCCESS));
            c.expectPublish("t/" + id, "p", 0);
            c.expect(pingresp());
        }
    }

    @Test
    void keepsOnlyItsOwnConnectionWaiting() throws InterruptedException {
        WireClient slow = broker.send(MqttVersion.V5, connecting("slow", "more"));
        slow.expect(going("more?"));
        slow.send(going("later"), pingreq());
        CompletableFuture<AuthResult> question = asked();
        connected("quick").ping();
        slow.expectNothingYet();
        CompletableFuture.runAsync(() -> question.complete(AuthResult.accept(new Identity("ann"))))
                .join();
        slow.expect(connack());
        slow.expect(pingresp());
    }

    @Test
    @Statement({"5.0:MQTT-3.1.4-3"})
    void comesBeforeATakeover() {
        WireClient old = connected("id");
        WireClient c = broker.send(MqttVersion.V5, connecting("id", "more"));
        c.expect(going("more?"));
        old.ping();
        c.send(going("no"));
        c.expectRefusal(ReasonCode.NOT_AUTHORIZED);
        old.ping();
        c = broker.send(MqttVersion.V5, connecting("id", "more"));
        c.expect(going("more?"));
        c.send(going("in"));
        c.expect(connack());
        old.expectDisconnect(ReasonCode.SESSION_TAKEN_OVER);
    }

    @Test
    void aConnectionMayGoInTheMiddle() throws InterruptedException {
        WireClient c = broker.send(MqttVersion.V5, connecting("one", "more"));
        c.expect(going("more?"));
        c.drop();
        c = broker.send(MqttVersion.V5, connecting("two", "later"));
        CompletableFuture<AuthResult> question = asked();
        c.close();
        question.complete(AuthResult.challenge(bytes("anybody?"), data -> new CompletableFuture<>()));
        TestBroker.eventually("it is gone", () -> broker.openConnections() == 0);
        assertThat(broker.sessions()).isZero();
    }

    @Test
    void theWholeExchangeHasTheTimeOfAConnect() {
        Limits hurried = Limits.EMBEDDED.withConnectTimeoutMs(100);
        try (TestBroker other =
                TestBroker.start(builder -> builder.authenticator(steps).limits(hurried))) {
            WireClient c = other.send(MqttVersion.V5, connecting("id", "more"));
            c.expect(going("more?"));
            c.expectRefusal(ReasonCode.UNSPECIFIED_ERROR);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"large", "large end"})
    @Statement({"5.0:MQTT-3.1.2-24", "5.0:MQTT-3.15.2-2", "5.0:MQTT-3.15.2-3"})
    void sendsNothingLargerThanTheClientAllows(String data) {
        broker.send(MqttVersion.V5, connecting("id", data).maximumPacketSize(200))
                .expectRefusal(ReasonCode.PACKET_TOO_LARGE);
        assertThat(broker.sessions()).isZero();
    }

    // ---- while connected

    @Test
    @Statement({"5.0:MQTT-4.12.1-1", "5.0:MQTT-4.12.0-5", "5.0:MQTT-3.15.2-1"})
    void aClientMayProveItselfAnewAsOftenAsItLikes() {
        WireClient c = connected("id").subscribed("t", 0);
        for (int i = 0; i < 3; i++) {
            c.send(anew("more"));
            c.expect(going("more?"));
            c.send(publish("t", "meanwhile"));
            c.expectPublish("t", "meanwhile", 0);
            c.send(going("in"));
            c.expect(auth(SUCCESS, METHOD).data("welcome"));
            c.send(publish("t", "afterwards"));
            c.expectPublish("t", "afterwards", 0);
        }
        assertThat(asked).hasValue(4);
    }

    @Test
    void everythingGoesOnWhileTheAuthenticatorThinks() throws InterruptedException {
        WireClient c = connected("id").subscribed("t", 0);
        c.send(anew("later"));
        CompletableFuture<AuthResult> question = asked();
        c.send(publish("t", "meanwhile"));
        c.expectPublish("t", "meanwhile", 0);
        question.complete(AuthResult.accept(new Identity("ann")));
        c.expect(auth(SUCCESS, METHOD));
    }

    @ParameterizedTest
    @CsvSource({
        "no, NOT_AUTHORIZED",
        "wrong, NOT_AUTHORIZED", // DISCONNECT has no 0x86
        "bob, NOT_AUTHORIZED", // another identity
        "throw, UNSPECIFIED_ERROR",
        "elsewhere, USE_ANOTHER_SERVER"
    })
    @Statement({"5.0:MQTT-4.12.1-2", "5.0:MQTT-3.14.2-1"})
    void aClientThatFailsToIsDisconnected(String data, ReasonCode reason) {
        WireClient witness = connected("witness").subscribed("will", 0);
        WireClient c = broker.send(MqttVersion.V5, connecting("id", "in").will(publish("will", "failed")));
        c.expect(connack());
        c.send(anew("more"));
        c.expect(going("more?"));
        c.send(going(data));
        c.expectDisconnect(reason);
        witness.expectPublish("will", "failed", 0);
    }

    static List<List<Sendable>> outOfTurn() {
        return List.of(
                List.of(going("in")),
                List.of(auth(SUCCESS, METHOD)),
                List.of(anew("later"), anew("in")),
                List.of(anew("later"), going("in")),
                List.of(anew("silent"), anew("in")),
                List.of(anew("silent"), auth(SUCCESS, METHOD)));
    }

    @ParameterizedTest
    @MethodSource("outOfTurn")
    @Statement({"5.0:MQTT-4.12.0-3", "5.0:MQTT-4.12.1-1"})
    void anAuthOutOfTurnEndsTheConnection(List<Sendable> packets) {
        WireClient other = connected("other");
        WireClient c = connected("id");
        c.send(packets.toArray(Sendable[]::new));
        Object first = c.receive();
        if (first instanceof Packet.Auth) {
            first = c.receive();
        }
        assertThat(first).isInstanceOf(Packet.Disconnect.class);
        assertThat(((Packet.Disconnect) first).reason()).isEqualTo(ReasonCode.PROTOCOL_ERROR);
        c.expectClosed();
        other.ping();
    }

    @Test
    @Statement({"5.0:MQTT-4.12.0-7"})
    void aClientThatNamedNoMethodMayNot() {
        WireClient c = broker.client("id");
        c.send(anew("in"));
        c.expectDisconnect(ReasonCode.PROTOCOL_ERROR);
    }

    @Test
    @Statement({"5.0:MQTT-4.12.1-1"})
    void theMethodIsThatOfConnect() {
        WireClient c = connected("id");
        c.send(auth(REAUTHENTICATE, "OTHER").data("in"));
        c.expectDisconnect(ReasonCode.BAD_AUTHENTICATION_METHOD);
    }

    @Test
    @Statement({"5.0:MQTT-3.15.1-1"})
    void reservedFlagsOfAuthEndTheConnection() {
        WireClient c = connected("id");
        c.sendRaw(0xF1, 0);
        c.expectDisconnect(ReasonCode.MALFORMED_PACKET);
    }

    @Test
    void aFurtherExchangeHasTheTimeOfAConnectToo() {
        Limits hurried = Limits.EMBEDDED.withConnectTimeoutMs(150);
        try (TestBroker other =
                TestBroker.start(builder -> builder.authenticator(steps).limits(hurried))) {
            WireClient c = other.send(MqttVersion.V5, connecting("id", "in"));
            c.expect(connack());
            c.send(anew("more"));
            c.expect(going("more?"));
            c.send(going("in"));
            c.expect(auth(SUCCESS, METHOD).data("welcome"));
            c.send(anew("more"));
            c.expect(going("more?"));
            c.expectDisconnect(ReasonCode.NOT_AUTHORIZED);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"large", "large end"})
    @Statement({"5.0:MQTT-3.1.2-24"})
    void sendsNothingLargerThanTheClientAllowsThenEither(String data) {
        WireClient c = broker.send(MqttVersion.V5, connecting("id", "in").maximumPacketSize(200));
        c.expect(connack());
        c.send(anew(data));
        c.expectDisconnect(ReasonCode.PACKET_TOO_LARGE);
    }

    @Test
    void aLateAnswerForAClosedConnectionChangesNothing() throws InterruptedException {
        WireClient c = connected("id");
        c.send(anew("later"));
        CompletableFuture<AuthResult> question = asked();
        c.leave();
        question.complete(AuthResult.refuse(ReasonCode.NOT_AUTHORIZED));
        broker.settle();
        connected("id").ping();
    }
}
