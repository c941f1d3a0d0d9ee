package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.TestBroker.ManualTime;
import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.Authorizer;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Features;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.Permissions;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients may do: the authorizer is asked once for each connection, and its answer holds for each message. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class PermissionsTest {
    private static final long DAY = 86_400;

    private final ForbiddenTopics forbidden = new ForbiddenTopics();
    private final ManualTime time = new ManualTime();
    private final CompletableFuture<Permissions> later = new CompletableFuture<>();

    @AutoClose
    private final TestBroker broker = TestBroker.start(
            builder -> builder.time(time).loops(3).authenticator(this::byName).authorizer(this::permissions));

    private final WireClient publisher = broker.client("publisher");

    private CompletionStage<AuthResult> byName(ConnectRequest request) {
        String name = request.userName();
        return CompletableFuture.completedFuture(AuthResult.accept(
                name == null ? Identity.ANONYMOUS : new Identity(name, Map.of("role", "of " + name))));
    }

    private CompletionStage<Permissions> permissions(ClientInfo client) {
        return switch (client.clientId()) {
            case "later" -> later;
            case "throws" -> throw new IllegalStateException("on purpose");
            case "fails" -> CompletableFuture.failedFuture(new IllegalStateException("on purpose"));
            case "null" -> CompletableFuture.completedFuture(null);
            case "banned" -> CompletableFuture.failedFuture(new RejectedException(ReasonCode.BANNED));
            case "no error" -> CompletableFuture.failedFuture(new RejectedException(ReasonCode.SUCCESS));
            case "banned later" ->
                CompletableFuture.supplyAsync(() -> {
                    throw new RejectedException(ReasonCode.BANNED);
                });
            case "faulty" -> CompletableFuture.completedFuture(new Faulty());
            default -> forbidden.permissions(client);
        };
    }

    private static final class Faulty implements Permissions {
        @Override
        public boolean mayPublish(String topic, QoS qos, boolean retain) {
            throw new StackOverflowError("on purpose"); // of a regular expression, say
        }

        @Override
        public boolean mayReceive(String topic) {
            if (topic.startsWith("e")) {
                throw new NoClassDefFoundError("on purpose");
            }
            throw new IllegalStateException("on purpose");
        }

        @Override
        public boolean maySubscribe(String filter) {
            if (filter.equals("asserts")) {
                throw new AssertionError("on purpose");
            }
            return true;
        }
    }

    private WireClient persistent(MqttVersion version, String id, boolean present) {
        WireClient c = broker.send(version, connect(id).sessionExpiry(DAY));
        c.expect(present ? connack().sessionPresent() : connack());
        return c;
    }

    private long unauthorized() {
        broker.settle();
        return broker.broker().dropped(DropReason.NOT_AUTHORIZED);
    }

    // ---- the question

    @EachVersion
    void asksOnceForEachConnectionAndSaysWhoItIs(MqttVersion version) {
        WireClient c = broker.send(version, connect("c").cleanStart().userName("ann"));
        c.expect(connack());
        c.subscribed("t", 1).published("u", "p", 1);
        ClientInfo asked = forbidden.asked().get(forbidden.asked().size() - 1);
        assertThat(forbidden.asked())
                .filteredOn(each -> each.clientId().equals("c"))
                .hasSize(1);
        assertThat(asked.identity()).isEqualTo(new Identity("ann", Map.of("role", "of ann")));
        assertThat(asked.version()).isEqualTo(version);
        assertThat(asked.listener()).isEqualTo("tcp");
    }

    @Test
    void anAnswerMayTakeItsTimeAndNobodyElseWaits() {
        WireClient slow = broker.open(MqttVersion.V5);
        slow.send(connect("later").cleanStart(), subscribe(1, "t", 0));
        for (int i = 0; i < 6; i++) { // on every loop
            broker.client("other" + i).ping().leave();
        }
        slow.expectNothingYet();
        later.complete(Permissions.ALL);
        slow.expect(connack());
        slow.expect(suback(1, ReasonCode.SUCCESS));
    }

    @Test
    void comesBeforeATakeoverAndACleanStart() {
        try (TestBroker own = TestBroker.start(builder -> builder.authenticator(this::byName)
                .authorizer(client -> client.identity().name().equals("ann")
                        ? CompletableFuture.completedFuture(Permissions.ALL)
                        : CompletableFuture.failedFuture(new RejectedException(ReasonCode.NOT_AUTHORIZED))))) {
            WireClient ann =
                    own.send(MqttVersion.V5, connect("same").userName("ann").sessionExpiry(DAY));
            ann.expect(connack());
            ann.subscribed("t", 1);
            own.send(MqttVersion.V5, connect("same").userName("bob").cleanStart())
                    .expectRefusal(ReasonCode.NOT_AUTHORIZED);
            own.broker()
                    .local()
                    .publish(Message.of("t", "p"))
                    .toCompletableFuture()
                    .join();
            ann.take("t", "p", 0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"throws", "fails", "null", "no error"})
    void refusesWhenItFails(String id) {
        broker.send(MqttVersion.V5, connect(id)).expectRefusal(ReasonCode.UNSPECIFIED_ERROR);
        assertThat(broker.hasSession(id)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"banned", "banned later"})
    void refusesWithTheReasonThatItGives(String id) {
        broker.send(MqttVersion.V5, connect(id)).expectRefusal(ReasonCode.BANNED);
        assertThat(broker.hasSession(id)).isFalse();
    }

    @EachVersion
    void whatThrowsIsANo(MqttVersion version) {
        WireClient faulty = broker.client(version, "faulty").subscribed("t", 1);
        WireClient other = broker.client(version, "other").subscribed("t", 1);
        faulty.send(subscribe(9, "asserts", 0));
        faulty.expect(suback(9, version == MqttVersion.V5 ? ReasonCode.NOT_AUTHORIZED : ReasonCode.UNSPECIFIED_ERROR));
        faulty.send(publish("t", "its own")).ping();
        for (int i = 0; i < 2; i++) { // and is not taken for a duplicate
            faulty.send(publish("t", "its own").qos(2, 5));
            faulty.expect(pubrec(5).reason(version == MqttVersion.V5 ? ReasonCode.NOT_AUTHORIZED : ReasonCode.SUCCESS));
        }
        faulty.subscribed("$share/g/e", 1).subscribed("e", 1);
        other.subscribed("$share/g/e", 1);
        for (int i = 0; i < 5; i++) {
            publisher.published("t", "p", 1).published("e", "p", 1);
            other.take("t", "p", 1);
            other.take("e", "p", 1);
        }
        other.expectNothing();
        faulty.expectNothing();
    }

    // ---- publishing

    @EachVersion // 3.x clients can't be told
    @Statement("3.1.1:MQTT-3.3.5-2")
    void refusesPublishesAndGivesThemToNobody(MqttVersion version) {
        WireClient subscriber = broker.client(version, "subscriber").subscribed("#", 2);
        WireClient c = broker.client(version, "c");
        forbidden.publish("c", "t");
        ReasonCode no = version == MqttVersion.V5 ? ReasonCode.NOT_AUTHORIZED : ReasonCode.SUCCESS;
        c.send(publish("t", "p"));
        c.send(publish("t", "p").qos(1, 1));
        assertThat(c.expect(puback(1).reason(no)).properties().string(Property.REASON_STRING))
                .isEqualTo(version == MqttVersion.V5 ? "not authorized to publish to this topic" : null);
        c.send(publish("t", "p").qos(2, 2).retain());
        c.expect(pubrec(2).reason(no));
        if (version != MqttVersion.V5) {
            c.send(pubrel(2));
            c.expect(pubcomp(2));
        }
        subscriber.expectNothing();
        broker.client("late").subscribed("t", 0).expectNothing(); // nothing is retained
        assertThat(broker.dropped(DropReason.REFUSED)).isEqualTo(3);
        c.published("u", "p", 2);
        subscriber.take("u", "p", 2);
    }

    @EachVersion
    void aPermissionThatIsTakenAwayHoldsFromTheNextPublishOn(MqttVersion version) {
        WireClient subscriber = broker.client(version, "subscriber").subscribed("t", 1);
        WireClient c = broker.client(version, "c");
        for (int i = 0; i < 3; i++) {
            c.published("t", "yes", 1);
            subscriber.take("t", "yes", 1);
            forbidden.publish("c", "t");
            c.send(publish("t", "no").qos(1, 7));
            c.expect(puback(7).reason(version == MqttVersion.V5 ? ReasonCode.NOT_AUTHORIZED : ReasonCode.SUCCESS));
            subscriber.expectNothing();
            forbidden.forgive();
        }
    }

    @Test
    void theLocalClientMayDoEverything() {
        WireClient subscriber = broker.client("subscriber").subscribed("t", 1);
        forbidden.publish("(local client)", "t").publish("", "t");
        broker.local().publish(Message.of("t", "p")).toCompletableFuture().join();
        subscriber.take("t", "p", 0);
    }

    // ---- wills

    @EachVersion
    void aWillIsCheckedWhenItIsPublished(MqttVersion version) {
        WireClient witness = broker.client("witness").subscribed("will/#", 1);
        for (String id : new String[] {"allowed", "revoked"}) {
            WireClient c = broker.send(
                    version,
                    connect(id).cleanStart().will(publish("will/" + id, "gone").qos(1)));
            c.expect(connack());
            forbidden.publish("revoked", "will/revoked");
            c.drop();
            TestBroker.eventually("its session has ended", () -> !broker.hasSession(id));
        }
        witness.take("will/allowed", "gone", 1);
        witness.expectNothing();
        assertThat(broker.dropped(DropReason.REFUSED)).isEqualTo(1);
    }

    @Test
    void aWillGoesByTheRightsOfTheClientThatMadeItNotOfTheOneThatTakesOver() {
        try (TestBroker own = TestBroker.start(builder -> builder.authenticator(this::byName)
                .authorizer(client -> CompletableFuture.completedFuture(
                        client.identity().name().equals("ann") ? Permissions.ALL : new Faulty())))) {
            WireClient watcher = own.send(MqttVersion.V5, connect("watcher").userName("ann"));
            watcher.expect(connack());
            watcher.subscribed("will", 1);
            WireClient ann = own.send(
                    MqttVersion.V5,
                    connect("same")
                            .userName("ann")
                            .will(publish("will", "of ann").qos(1)));
            ann.expect(connack());
            WireClient bob = own.send(
                    MqttVersion.V5,
                    connect("same")
                            .userName("bob")
                            .will(publish("will", "of bob").qos(1)));
            bob.expect(connack());
            watcher.take("will", "of ann", 1);
            WireClient again = own.send(MqttVersion.V5, connect("same").userName("ann"));
            again.expect(connack());
            watcher.expectNothing();
        }
    }

    @EachVersion
    void aWillIsCheckedWithItsOwnQosAlsoIfThatIsRaised(MqttVersion version) {
        Permissions atMostOnce = new Permissions() {
            @Override
            public boolean mayPublish(String topic, QoS qos, boolean retain) {
                return qos == QoS.AT_MOST_ONCE;
            }

            @Override
            public boolean mayReceive(String topic) {
                return true;
            }
        };
        try (TestBroker own =
                TestBroker.start(builder -> builder.upgradeQoS(true).authorizer(Authorizer.all(atMostOnce)))) {
            WireClient witness = own.client("witness").subscribed("will", 1);
            WireClient c = own.send(version, connect("c").cleanStart().will(publish("will", "gone")));
            c.expect(connack());
            c.drop();
            witness.take("will", "gone", 1);
        }
    }

    // ---- subscribing

    @EachVersion
    void refusesFiltersOneByOne(MqttVersion version) {
        forbidden.subscribe("c", "a/#").subscribe("c", "shared");
        WireClient c = broker.client(version, "c");
        ReasonCode no = version == MqttVersion.V5 ? ReasonCode.NOT_AUTHORIZED : ReasonCode.UNSPECIFIED_ERROR;
        c.send(subscribe(1, "a/#", 1).and("b", 1).and("$share/g/shared", 1));
        c.expect(suback(1, no, ReasonCode.GRANTED_QOS_1, no));
        publisher.published("a/b", "p", 1).published("shared", "p", 1).published("b", "p", 1);
        c.take("b", "p", 1);
        c.expectNothing();
    }

    // ---- receiving

    @EachVersion
    void aWildcardIsGrantedAndNothingForbiddenArrives(MqttVersion version) {
        forbidden.receive("c", "secret/1").receive("c", "secret/2");
        publisher.published(publish("secret/1", "retained").retain(), 1);
        publisher.published(publish("open", "retained").retain(), 1);
        WireClient c = broker.client(version, "c").subscribed("#", 2);
        c.take(publish("open", "retained").qos(1).retain());
        for (int qos = 0; qos <= 2; qos++) {
            publisher
                    .published("secret/1", "p", qos)
                    .published("secret/2", "p", qos)
                    .published("open", "p", qos);
            c.take("open", "p", qos);
        }
        c.expectNothing();
        assertThat(unauthorized()).isEqualTo(6); // the retained one was not published to it
    }

    @EachVersion
    void aPermissionThatIsTakenAwayStopsWhatIsLiveAndComesBackWithIt(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("t", 1);
        publisher.published("t", "1", 1);
        c.take("t", "1", 1);
        forbidden.receive("c", "t");
        publisher.published("t", "2", 1).published("t", "3", 0);
        c.expectNothing();
        forbidden.forgive();
        publisher.published("t", "4", 1);
        c.take("t", "4", 1);
        assertThat(unauthorized()).isEqualTo(2);
    }

    @EachVersion
    void whatIsQueuedIsNotSentOnceItIsForbidden(MqttVersion version) {
        persistent(version, "c", false).subscribed("#", 2).leave();
        for (int qos = 1; qos <= 2; qos++) {
            publisher.published("t", "p" + qos, qos).published("u", "p" + qos, qos);
        }
        forbidden.receive("c", "t");
        WireClient back = persistent(version, "c", true);
        back.take("u", "p1", 1);
        back.take("u", "p2", 2);
        back.expectNothing();
        assertThat(unauthorized()).isEqualTo(2);
        assertThat(broker.<Integer>ask("c", session -> session.queued())).isZero();
    }

    @EachVersion
    void whatIsForbiddenTakesNoRoomInTheQueue(MqttVersion version) {
        persistent(version, "c", false).subscribed("#", 1).leave();
        forbidden.receive("c", "t");
        publisher.published("t", "p", 1).published("u", "p", 1);
        broker.settle();
        assertThat(broker.<Integer>ask("c", session -> session.queued())).isEqualTo(1);
    }

    @EachVersion
    void whatIsUnderWayIsNotSentAgainOnceItIsForbidden(MqttVersion version) {
        WireClient c = persistent(version, "c", false).subscribed("#", 2);
        publisher.published("t", "p1", 1).published("t", "p2", 2).published("u", "p1", 1);
        for (int i = 0; i < 3; i++) {
            c.receive();
        }
        c.drop();
        forbidden.receive("c", "t");
        WireClient back = persistent(version, "c", true);
        ReceivedPublish again = (ReceivedPublish) back.receive();
        assertThat(again.topic()).isEqualTo("u");
        back.acknowledge(again);
        back.expectNothing();
        assertThat(unauthorized()).isEqualTo(2);
        publisher.published("v", "p", 2); // the window has room again
        back.take("v", "p", 2);
    }

    // ---- shared subscriptions

    @EachVersion
    void aMemberThatMayNotHaveAMessageLeavesItToTheOthers(MqttVersion version) {
        forbidden.receive("spy", "t");
        WireClient spy = broker.client(version, "spy").subscribed("$share/g/#", 2);
        WireClient member = broker.client(version, "member").subscribed("$share/g/#", 2);
        for (int i = 0; i < 6; i++) {
            publisher.published("t", "p" + i, i % 3);
            member.take("t", "p" + i, i % 3);
        }
        spy.expectNothing();
        assertThat(unauthorized()).isZero();
    }

    @EachVersion
    void aGroupWhoseMembersMayNotHaveAMessageDoesNotWaitForIt(MqttVersion version) {
        forbidden.receive("spy", "t");
        WireClient spy = broker.client(version, "spy").subscribed("$share/g/#", 2);
        for (int qos = 0; qos <= 2; qos++) {
            publisher.published("t", "p", qos).published("u", "p", qos);
            spy.take("u", "p", qos);
        }
        spy.expectNothing();
        assertThat(unauthorized()).isEqualTo(3);
    }

    @EachVersion
    void whatOnlyAMemberThatIsAwayMayHaveWaitsForItAndNothingWaitsBehind(MqttVersion version) {
        forbidden.receive("bob", "a").receive("alice", "b");
        persistent(version, "alice", false).subscribed("$share/g/#", 1).leave();
        WireClient bob = broker.client(version, "bob").subscribed("$share/g/#", 1);
        for (int i = 0; i < 4; i++) {
            publisher.published("a", "p" + i, 1).published("b", "p" + i, 1);
            bob.take("b", "p" + i, 1);
        }
        bob.expectNothing();
        WireClient alice = persistent(version, "alice", true);
        for (int i = 0; i < 4; i++) {
            alice.take("a", "p" + i, 1);
        }
        publisher.published("a", "live", 1).published("b", "live", 1);
        alice.take("a", "live", 1);
        bob.take("b", "live", 1);
        assertThat(unauthorized()).isZero();
    }

    @Test
    void whatWaitsForSeveralMembersComesInItsOrder() {
        for (String id : new String[] {"alice", "carol"}) {
            persistent(MqttVersion.V5, id, false).subscribed("$share/g/#", 1).leave();
        }
        forbidden.receive("bob", "a").receive("bob", "c").receive("alice", "c").receive("carol", "a");
        WireClient bob = broker.client("bob").subscribed("$share/g/#", 1);
        for (int i = 0; i < 300; i++) { // more than are handed out in one go
            publisher.published("a", "a" + i, 1).published("c", "c" + i, 1);
        }
        publisher.published("b", "b", 1);
        bob.take("b", "b", 1);
        WireClient carol = persistent(MqttVersion.V5, "carol", true);
        publisher.published("c", "c300", 1).published("b", "b2", 1);
        for (int i = 0; i <= 300; i++) {
            carol.take("c", "c" + i, 1);
        }
        bob.take("b", "b2", 1);
        WireClient alice = persistent(MqttVersion.V5, "alice", true);
        for (int i = 0; i < 300; i++) {
            alice.take("a", "a" + i, 1);
        }
        assertThat(unauthorized()).isZero();
    }

    @EachVersion
    void whatWaitsForAMemberThatLeavesGoesWithTheGroup(MqttVersion version) {
        forbidden.receive("bob", "a");
        persistent(version, "alice", false).subscribed("$share/g/#", 1).leave();
        WireClient bob = broker.client(version, "bob").subscribed("$share/g/#", 1);
        publisher.published("a", "p", 1).published("b", "p", 1);
        bob.take("b", "p", 1);
        bob.leave();
        broker.send(version, connect("alice").cleanStart()).expect(connack());
        TestBroker.eventually("it is dropped", () -> broker.dropped(DropReason.SESSION_ENDED) == 1);
    }

    @EachVersion
    void aMemberThatHasComeBackBehindAMountPointLeavesTheOthersWhatIsOutsideOfIt(MqttVersion version) {
        try (TestBroker own = TestBroker.start(builder -> builder.listen(
                Listener.tcp("127.0.0.1", 0).name("mounted").features(Features.ALL.withMountPoint("b/"))))) {
            WireClient moved = own.send(version, connect("moved").sessionExpiry(DAY));
            moved.expect(connack());
            moved.subscribed("$share/g/jobs", 1).leave();
            WireClient back = WireClient.connect(own.broker().port("mounted"), version)
                    .send(connect("moved").sessionExpiry(DAY));
            back.expect(connack().sessionPresent());
            WireClient other = own.client(version, "other").subscribed("$share/g/jobs", 1);
            WireClient source = own.client("source");
            for (int i = 0; i < 4; i++) {
                source.published("jobs", "p" + i, 1);
                other.take("jobs", "p" + i, 1);
            }
            back.expectNothing();
        }
    }

    @EachVersion
    void whatAGroupHasQueuedGoesToWhoMayHaveItThen(MqttVersion version) {
        WireClient member = broker.send(version, connect("member").sessionExpiry(DAY));
        member.expect(connack());
        member.subscribed("$share/g/#", 1).leave();
        publisher.published("t", "1", 1).published("u", "2", 1).published("t", "3", 1);
        forbidden.receive("member", "t");
        WireClient back = broker.send(version, connect("member").sessionExpiry(DAY));
        back.expect(connack().sessionPresent());
        back.take("u", "2", 1);
        back.expectNothing();
        assertThat(unauthorized()).isEqualTo(2);
    }

    @EachVersion
    void whatAMemberHadUnderWayGoesToAnotherOnceItIsForbidden(MqttVersion version) {
        WireClient first = persistent(version, "first", false).subscribed("$share/g/t", 1);
        publisher.published("t", "p", 1);
        first.receive();
        first.drop();
        TestBroker.eventually("it is gone", () -> broker.openConnections() == 1);
        forbidden.receive("first", "t");
        WireClient other = broker.client(version, "other").subscribed("$share/g/t", 1);
        WireClient back = persistent(version, "first", true);
        other.take(publish("t", "p").qos(1));
        back.expectNothing();
        other.expectNothing();
    }

    // ---- a stay that ends

    @EachVersion
    void whoMayNotStayIsDisconnectedWithinASecond(MqttVersion version) {
        long end = time.wallMs() + 5_000;
        Authenticator until = request -> CompletableFuture.completedFuture(
                AuthResult.accept(new Identity(request.clientId())).withValidity(nowMs -> nowMs < end));
        try (TestBroker own = TestBroker.start(builder -> builder.time(time).authenticator(until))) {
            WireClient witness = own.client("witness");
            own.client(version, "gentle").leave(disconnect()); // its look is over with it
            WireClient c = own.send(version, connect("c").cleanStart().will(publish("w", "gone")));
            c.expect(connack());
            c.ping();
            time.advance(Duration.ofMillis(4_900));
            c.ping();
            witness.ping();
            time.advance(Duration.ofMillis(200));
            c.expectDisconnect(ReasonCode.NOT_AUTHORIZED);
            witness.expectDisconnect(ReasonCode.NOT_AUTHORIZED);
            own.send(version, connect("c")).expectRefusal(ReasonCode.NOT_AUTHORIZED);
        }
    }

    @Test
    void aValidityThatThrowsIsOver() {
        long end = time.wallMs() + 5_000;
        Authenticator faulty = request -> CompletableFuture.completedFuture(
                AuthResult.accept(Identity.ANONYMOUS).withValidity(nowMs -> {
                    if (nowMs >= end) {
                        throw new StackOverflowError("on purpose");
                    }
                    return true;
                }));
        try (TestBroker own = TestBroker.start(builder -> builder.time(time).authenticator(faulty))) {
            WireClient c = own.client("c");
            time.advance(Duration.ofSeconds(6));
            c.expectDisconnect(ReasonCode.NOT_AUTHORIZED);
            own.send(MqttVersion.V5, connect("d")).expectRefusal(ReasonCode.NOT_AUTHORIZED);
            assertThat(own.hasSession("d")).isFalse();
        }
    }

    // ---- listeners of their own

    @Test
    void aListenerMayHaveUsersOfItsOwn() {
        Authorizer none = client -> CompletableFuture.completedFuture(new Faulty());
        Authenticator users = Authenticator.users(Map.of("ann", "a secret"));
        try (TestBroker own = TestBroker.start(builder -> builder.authenticator(users)
                .listen(Listener.tcp("127.0.0.1", 0).name("open").allowAnonymous(none))
                .listen(Listener.tcp("127.0.0.1", 0)
                        .name("bobs")
                        .security(Authenticator.users(Map.of("bob", "another")))))) {
            own.send(MqttVersion.V5, connect("a").userName("bob").password("another"))
                    .expectRefusal(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
            WireClient open = on(own, "open").send(connect("b").cleanStart());
            open.expect(connack());
            open.send(publish("t", "p").qos(1, 1));
            open.expect(puback(1).reason(ReasonCode.NOT_AUTHORIZED));
            WireClient bob = on(own, "bobs").send(connect("c").userName("bob").password("another"));
            bob.expect(connack());
            bob.published("t", "p", 1);
            on(own, "bobs")
                    .send(connect("d").userName("ann").password("a secret"))
                    .expectRefusal(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
        }
    }

    private static WireClient on(TestBroker own, String listener) {
        return WireClient.connect(own.broker().port(listener), MqttVersion.V5);
    }
}
