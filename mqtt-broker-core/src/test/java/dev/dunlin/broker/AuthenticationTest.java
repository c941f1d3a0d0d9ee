package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.pingreq;
import static dev.dunlin.broker.testkit.Packets.pingresp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may connect: the authenticator is asked, may take its time, and comes before anything else. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class AuthenticationTest {
    private final Map<String, CompletableFuture<AuthResult>> pending = new ConcurrentHashMap<>();
    private final AtomicReference<ConnectRequest> last = new AtomicReference<>();

    /** Users are ann and bob; client ids that begin with "slow" wait for the test, others fail as they say. */
    @AutoClose
    private final TestBroker broker = TestBroker.start(builder -> builder.authenticator(this::authenticate));

    private final Authenticator users = Authenticator.users(Map.of("ann", "a secret", "bob", ""));

    private CompletionStage<AuthResult> authenticate(ConnectRequest request) {
        last.set(request);
        if (request.clientId().startsWith("slow")) {
            return pending.computeIfAbsent(request.clientId(), id -> new CompletableFuture<>());
        }
        return switch (request.clientId()) {
            case "throws" -> throw new IllegalStateException("on purpose");
            case "asserts" -> throw new AssertionError("on purpose");
            case "fails" -> CompletableFuture.failedFuture(new IllegalStateException("on purpose"));
            case "null" -> CompletableFuture.completedFuture(null);
            case "no stage" -> null;
            case "banned" ->
                CompletableFuture.completedFuture(new AuthResult.Refused(ReasonCode.BANNED, "not you again"));
            case "unfit" -> CompletableFuture.completedFuture(AuthResult.refuse(ReasonCode.SESSION_TAKEN_OVER));
            default -> users.authenticate(request);
        };
    }

    private static ConnectPacket ann(String id) {
        return connect(id).userName("ann").password("a secret");
    }

    private WireClient connectedAnn(MqttVersion version, String id) {
        WireClient c = broker.send(version, ann(id).cleanStart());
        c.expect(connack());
        return c;
    }

    // ---- yes and no

    @EachVersion
    void letsUsersInWithTheirPassword(MqttVersion version) {
        broker.send(version, ann("c1")).expect(connack());
        broker.send(version, connect("c2").userName("bob").password("")).expect(connack());
    }

    @EachVersion // 0x86, in 3.x return code 4
    @Statement({"5.0:MQTT-3.1.4-2", "5.0:MQTT-4.12.0-4", "3.1.1:MQTT-3.2.2-5"})
    void refusesEverybodyElse(MqttVersion version) {
        for (ConnectPacket wrong : List.of(
                connect("c"),
                connect("c").userName("ann"),
                connect("c").userName("ann").password(""),
                connect("c").userName("ann").password("a secret "),
                connect("c").userName("Ann").password("a secret"),
                connect("c").userName("carl").password("carl"),
                connect("c").userName("").password(""))) {
            broker.send(version, wrong).expectRefusal(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
        }
        assertThat(broker.sessions()).isZero();
    }

    @EachVersion
    void tellsTheReasonThatTheAuthenticatorGives(MqttVersion version) {
        WireClient c = broker.send(version, connect("banned").cleanStart());
        var refused = c.expect(connack(ReasonCode.BANNED)); // return code 5
        assertThat(refused.properties().string(Property.REASON_STRING))
                .isEqualTo(version == MqttVersion.V5 ? "not you again" : null);
        c.expectClosed();
    }

    @Test
    @Statement("5.0:MQTT-3.2.2-8")
    void closesWithoutConnackForAReasonThatIsNotForConnack() {
        broker.send(MqttVersion.V5, connect("unfit")).expectClosed();
    }

    @ParameterizedTest
    @ValueSource(strings = {"throws", "asserts", "fails", "null", "no stage"})
    void refusesWhenTheAuthenticatorFails(String failure) {
        for (MqttVersion version : MqttVersion.values()) {
            broker.send(version, connect(failure).cleanStart()).expectRefusal(ReasonCode.UNSPECIFIED_ERROR);
        }
        connectedAnn(MqttVersion.V5, "another");
    }

    @Test
    void tellsTheAuthenticatorWhatTheClientSent() {
        WireClient c = broker.send(MqttVersion.V5, ann("id").cleanStart().with(Property.TOPIC_ALIAS_MAXIMUM, 3));
        c.expect(connack());
        ConnectRequest request = last.get();
        assertThat(request.clientId()).isEqualTo("id");
        assertThat(request.version()).isEqualTo(MqttVersion.V5);
        assertThat(request.cleanStart()).isTrue();
        assertThat(request.userName()).isEqualTo("ann");
        assertThat(request.password()).isEqualTo("a secret".getBytes(StandardCharsets.UTF_8));
        assertThat(request.properties().integer(Property.TOPIC_ALIAS_MAXIMUM, 0))
                .isEqualTo(3);
        assertThat(request.remoteAddress().toString()).contains("127.0.0.1:");
        assertThat(request.listener()).isEqualTo("tcp");

        broker.send(MqttVersion.V3_1_1, connect("").cleanStart()).expectRefusal(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
        assertThat(last.get().clientId()).isNotEmpty();
        assertThat(last.get().userName()).isNull();
        assertThat(last.get().password()).isNull();
    }

    @Test
    void aRefusalNeedsAnError() {
        assertThatThrownBy(() -> AuthResult.refuse(ReasonCode.SUCCESS)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void blockingChecksRunOnTheirExecutor() {
        String thread = "check-thread";
        Executor executor = task -> new Thread(task, thread).start();
        Authenticator blocking = Authenticator.blocking(
                executor,
                request -> Thread.currentThread().getName().equals(thread)
                        ? AuthResult.accept(new Identity("x"))
                        : AuthResult.refuse(ReasonCode.NOT_AUTHORIZED));
        try (TestBroker other = TestBroker.start(builder -> builder.authenticator(blocking))) {
            other.client("c").ping();
        }
        Executor full = task -> {
            throw new RejectedExecutionException("full");
        };
        Authenticator rejected = Authenticator.blocking(full, request -> AuthResult.accept(Identity.ANONYMOUS));
        try (TestBroker other = TestBroker.start(builder -> builder.authenticator(rejected))) {
            other.send(MqttVersion.V5, connect("c")).expectRefusal(ReasonCode.UNSPECIFIED_ERROR);
        }
    }

    // ---- takes its time

    @EachVersion
    void keepsOnlyItsOwnConnectionWaiting(MqttVersion version) {
        for (int home = 0; home <= 1; home++) {
            for (int i = 0; i < 4; i++) { // on both loops, whichever accepted them
                String id = broker.idOn(home, "slow" + home + i);
                WireClient slow = broker.send(version, ann(id).cleanStart());
                slow.send(subscribe(1, "t/" + id, 1), publish("t/" + id, "1"), publish("t/" + id, "2"), pingreq());
                TestBroker.eventually("it is asked", () -> pending.containsKey(id));
                connectedAnn(version, "quick").subscribed("x", 1).leave();
                broker.settle();
                slow.expectNothingYet();

                CompletableFuture.runAsync(() -> pending.get(id).complete(AuthResult.accept(new Identity("ann"))))
                        .join();
                slow.expect(connack());
                slow.expect(suback(1, ReasonCode.GRANTED_QOS_1));
                slow.expectPublish("t/" + id, "1", 0);
                slow.expectPublish("t/" + id, "2", 0);
                slow.expect(pingresp());
            }
        }
    }

    @EachVersion
    void processesNothingOfAClientThatIsRefusedLate(MqttVersion version) {
        WireClient witness = connectedAnn(version, "witness").subscribed("#", 0);
        WireClient slow = broker.send(version, connect("slow"));
        slow.send(publish("t", "no"), pingreq());
        TestBroker.eventually("it is asked", () -> pending.containsKey("slow"));
        pending.get("slow").complete(AuthResult.refuse(ReasonCode.NOT_AUTHORIZED));
        slow.expectRefusal(ReasonCode.NOT_AUTHORIZED);
        witness.expectNothing();
    }

    @Test
    void mayAnswerForAClientThatIsGone() {
        WireClient slow = broker.send(MqttVersion.V5, connect("slow").sessionExpiry(100));
        TestBroker.eventually("it is asked", () -> pending.containsKey("slow"));
        slow.close();
        pending.get("slow").complete(AuthResult.accept(new Identity("ann")));
        TestBroker.eventually("it is closed", () -> broker.openConnections() == 0);
        connectedAnn(MqttVersion.V5, "another");
    }

    @Test
    void mayStillBeAskedWhenTheBrokerCloses() {
        WireClient slow = broker.send(MqttVersion.V5, connect("slow"));
        TestBroker.eventually("it is asked", () -> pending.containsKey("slow"));
        broker.broker().close();
        slow.expectClosed();
        pending.get("slow").complete(AuthResult.accept(Identity.ANONYMOUS));
    }

    // ---- before anything else

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.4-3", "5.0:MQTT-3.1.4-4"})
    void comesBeforeTakeoverAndCleanStart(MqttVersion version) {
        WireClient old = broker.send(version, ann("id").sessionExpiry(100));
        old.expect(connack());
        old.subscribed("t", 1);
        broker.send(version, connect("id").cleanStart()).expectRefusal(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
        old.send(publish("t", "still here"));
        old.expectPublish("t", "still here", 0);
    }

    @EachVersion
    void twoAnswersInTheOtherOrderAreTwoTakeovers(MqttVersion version) {
        CompletableFuture<AuthResult> first = new CompletableFuture<>();
        pending.put("slow", first);
        WireClient one = broker.send(version, connect("slow").sessionExpiry(100));
        TestBroker.eventually("it is asked", () -> first.getNumberOfDependents() > 0);
        CompletableFuture<AuthResult> second = new CompletableFuture<>();
        pending.put("slow", second);
        WireClient two = broker.send(version, connect("slow").sessionExpiry(100));
        TestBroker.eventually("it is asked", () -> second.getNumberOfDependents() > 0);

        second.complete(AuthResult.accept(new Identity("x")));
        two.expect(connack());
        first.complete(AuthResult.accept(new Identity("x")));
        one.expect(connack().sessionPresent());
        two.expectDisconnect(ReasonCode.SESSION_TAKEN_OVER);
        one.ping();
    }
}
