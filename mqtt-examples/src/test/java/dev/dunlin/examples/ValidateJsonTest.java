package dev.dunlin.examples;

import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.Verdict;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ValidateJsonTest {
    private static final ClientInfo CLIENT = new ClientInfo(
            "c", Identity.ANONYMOUS, MqttVersion.V5, InetSocketAddress.createUnresolved("unknown", 0), "tcp");

    @ParameterizedTest
    @EnumSource(value = MqttVersion.class, names = "V3_1", mode = EnumSource.Mode.EXCLUDE)
    void refusesWhatIsNoJson(MqttVersion version) throws Exception {
        try (RunningExample example = new RunningExample(ValidateJson.class);
                WireClient c = WireClient.connect(RunningExample.port(example.line()), version, TestTransport.TCP)) {
            c.login("c").subscribed("#", 1);
            c.send(publish("json/a", "{\"a\":").qos(1, 1));
            c.expect(puback(1)
                    .reason(version == MqttVersion.V5 ? ReasonCode.PAYLOAD_FORMAT_INVALID : ReasonCode.SUCCESS));
            c.expectNothing();
            c.send(publish("json/a", "{\"a\":1}")).take("json/a", "{\"a\":1}", 0);
            c.send(publish("other", "{")).take("other", "{", 0);
            c.leave();
            example.end();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                " [ 1 , -0 , 0.5e+3 , 12E-1 ] ",
                "{\"a\" : { \"b\" : [ true , false , null ] } , \"c\" : \"\" }",
                "\"\\u00e4\\n\\\\ ä\"",
                "0",
                "[[],{}]\n"
            })
    void passesJson(String text) {
        assertThat(isPassed(text)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "[1,]",
                "[1 2]",
                "{\"a\"}",
                "{a:1}",
                "{\"a\":1,}",
                "01",
                "1.",
                "-",
                "1e",
                "+1",
                "tru",
                "truex",
                "\"",
                "\"\\x\"",
                "\"\\u12g4\"",
                "\"\n\"",
                "1 2",
                "'a'",
                "NaN",
                "]",
                "[}",
                "{\"a\":1]"
            })
    void refusesOtherTexts(String text) {
        assertThat(isPassed(text)).isFalse();
    }

    @Test
    void refusesWhatIsTooDeepForTheStackAndWhatIsNoText() {
        assertThat(isPassed("[".repeat(90) + "]".repeat(90))).isTrue();
        assertThat(isPassed("[".repeat(100_000) + "]".repeat(100_000))).isFalse();
        assertThat(isPassed(new byte[] {'"', (byte) 0xC0, '"'})).isFalse();
        assertThat(isPassed("1\0")).isFalse();
    }

    private static boolean isPassed(String text) {
        return isPassed(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    private static boolean isPassed(byte[] payload) {
        return new ValidateJson().onPublish(CLIENT, Message.of("json/t", payload)) instanceof Verdict.Pass;
    }
}
