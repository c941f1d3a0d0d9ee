package dev.dunlin.auth;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerStartException;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The attack list of access rules: each attack is tried at a broker with users and an access file, by real connections. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class AccessAttackTest {
    private static final long DAY = 86_400;
    private static final String[] RULES = {
        "user admin",
        "topic #",
        "topic $SYS/#",
        "user eve",
        "topic public/#",
        "topic deny public/vault",
        "user ann",
        "topic secret/#",
        "topic public/#",
        "pattern read device/%c/#",
        "pattern write device/%c/data",
        "pattern home/%u/#"
    };

    @TempDir
    private Path temp;

    private AclFile rules;
    private Broker broker;
    private WireClient admin;

    @BeforeEach
    void start() throws IOException, BrokerStartException {
        rules = AclFile.at(write(RULES));
        broker = Broker.builder()
                .tcp(0)
                .security(
                        Authenticator.users(Map.of(
                                "admin", "1", "ann", "2", "eve", "3", "+", "4", "#", "5", "ann/x", "6", "$SYS", "7")),
                        rules)
                .start();
        admin = in(MqttVersion.V5, connect("admin").userName("admin").password("1"));
    }

    @AfterEach
    void stop() {
        broker.close();
        rules.close();
    }

    private Path write(String... lines) throws IOException {
        return Files.write(temp.resolve("access"), List.of(lines));
    }

    private WireClient send(MqttVersion version, ConnectPacket connect) {
        return WireClient.connect(broker.port("tcp"), version).send(connect);
    }

    private WireClient in(MqttVersion version, ConnectPacket connect) {
        WireClient client = send(version, connect);
        client.expect(connack());
        return client;
    }

    private static ConnectPacket eve(String clientId) {
        return connect(clientId).cleanStart().userName("eve").password("3");
    }

    private static ConnectPacket ann(String clientId) {
        return connect(clientId).userName("ann").password("2");
    }

    /** What a refused PUBLISH of QoS 1 gets. */
    private static ReasonCode no(MqttVersion version) {
        return version == MqttVersion.V5 ? ReasonCode.NOT_AUTHORIZED : ReasonCode.SUCCESS;
    }

    // ---- pattern injection

    @ParameterizedTest
    @ValueSource(strings = {"+", "#", "+/+", "victim/#", "a/../victim", "victim/", "/victim", "$SYS", "%u", "%c"})
    void aClientIdIsNoFilter(String clientId) {
        WireClient eve = in(MqttVersion.V5, eve(clientId)).subscribed("#", 1).subscribed("$SYS/#", 1);
        admin.published("device/victim/data", "p", 1).published("device/victim/x/data", "p", 1);
        eve.send(publish("device/victim/data", "forged").qos(1, 1));
        eve.expect(puback(1).reason(ReasonCode.NOT_AUTHORIZED));
        eve.expectNothing();
    }

    @ParameterizedTest
    @CsvSource({"+, 4", "#, 5", "ann/x, 6", "$SYS, 7"})
    void aUserNameIsNoFilter(String user, String password) {
        WireClient eve = in(
                        MqttVersion.V5, connect("c").cleanStart().userName(user).password(password))
                .subscribed("#", 1);
        admin.published("home/ann/door", "p", 1).published("home/ann/x/door", "p", 1);
        eve.send(
                publish("home/ann/door", "forged").qos(1, 1),
                publish("home/ann/x/door", "forged").qos(1, 2));
        eve.expect(puback(1).reason(ReasonCode.NOT_AUTHORIZED));
        eve.expect(puback(2).reason(ReasonCode.NOT_AUTHORIZED));
        eve.expectNothing();
    }

    @EachVersion
    void aPatternOpensItsOwnPlaceAndNoOther(MqttVersion version) {
        WireClient ann = in(version, ann("d1").cleanStart()).subscribed("device/#", 1);
        admin.published("device/d2/data", "p", 1).published("device/d1/data", "p", 1);
        ann.take("device/d1/data", "p", 1);
        ann.send(
                publish("device/d2/data", "forged").qos(1, 1),
                publish("device/d1/other", "forged").qos(1, 2));
        ann.expect(puback(1).reason(no(version)));
        ann.expect(puback(2).reason(no(version)));
        ann.send(publish("device/d1/data", "mine"));
        ann.take("device/d1/data", "mine", 0);
        ann.expectNothing();
    }

    // ---- wildcards over what is forbidden

    @EachVersion
    void aWildcardIsGrantedAndNothingForbiddenArrives(MqttVersion version) {
        admin.published(publish("secret/1", "retained").retain(), 1)
                .published(publish("public/vault", "retained").retain(), 1);
        WireClient eve = in(version, eve("eve"));
        eve.send(subscribe(1, "#", 2).and("+/+", 2).and("secret/1", 2).and("public/vault", 2));
        eve.expect(suback(
                1,
                ReasonCode.GRANTED_QOS_2,
                ReasonCode.GRANTED_QOS_2,
                ReasonCode.GRANTED_QOS_2,
                ReasonCode.GRANTED_QOS_2));
        for (int qos = 0; qos <= 2; qos++) {
            admin.published("secret/1", "p", qos).published("public/vault", "p", qos);
        }
        eve.expectNothing();
    }

    // ---- wills

    @EachVersion
    void aWillToAForbiddenTopicIsNotPublished(MqttVersion version) {
        WireClient ann = in(MqttVersion.V5, ann("ann").cleanStart()).subscribed("#", 1);
        WireClient eve =
                in(version, eve("eve").will(publish("secret/1", "forged").qos(1).retain()));
        eve.drop();
        await().until(() -> broker.dropped(DropReason.REFUSED) == 1);
        ann.expectNothing();
        in(MqttVersion.V5, ann("late").cleanStart()).subscribed("secret/1", 1).expectNothing();
    }

    // ---- shared subscriptions

    @EachVersion
    void aSharedSubscriptionTakesNothingAwayFromThoseWhoMayHaveIt(MqttVersion version) {
        WireClient ann = in(version, ann("ann").cleanStart()).subscribed("$share/g/secret/#", 1);
        WireClient eve =
                in(version, eve("eve")).subscribed("$share/g/secret/#", 1).subscribed("$share/h/secret/#", 1);
        for (int i = 0; i < 10; i++) {
            admin.published("secret/1", "p" + i, 1);
            ann.take("secret/1", "p" + i, 1);
        }
        eve.expectNothing();
    }

    // ---- takeover

    @EachVersion
    void nobodyTakesOverWithoutAPassword(MqttVersion version) {
        WireClient ann = in(version, ann("ann").sessionExpiry(DAY)).subscribed("secret/1", 1);
        send(version, connect("ann").cleanStart()).expectRefusal(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
        send(version, connect("ann").cleanStart().userName("ann").password("3"))
                .expectRefusal(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
        admin.published("secret/1", "p", 1);
        ann.take("secret/1", "p", 1);
    }

    @EachVersion
    void whoTakesASessionOverGetsNothingThatIsForbiddenToHim(MqttVersion version) {
        in(version, ann("ann").sessionExpiry(DAY)).subscribed("secret/1", 1).leave();
        admin.published("secret/1", "queued", 1);
        WireClient eve =
                send(version, connect("ann").sessionExpiry(DAY).userName("eve").password("3"));
        eve.expect(connack().sessionPresent());
        admin.published("secret/1", "live", 1);
        eve.expectNothing();
    }

    // ---- $SYS and $share

    @EachVersion
    void aWildcardInARuleDoesNotOpenWhatIsTheServersOwn(MqttVersion version) {
        WireClient eve = in(version, eve("eve")).subscribed("$SYS/#", 0).subscribed("$other/#", 0);
        WireClient all = in(
                        version, connect("a2").cleanStart().userName("admin").password("1"))
                .subscribed("$other/#", 1)
                .subscribed("$SYS/#", 1);
        all.send(
                publish("$SYS/broker/x", "forged").qos(1, 1),
                publish("$other/x", "forged").qos(1, 2));
        all.expect(puback(1).reason(no(version))); // nobody may, whatever the rules say
        all.expect(puback(2).reason(no(version))); // "topic #" is not about topics that begin with $
        all.expectNothing();
        eve.expectNothing();
    }

    @EachVersion
    void aTopicThatLooksLikeAShareIsATopicLikeAnyOther(MqttVersion version) {
        WireClient eve = in(version, eve("eve"));
        eve.send(publish("$share/g/public/x", "p").qos(1, 1));
        eve.expect(puback(1).reason(no(version)));
    }

    // ---- reload

    @EachVersion
    void whatIsTakenAwayWhileClientsAreConnectedStops(MqttVersion version) throws IOException {
        WireClient ann = in(version, ann("ann").cleanStart()).subscribed("secret/#", 1);
        WireClient member = in(version, ann("member").cleanStart()).subscribed("$share/g/secret/#", 1);
        in(version, ann("away").sessionExpiry(DAY)).subscribed("secret/#", 1).leave();
        admin.published(publish("secret/1", "before").retain(), 1);
        ann.take("secret/1", "before", 1);
        member.take("secret/1", "before", 1);

        write("user admin", "topic #", "user ann", "topic public/#");
        rules.reload();
        admin.published("secret/1", "after", 1);
        ann.expectNothing();
        member.expectNothing();
        WireClient back = send(version, ann("away").sessionExpiry(DAY));
        back.expect(connack().sessionPresent());
        back.expectNothing(); // of what was queued
        ann.subscribed("secret/+", 1).expectNothing(); // of what is retained
        ann.send(publish("secret/1", "forged").qos(1, 1));
        ann.expect(puback(1).reason(no(version)));

        write(RULES);
        rules.reload();
        admin.published("secret/1", "again", 1);
        ann.take("secret/1", "again", 1);
        assertThat(broker.dropped(DropReason.NOT_AUTHORIZED)).isPositive();
    }

    @EachVersion
    void aFileThatDoesNotLoadChangesNothing(MqttVersion version) throws IOException {
        WireClient ann = in(version, ann("ann").cleanStart()).subscribed("secret/#", 1);
        write("user admin", "topic #", "user ann", "topic rread public/#");
        assertThat(catchThrowable(rules::reload))
                .isInstanceOf(AuthFileException.class)
                .hasMessageContaining("line 4");
        admin.published("secret/1", "p", 1);
        ann.take("secret/1", "p", 1);
    }
}
