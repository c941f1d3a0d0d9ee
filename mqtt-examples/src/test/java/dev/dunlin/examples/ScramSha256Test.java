package dev.dunlin.examples;

import static dev.dunlin.broker.testkit.Packets.auth;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5ConnAckException;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAckReasonCode;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import dev.dunlin.examples.ScramSha256.Credentials;
import java.net.InetSocketAddress;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScramSha256Test {
    private final ScramSha256 scram = new ScramSha256(Map.of("ann", Credentials.of("a secret")));
    private final ScramClient ann = new ScramClient("ann", "a secret");

    @AutoClose
    private Broker broker;

    @BeforeEach
    void start() throws Exception {
        broker = Broker.builder().authenticator(scram).tcp(0).start();
    }

    private WireClient send(ConnectPacket connect) {
        return WireClient.connect(broker.port("tcp"), MqttVersion.V5).send(connect);
    }

    private static ConnectPacket connecting(String clientFirst) {
        return connect("id").cleanStart().authentication(ScramSha256.METHOD, clientFirst);
    }

    /** What the broker asks with AUTH. */
    private static String asked(WireClient c) {
        Packet.Auth challenge = (Packet.Auth) c.receive();
        assertThat(challenge.reason()).isEqualTo(ReasonCode.CONTINUE_AUTHENTICATION);
        return data(challenge.properties());
    }

    private static String data(Properties properties) {
        assertThat(properties.string(Property.AUTHENTICATION_METHOD)).isEqualTo(ScramSha256.METHOD);
        return new String(properties.binary(Property.AUTHENTICATION_DATA), UTF_8);
    }

    private static void answer(WireClient c, String clientFinal) {
        c.send(auth(ReasonCode.CONTINUE_AUTHENTICATION, ScramSha256.METHOD).data(clientFinal));
    }

    private WireClient loggedIn() {
        WireClient c = send(connecting(ann.first()));
        answer(c, ann.last(asked(c)));
        Connack connack = c.expect(connack());
        assertThat(data(connack.properties())).isEqualTo(ann.expectedSignature());
        return c;
    }

    // ---- the exchange of RFC 7677, section 3

    @Test
    void saysWhatTheExampleOfTheRfcSays() throws Exception {
        byte[] salt = Base64.getDecoder().decode("W22ZaJ0SNY7soEsUEjb6gQ==");
        ScramSha256 example = new ScramSha256(
                Map.of("user", Credentials.of("pencil", salt, 4096)), () -> "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
        AuthResult first = example.authenticate(request("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"))
                .toCompletableFuture()
                .get();
        assertThat(first).isInstanceOf(AuthResult.Challenge.class);
        AuthResult.Challenge challenge = (AuthResult.Challenge) first;
        assertThat(new String(challenge.data(), UTF_8))
                .isEqualTo("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        AuthResult last = challenge
                .next()
                .answered(("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                                + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
                        .getBytes(UTF_8))
                .toCompletableFuture()
                .get();
        assertThat(last).isInstanceOf(AuthResult.Accepted.class);
        AuthResult.Accepted accepted = (AuthResult.Accepted) last;
        assertThat(accepted.identity().name()).isEqualTo("user");
        assertThat(new String(accepted.data(), UTF_8)).isEqualTo("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    private static ConnectRequest request(String data) {
        Properties properties = Properties.builder()
                .add(Property.AUTHENTICATION_METHOD, ScramSha256.METHOD)
                .add(Property.AUTHENTICATION_DATA, data.getBytes(UTF_8))
                .build();
        InetSocketAddress nowhere = InetSocketAddress.createUnresolved("nowhere", 1);
        return new ConnectRequest("id", MqttVersion.V5, true, null, null, properties, nowhere, "tcp");
    }

    // ---- on the wire

    @Test
    @Statement({"5.0:MQTT-4.12.0-2", "5.0:MQTT-4.12.0-5"})
    void clientAndBrokerProveThatTheyKnowThePassword() {
        loggedIn().ping();
    }

    @Test
    @Statement("5.0:MQTT-4.12.0-4")
    void refusesAWrongPassword() {
        ScramClient wrong = new ScramClient("ann", "a secret ");
        WireClient c = send(connecting(wrong.first()));
        answer(c, wrong.last(asked(c)));
        c.expectRefusal(ReasonCode.NOT_AUTHORIZED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "!", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="})
    void refusesAProofThatIsNone(String proof) {
        WireClient c = send(connecting(ann.first()));
        String last = ann.last(asked(c));
        answer(c, last.substring(0, last.indexOf(",p=") + 3) + proof);
        c.expectRefusal(ReasonCode.NOT_AUTHORIZED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "n=ann,r=x",
                "p=tls-unique,,n=ann,r=x",
                "n,a=root,n=ann,r=x",
                "n,,m=x,n=ann,r=x",
                "n,,n=,r=x",
                "n,,n=ann,r=",
                "n,,n=ann"
            })
    void refusesWhatIsNoFirstMessage(String clientFirst) {
        send(connecting(clientFirst)).expectRefusal(ReasonCode.NOT_AUTHORIZED);
    }

    @Test
    void refusesAProofThatWasOverheard() {
        WireClient c = send(connecting(ann.first("same")));
        String last = ann.last(asked(c));
        answer(c, last);
        c.expect(connack());
        WireClient replay = send(connecting("n,,n=ann,r=same"));
        String again = asked(replay);
        assertThat(last).doesNotContain(again.substring(0, again.indexOf(','))); // the broker's part is new
        answer(replay, last);
        replay.expectRefusal(ReasonCode.NOT_AUTHORIZED);
    }

    @Test
    void refusesAnotherChannelBindingThanTheFirstMessageHad() {
        WireClient c = send(connecting(ann.first()));
        answer(c, ann.last(asked(c)).replace("c=biws", "c=eSws"));
        c.expectRefusal(ReasonCode.NOT_AUTHORIZED);
    }

    @Test
    void anUnknownUserLooksLikeAKnownOne() {
        ScramClient nobody = new ScramClient("nobody", "a secret");
        String[] salts = new String[2];
        for (int i = 0; i < 2; i++) {
            WireClient c = send(connecting(nobody.first("same")));
            String serverFirst = asked(c);
            assertThat(serverFirst).matches("r=same[^,]{24},s=[^,]{24},i=10000");
            salts[i] = serverFirst.split(",", -1)[1];
            answer(c, nobody.last(serverFirst));
            c.expectRefusal(ReasonCode.NOT_AUTHORIZED);
        }
        assertThat(salts[0]).isEqualTo(salts[1]);
        WireClient c = send(connecting(ann.first("same")));
        assertThat(asked(c)).matches("r=same[^,]{24},s=[^,]{24},i=10000");
    }

    @Test
    void refusesAClientWithAPasswordAndNoMethod() {
        send(connect("id").userName("ann").password("a secret")).expectRefusal(ReasonCode.NOT_AUTHORIZED);
    }

    @Test
    @Statement({"5.0:MQTT-4.12.1-1", "5.0:MQTT-4.12.1-2"})
    void aClientProvesItselfAnewOrIsDisconnected() {
        WireClient c = loggedIn();
        c.send(auth(ReasonCode.REAUTHENTICATE, ScramSha256.METHOD).data(ann.first()));
        answer(c, ann.last(asked(c)));
        Packet.Auth done = (Packet.Auth) c.receive();
        assertThat(done.reason()).isEqualTo(ReasonCode.SUCCESS);
        assertThat(data(done.properties())).isEqualTo(ann.expectedSignature());
        c.ping();

        ScramClient wrong = new ScramClient("ann", "no more");
        c.send(auth(ReasonCode.REAUTHENTICATE, ScramSha256.METHOD).data(wrong.first()));
        answer(c, wrong.last(asked(c)));
        c.expectDisconnect(ReasonCode.NOT_AUTHORIZED);
    }

    // ---- with HiveMQ's client, against the example as a person runs it

    @Test
    void letsHivemqsClientIn() throws Exception {
        try (RunningExample example = new RunningExample(ScramSha256.class)) {
            int port = RunningExample.port(example.line());
            Mqtt5BlockingClient client = client(port, ann);
            client.connect();
            client.reauth();
            assertThat(ann.provenAnew.get(20, TimeUnit.SECONDS)).isTrue();
            client.disconnect();
            Mqtt5BlockingClient stranger = client(port, new ScramClient("ann", "wrong"));
            assertThatThrownBy(stranger::connect)
                    .isInstanceOfSatisfying(
                            Mqtt5ConnAckException.class,
                            refused -> assertThat(refused.getMqttMessage().getReasonCode())
                                    .isEqualTo(Mqtt5ConnAckReasonCode.NOT_AUTHORIZED));
            example.end();
        }
    }

    private static Mqtt5BlockingClient client(int port, ScramClient mechanism) {
        return Mqtt5Client.builder()
                .identifier("hivemq")
                .serverHost("127.0.0.1")
                .serverPort(port)
                .enhancedAuth(mechanism)
                .buildBlocking();
    }
}
