package dev.dunlin.server.hocon;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.codec.Property.RECEIVE_MAXIMUM;
import static dev.dunlin.server.hocon.HoconBrokers.open;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.WireClient;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Bounds of a broker that runs, as a file has them that has changed since. */
@Timeout(60)
final class HoconLimitsTest {
    @TempDir
    private Path folder;

    private HoconBrokers brokers;
    private HoconBroker configured;
    private Broker broker;

    @BeforeEach
    void prepare() {
        brokers = new HoconBrokers(folder);
    }

    @AfterEach
    void closeBrokers() {
        brokers.close();
    }

    private void start(String... lines) throws Exception {
        configured = brokers.configured(lines);
        broker = brokers.start(configured);
    }

    /** What has changed now that the file says this. */
    private List<String> taken(String... lines) {
        brokers.file("dunlin.conf", lines);
        return configured.takeLimits(configured.file().again(), broker);
    }

    private List<String> needRestart() {
        return brokers.withoutFolder(configured.take(configured.file().again()));
    }

    private int receiveMaximum(String listener) {
        try (WireClient client = open(broker, listener)) {
            return (int) client.send(connect("c").cleanStart())
                    .expect(connack())
                    .properties()
                    .integer(RECEIVE_MAXIMUM, 65_535);
        }
    }

    static List<String> bounds() {
        return Bounds.all().stream()
                .filter(bound -> bound.getType() == int.class || bound.getType() == long.class)
                .map(RecordComponent::getName)
                .toList();
    }

    @ParameterizedTest
    @MethodSource("bounds")
    void everyBoundIsTaken(String bound) throws Exception {
        start("limits {}");
        String key = Given.keyOfLimit(bound);
        assertThat(taken(key + " = 1024")).containsExactly(key);
        Map<String, Object> value =
                Map.of(bound, type(bound) == int.class ? (Object) 1024 : (Object) 1024L); // by its type
        assertThat(broker.limits()).isEqualTo(Bounds.with(HoconBrokers.SERVER, value));
        assertThat(needRestart()).isEmpty();
        assertThat(taken("limits {}")).containsExactly(key);
        assertThat(broker.limits()).isEqualTo(HoconBrokers.SERVER);
        assertThat(taken("limits {}")).isEmpty();
    }

    private static Class<?> type(String bound) {
        return Bounds.all().stream()
                .filter(each -> each.getName().equals(bound))
                .findAny()
                .orElseThrow()
                .getType();
    }

    @Test
    void aListenerWithBoundsOfItsOwnHasOthers() throws Exception {
        String first = "{ name = a }, ";
        start("limits.receive-maximum = 100", "listeners = [" + first + "{ name = b, limits.receive-maximum = 100 }]");
        WireClient there = open(broker, "b").login("there");
        assertThat(taken(
                        "limits.receive-maximum = 50",
                        "listeners = [" + first + "{ name = b, limits.receive-maximum = 100 }]"))
                .containsExactly("limits.receive-maximum");
        assertThat(receiveMaximum("a")).isEqualTo(50);
        assertThat(receiveMaximum("b")).as("what it says itself").isEqualTo(100);
        assertThat(taken("listeners = [" + first + "{ name = b, limits.receive-maximum = 7 }]"))
                .containsExactly("limits.receive-maximum", "listeners[1].limits.receive-maximum");
        assertThat(receiveMaximum("b")).isEqualTo(7);
        assertThat(needRestart()).isEmpty();
        assertThat(taken("listeners = [" + first + "{ name = b }]"))
                .containsExactly("listeners[1].limits.receive-maximum");
        assertThat(receiveMaximum("b")).isEqualTo(Limits.STANDALONE.receiveMaximum());
        there.ping();
    }

    @Test
    void aListenerWithoutBoundsOfItsOwnNeedsARestartForThem() throws Exception {
        start("listeners = [{}]");
        assertThat(taken("listeners = [{ limits.receive-maximum = 7 }]")).isEmpty();
        assertThat(needRestart())
                .containsExactly(
                        "listeners[0].limits.receive-maximum has changed (dunlin.conf:1): that needs a restart");
        assertThat(receiveMaximum("tcp")).isEqualTo(Limits.STANDALONE.receiveMaximum());
    }

    @Test
    void theBoundsOfTheBrokerAreTakenThoughThereAreOtherListeners() throws Exception {
        start("listeners = [{ limits.receive-maximum = 7 }]");
        assertThat(taken("limits.topic-alias-max = 3", "listeners = [{ limits.receive-maximum = 8 }, { port = 1 }]"))
                .containsExactly("limits.topic-alias-max");
        assertThat(broker.limits("tcp")).isEqualTo(broker.limits().withReceiveMaximum(7));
        assertThat(needRestart()).containsExactly("listeners has 2 in it now, not 1: that needs a restart");
        assertThat(taken("listeners = [{ limits.receive-maximum = 8 }]"))
                .containsExactly("limits.topic-alias-max", "listeners[0].limits.receive-maximum");
        assertThat(receiveMaximum("tcp")).isEqualTo(8);
    }

    @Test
    void whatCountsBeforeTheFileStaysInForce() throws Exception {
        Path file = brokers.file("dunlin.conf", "limits.sessions-max = 5");
        Given given = new Given(
                Map.of("DUNLIN_CONFIG_LISTENER_DEFAULTS__PORT", "0", "DUNLIN_CONFIG_LIMITS__RECEIVE_MAXIMUM", "9"),
                List.of(new Given.Option("--limit", "limits.sessions-max", 3)),
                List.of());
        configured = HoconBrokers.configured(HoconFile.read(file, given));
        broker = brokers.start(configured);
        assertThat(taken("limits { sessions-max = 7, receive-maximum = 8, topic-alias-max = 6 }"))
                .containsExactly("limits.topic-alias-max");
        assertThat(broker.limits())
                .isEqualTo(HoconBrokers.SERVER
                        .withSessionsMax(3)
                        .withReceiveMaximum(9)
                        .withTopicAliasMax(6));
    }
}
