package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Permissions;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.QoS;
import dev.dunlin.store.tck.Crash;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a client may do is asked anew after a restart: for its wills before it comes back, for what waits when it does. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class PermissionsOverARestartTest {
    private static final long DAY = 86_400;

    private volatile Limits limits = Limits.EMBEDDED;

    /** User name and topic, of what may be neither published nor received. */
    private final Set<String> forbidden = ConcurrentHashMap.newKeySet();

    private final List<ClientInfo> asked = new CopyOnWriteArrayList<>();

    /** By user name: the answers that don't come by themselves. */
    private final Map<String, CompletableFuture<Permissions>> pending = new ConcurrentHashMap<>();

    @AutoClose
    private final StoredBroker stored = StoredBroker.start(
            builder -> builder.limits(limits).authenticator(this::authenticate).authorizer(this::permissions));

    private CompletionStage<AuthResult> authenticate(ConnectRequest request) {
        String name = request.userName() == null ? "" : request.userName();
        return CompletableFuture.completedFuture(AuthResult.accept(new Identity(name, Map.of("role", "of " + name))));
    }

    private CompletionStage<Permissions> permissions(ClientInfo client) {
        asked.add(client);
        String name = client.identity().name();
        CompletableFuture<Permissions> later = pending.get(name);
        return later == null ? CompletableFuture.completedFuture(of(name)) : later;
    }

    private Permissions of(String name) {
        return new Permissions() {
            @Override
            public boolean mayPublish(String topic, QoS qos, boolean retain) {
                return mayReceive(topic);
            }

            @Override
            public boolean mayReceive(String topic) {
                return !forbidden.contains(name + " " + topic);
            }
        };
    }

    private static ConnectPacket by(String user) {
        return connect("of " + user)
                .userName(user)
                .sessionExpiry(DAY)
                .will(publish("will", "of " + user).qos(1));
    }

    private WireClient connected(MqttVersion version, ConnectPacket connect) {
        WireClient c = stored.broker().send(version, connect);
        c.expect(connack());
        return c;
    }

    private void expectWills(String... payloads) {
        WireClient watcher = stored.back("watcher");
        assertThat(StoredBroker.takeAll(watcher, payloads.length)).containsExactlyInAnyOrder(payloads);
        watcher.leave();
        stored.sync();
    }

    @EachVersion
    void aWillOfBeforeACrashIsCheckedByWhatItsClientMayDoNow(MqttVersion version) {
        stored.away("watcher", "will", 2);
        connected(version, by("ann"));
        connected(version, by("bob"));
        forbidden.add("bob will");
        asked.clear();
        stored.crash(Crash.POWER);
        expectWills("of ann");
        assertThat(stored.broker().dropped(DropReason.REFUSED)).isEqualTo(1);
        ClientInfo ann = asked.stream()
                .filter(each -> each.clientId().equals("of ann"))
                .findFirst()
                .orElseThrow();
        assertThat(ann.identity()).isEqualTo(new Identity("ann", Map.of("role", "of ann")));
        assertThat(ann.version()).isEqualTo(version);
        assertThat(ann.listener()).isEqualTo("tcp");
        assertThat(ann.remoteAddress()).hasToString("unknown");
    }

    @Test
    void isNotPublishedIfTheAuthorizerFailsOrSaysNothingInTime() {
        stored.away("watcher", "will", 2);
        for (String user : new String[] {"ann", "silent", "failing"}) {
            connected(MqttVersion.V5, by(user)).subscribed("t", 1);
        }
        pending.put("silent", new CompletableFuture<>());
        pending.put("failing", CompletableFuture.failedFuture(new IllegalStateException("on purpose")));
        limits = Limits.EMBEDDED.withConnectTimeoutMs(1_000);
        stored.crash(Crash.PROCESS);
        TestBroker.eventually("both are refused", () -> stored.broker().dropped(DropReason.REFUSED) == 2);
        pending.get("silent").complete(Permissions.ALL); // too late
        expectWills("of ann");
        stored.broker().client("publisher").published("t", "while away", 1);
        pending.clear();
        for (String user : new String[] {"ann", "silent", "failing"}) { // what waits is asked about when they come
            WireClient back = stored.broker().send(MqttVersion.V5, by(user));
            back.expect(connack().sessionPresent());
            back.take("t", "while away", 1);
        }
    }

    @EachVersion
    void itsClientComesBackOnlyBehindIt(MqttVersion version) {
        stored.away("watcher", "will", 2);
        CompletableFuture<Permissions> answer = new CompletableFuture<>();
        connected(version, by("ann"));
        pending.put("ann", answer);
        stored.crash(Crash.PROCESS);
        pending.remove("ann"); // its CONNECT needn't wait for this
        WireClient back = stored.broker().send(version, by("ann"));
        back.expectNothingYet();
        answer.complete(Permissions.ALL);
        back.expect(connack().sessionPresent());
        expectWills("of ann");
    }

    @EachVersion
    void whatAGroupHasSetAsideIsThereAfterACrash(MqttVersion version) {
        ConnectPacket alice = connect("alice").userName("ann").sessionExpiry(DAY);
        ConnectPacket bob = connect("bob").userName("bob").sessionExpiry(DAY);
        forbidden.add("bob a");
        connected(version, alice).subscribed("$share/g/#", 2).leave();
        WireClient member = connected(version, bob).subscribed("$share/g/#", 2);
        WireClient publisher = stored.broker().client("publisher");
        for (int qos = 1; qos <= 2; qos++) {
            publisher.published("a", "a" + qos, qos).published("b", "b" + qos, qos);
            member.take("b", "b" + qos, qos);
        }
        stored.sync();
        stored.crash(Crash.POWER);
        WireClient again = stored.broker().send(version, bob);
        again.expect(connack().sessionPresent());
        stored.broker().client("publisher").published("b", "b3", 1);
        again.take("b", "b3", 1);
        WireClient back = stored.broker().send(version, alice);
        back.expect(connack().sessionPresent());
        assertThat(StoredBroker.takeAll(back, 2)).containsExactly("again: a1", "a2");
        back.leave();
        again.leave();
        stored.restart();
        WireClient last = stored.broker().send(version, alice);
        last.expect(connack().sessionPresent());
        last.expectNothing(); // it is gone from the store
    }

    @Test
    void whatAGroupHasSetAsideKeepsItsOrderAlsoWhereItIsInTheStoreAlone() {
        limits = Limits.EMBEDDED.withQueueMemoryBytesMax(2_000);
        stored.restart();
        ConnectPacket alice = connect("alice").userName("ann").sessionExpiry(DAY);
        forbidden.add("bob a");
        connected(MqttVersion.V5, alice).subscribed("$share/g/#", 1).leave();
        WireClient member =
                connected(MqttVersion.V5, connect("bob").userName("bob")).subscribed("$share/g/#", 1);
        WireClient publisher = stored.broker().client("publisher");
        for (int i = 0; i < 100; i++) {
            publisher.published("a", "a" + i, 1);
        }
        publisher.published("b", "b", 1);
        member.take("b", "b", 1);
        WireClient back = stored.broker().send(MqttVersion.V5, alice);
        back.expect(connack().sessionPresent());
        publisher.published("a", "a100", 1);
        for (int i = 0; i <= 100; i++) {
            back.take("a", "a" + i, 1);
        }
        back.expectNothing();
    }

    @EachVersion
    void whatIsStoredIsNotSentOnceItIsForbidden(MqttVersion version) {
        ConnectPacket reader = connect("reader").userName("ann").sessionExpiry(DAY);
        connected(version, reader).subscribed("#", 2).leave();
        WireClient publisher = stored.broker().client("publisher");
        for (int qos = 1; qos <= 2; qos++) {
            publisher.published("t", "p" + qos, qos).published("u", "p" + qos, qos);
        }
        stored.crash(Crash.POWER);
        forbidden.add("ann t");
        WireClient back = stored.broker().send(version, reader);
        back.expect(connack().sessionPresent());
        assertThat(StoredBroker.takeAll(back, 2)).containsExactly("p1", "p2");
        back.expectNothing();
        assertThat(stored.broker().dropped(DropReason.NOT_AUTHORIZED)).isEqualTo(2);
        back.leave();
        forbidden.clear();
        stored.restart();
        WireClient again = stored.broker().send(version, reader);
        again.expect(connack().sessionPresent());
        again.expectNothing(); // it is gone from the store
    }
}
