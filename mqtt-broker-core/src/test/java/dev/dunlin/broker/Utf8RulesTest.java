package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.raw;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static dev.dunlin.codec.ReasonCode.MALFORMED_PACKET;
import static dev.dunlin.codec.ReasonCode.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.testkit.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Strings: well-formed UTF-8 wherever one stands in a packet, without U+0000, passed on as they came. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class Utf8RulesTest {
    /** What UTF-8 rules out: stray and missing bytes, overlong forms, surrogates, beyond U+10FFFF. */
    private static final List<String> ILL_FORMED = List.of(
            "80",
            "C3",
            "C0AF",
            "C1BF",
            "E08080",
            "E282",
            "EDA080",
            "EDBFBF",
            "EDA080EDB080",
            "F08080AF",
            "F09080",
            "F4908080",
            "FF");

    private static final String NULL = "'a' 00 'b'";

    private final AtomicReference<ConnectRequest> asked = new AtomicReference<>();

    @AutoClose
    private final TestBroker broker = TestBroker.start(builder -> builder.authenticator(request -> {
        asked.set(request);
        return CompletableFuture.completedFuture(AuthResult.accept(Identity.ANONYMOUS));
    }));

    private final Violations violations = new Violations(broker);

    /** Some of them. */
    private static final List<String> SOME = List.of("C0AF", "E282", "EDA080", "F4908080");

    /** Each ill-formed sequence in the place of the question mark. */
    private static String[] illFormed(List<String> sequences, String packet) {
        return sequences.stream().map(bytes -> packet.replace("?", bytes)).toArray(String[]::new);
    }

    // ---- in general

    @EachVersion
    @Statement({"3.1.1:MQTT-1.5.3-1", "5.0:MQTT-1.5.4-1"})
    void disconnectsOnIllFormedUtf8WhereverItStandsInAString(MqttVersion version) {
        violations.disconnect(version, MALFORMED_PACKET, illFormed(ILL_FORMED, "30 {[?] P 'p'}"));
        violations.disconnect(
                version, MALFORMED_PACKET, illFormed(ILL_FORMED, "30 {['before/it/' ? '/behind'] P 'p'}"));
        violations.disconnect(version, MALFORMED_PACKET, illFormed(ILL_FORMED, "32 {['t/' ?] 0001 P 'p'}"));
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-1.5.3-2", "5.0:MQTT-1.5.4-2"})
    void endsTheConnectionOnANullCharacterInAnyString(MqttVersion version) {
        violations.disconnect(
                version,
                MALFORMED_PACKET,
                "30 {[00] P 'p'}",
                "30 {[" + NULL + "] P 'p'}",
                "82 {0001 P [" + NULL + "] 00}",
                "A2 {0001 P [" + NULL + "]}");
        violations.refuse(
                version,
                MALFORMED_PACKET,
                "10 {N 02 0000 P [" + NULL + "]}",
                "10 {N 06 0000 P ['c'] P [" + NULL + "] []}",
                "10 {N 82 0000 P ['c'] [" + NULL + "]}");
        if (version == MqttVersion.V5) {
            violations.disconnect(
                    version,
                    MALFORMED_PACKET,
                    "30 {['t'] {03 [" + NULL + "]}}",
                    "30 {['t'] {08 [" + NULL + "]}}",
                    "30 {['t'] {26 [" + NULL + "] []}}",
                    "30 {['t'] {26 [] [" + NULL + "]}}",
                    "E0 {00 {1F [" + NULL + "]}}");
        }
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-4.7.3-2", "5.0:MQTT-4.7.3-2"})
    void endsTheConnectionOnANullCharacterInATopicOrFilter(MqttVersion version) {
        violations.disconnect(
                version,
                MALFORMED_PACKET,
                "30 {[00 't'] P 'p'}",
                "34 {['t' 00] 0001 P 'p'}",
                "82 {0001 P ['t/' 00 '/#'] 00}",
                "A2 {0001 P ['t' 00]}");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-1.5.3-3", "5.0:MQTT-1.5.4-3"})
    void keepsAByteOrderMarkWhereverItStands(MqttVersion version) {
        WireClient plain = broker.client(version, "plain").subscribed("t", 0);
        WireClient marked = broker.client(version, "marked").subscribed("\uFEFFt", 0);
        WireClient c = broker.client(version, "c");
        c.send(raw("30 {[EFBBBF 't'] P EFBBBF 'p'}"));
        marked.expectRaw("30 {[EFBBBF 't'] P EFBBBF 'p'}");
        c.ping();
        plain.expectNothing();
        marked.send(unsubscribe(1, "\uFEFFt"));
        marked.expect(unsuback(1, SUCCESS));
        broker.client(version, "\uFEFFid");
        assertThat(asked.get().clientId()).isEqualTo("\uFEFFid");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-1.5.3-1", "5.0:MQTT-1.5.4-1"})
    void passesOnCharactersOfEveryLength(MqttVersion version) {
        String topic = "a\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\ud800\udc00\udbff\udfff";
        WireClient c = broker.client(version, "c").subscribed(topic, 0);
        c.send(publish(topic, topic));
        c.expectPublish(topic, topic, 0);
    }

    // ---- place by place

    @EachVersion
    @Statement({"3.1.1:MQTT-3.3.2-1", "5.0:MQTT-3.3.2-1"})
    void disconnectsOnPublishWithoutAWellFormedTopicAtItsBeginning(MqttVersion version) {
        violations.disconnect(version, MALFORMED_PACKET, illFormed(SOME, "30 {['a/' ?] P 'p'}"));
        violations.disconnect(version, MALFORMED_PACKET, "30 00", "30 {00}", "30 {0005 't'}", "32 {['t'] 00}");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.3-4", "5.0:MQTT-3.1.3-4"})
    void refusesAClientIdThatIsNotUtf8(MqttVersion version) {
        violations.refuse(version, MALFORMED_PACKET, illFormed(SOME, "10 {N 02 0000 P ['c' ?]}"));
        broker.client(version, "\u00e9\ud83d\ude00");
        assertThat(asked.get().clientId()).isEqualTo("\u00e9\ud83d\ude00");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.3-10", "5.0:MQTT-3.1.3-11"})
    void refusesAWillTopicThatIsNotUtf8(MqttVersion version) {
        violations.refuse(version, MALFORMED_PACKET, illFormed(SOME, "10 {N 06 0000 P ['c'] P ['will/' ?] ['p']}"));
        WireClient witness = broker.client(version, "witness").subscribed("w\u00e9", 0);
        WireClient c = broker.send(version, connect("c").cleanStart().will(publish("w\u00e9", "gone")));
        c.expect(connack());
        c.drop();
        witness.expectRaw("30 {['w' C3A9] P 'gone'}");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.3-11", "5.0:MQTT-3.1.3-12"})
    void refusesAUserNameThatIsNotUtf8(MqttVersion version) {
        violations.refuse(version, MALFORMED_PACKET, illFormed(SOME, "10 {N 82 0000 P ['c'] ['user' ?]}"));
        broker.send(version, connect("c").userName("us\u00e9r")).expect(connack());
        assertThat(asked.get().userName()).isEqualTo("us\u00e9r");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.8.3-1", "5.0:MQTT-3.8.3-1"})
    void disconnectsOnSubscribeWithAFilterThatIsNotUtf8(MqttVersion version) {
        violations.disconnect(version, MALFORMED_PACKET, illFormed(SOME, "82 {0001 P ['good'] 00 [?] 00}"));
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.10.3-1", "5.0:MQTT-3.10.3-1"})
    void disconnectsOnUnsubscribeWithAFilterThatIsNotUtf8(MqttVersion version) {
        violations.disconnect(version, MALFORMED_PACKET, illFormed(SOME, "A2 {0001 P ['good'] [?]}"));
        violations.disconnect(version, MALFORMED_PACKET, "A2 {0001 P ['good'] 0005 't'}", "A2 {0001 P ['good'] 00}");
    }

    @Test
    @Statement("5.0:MQTT-3.3.2-13")
    void disconnectsOnAResponseTopicThatIsNotUtf8() {
        violations.disconnect(MqttVersion.V5, MALFORMED_PACKET, illFormed(SOME, "30 {['t'] {08 ['r' ?]} 'p'}"));
    }

    @Test
    @Statement("5.0:MQTT-3.3.2-19")
    void disconnectsOnAContentTypeThatIsNotUtf8() {
        violations.disconnect(MqttVersion.V5, MALFORMED_PACKET, illFormed(SOME, "30 {['t'] {03 [?]} 'p'}"));
    }

    @Test
    @Statement("5.0:MQTT-1.5.7-1")
    void endsTheConnectionOnAUserPropertyOfWhichAHalfIsNotUtf8() {
        violations.disconnect(MqttVersion.V5, MALFORMED_PACKET, illFormed(SOME, "30 {['t'] {26 ['n' ?] ['v']} 'p'}"));
        violations.disconnect(MqttVersion.V5, MALFORMED_PACKET, illFormed(SOME, "30 {['t'] {26 ['n'] ['v' ?]} 'p'}"));
        violations.disconnect(MqttVersion.V5, MALFORMED_PACKET, illFormed(SOME, "82 {0001 {26 [?] ['v']} ['t'] 00}"));
        violations.refuse(MqttVersion.V5, MALFORMED_PACKET, illFormed(SOME, "10 {N 02 0000 {26 ['n'] [?]} ['c']}"));
    }
}
