package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Request and response [5.0 section 4.10] with the local client at either end, or at both. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class LocalRequestTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    @AutoClose
    private final TestBroker broker = TestBroker.start();

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
    }

    private static Throwable failure(CompletionStage<?> stage) {
        try {
            throw new AssertionError("it completed with " + join(stage));
        } catch (CompletionException e) {
            return e.getCause();
        }
    }

    private static CompletionStage<Message> upper(Message request) {
        return CompletableFuture.completedFuture(request.answer()
                .payload(request.payloadText().toUpperCase(Locale.ROOT))
                .build());
    }

    private static Message question(String text) {
        return Message.builder("upper")
                .payload(text)
                .qos(QoS.AT_LEAST_ONCE)
                .userProperty("a", "b")
                .build();
    }

    private Mqtt5AsyncClient hivemq() {
        Mqtt5AsyncClient client = Mqtt5Client.builder()
                .serverHost("127.0.0.1")
                .serverPort(broker.port())
                .buildAsync();
        join(client.connect());
        return client;
    }

    @Test
    void asksAndAnswersWithinTheProcess() {
        broker.local().respond("upper", LocalRequestTest::upper);
        List<CompletionStage<Message>> answers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            answers.add(broker.local().request(question("q" + i), TIMEOUT));
        }
        for (int i = 0; i < 100; i++) {
            Message answer = join(answers.get(i));
            assertThat(answer.payloadText()).isEqualTo("Q" + i);
            assertThat(answer.qos()).isEqualTo(QoS.AT_LEAST_ONCE);
        }
    }

    @Test
    void asksASocketClient() {
        Mqtt5AsyncClient responder = hivemq();
        join(responder
                .subscribeWith()
                .topicFilter("upper")
                .qos(MqttQos.AT_LEAST_ONCE)
                .callback(request -> responder.publish(Mqtt5Publish.builder()
                        .topic(request.getResponseTopic().orElseThrow())
                        .qos(MqttQos.AT_LEAST_ONCE)
                        .correlationData(request.getCorrelationData().orElseThrow())
                        .payload("answer".getBytes(StandardCharsets.UTF_8))
                        .build()))
                .send());
        assertThat(join(broker.local().request(question("q"), TIMEOUT)).payloadText())
                .isEqualTo("answer");
        join(responder.disconnect());
    }

    @Test
    void answersASocketClient() throws InterruptedException {
        broker.local().respond("$share/all/upper", LocalRequestTest::upper);
        Mqtt5AsyncClient asking = hivemq();
        BlockingQueue<Mqtt5Publish> answers = new LinkedBlockingQueue<>();
        join(asking.subscribeWith()
                .topicFilter("answers/me")
                .qos(MqttQos.AT_LEAST_ONCE)
                .callback(answers::add)
                .send());
        join(asking.publish(Mqtt5Publish.builder()
                .topic("upper")
                .payload("make me tall".getBytes(StandardCharsets.UTF_8))
                .responseTopic("answers/me")
                .correlationData(new byte[] {1, 2, 3})
                .build()));
        Mqtt5Publish answer = answers.poll(10, TimeUnit.SECONDS);
        assertThat(answer.getPayloadAsBytes()).asString().isEqualTo("MAKE ME TALL");
        assertThat(answer.getCorrelationData().orElseThrow().get(2)).isEqualTo((byte) 3);
        join(asking.disconnect());
    }

    @Test
    void failsAtOnceWhenNobodyIsThere() {
        assertThat(failure(broker.local().request(question("q"), TIMEOUT)))
                .isInstanceOfSatisfying(
                        RejectedException.class,
                        e -> assertThat(e.reason()).isEqualTo(ReasonCode.NO_MATCHING_SUBSCRIBERS));
    }

    @Test
    void failsWhenNobodyAnswersAndForgetsTheRequest() {
        try (TestBroker small = TestBroker.start(Limits.EMBEDDED.withLocalRequestsMax(1))) {
            small.local().respond("upper", request -> {
                throw new IllegalStateException("on purpose");
            });
            for (int i = 0; i < 2; i++) {
                assertThat(failure(small.local().request(question("q"), Duration.ofMillis(50))))
                        .isInstanceOf(TimeoutException.class);
            }
            await().until(() -> small.dropped(DropReason.LOCAL_HANDLER_FAILED) == 2);
        }
    }

    @Test
    void passesOverWhatIsNoRequest() {
        broker.local().respond("upper", LocalRequestTest::upper);
        join(broker.local().publish(question("no response topic")));
        assertThat(join(broker.local().request(question("q"), TIMEOUT)).payloadText())
                .isEqualTo("Q");
        assertThat(broker.dropped(DropReason.LOCAL_HANDLER_FAILED)).isZero();
    }

    @Test
    void failsWhenTheBrokerCloses() {
        broker.local().subscribe("upper", silent -> {});
        CompletionStage<Message> answer = broker.local().request(question("q"), TIMEOUT);
        broker.broker().close();
        for (CompletionStage<Message> each : List.of(answer, broker.local().request(question("q"), TIMEOUT))) {
            assertThat(failure(each))
                    .isInstanceOfSatisfying(
                            RejectedException.class,
                            e -> assertThat(e.reason()).isEqualTo(ReasonCode.SERVER_SHUTTING_DOWN));
        }
    }

    @Test
    void nobodyElseHearsTheAnswers() throws InterruptedException {
        BlockingQueue<Message> heard = new LinkedBlockingQueue<>();
        broker.local().subscribe("#", heard::add);
        broker.local().subscribe("+/+", heard::add);
        broker.local().respond("upper", LocalRequestTest::upper);
        join(broker.local().request(question("q"), TIMEOUT));
        assertThat(heard.poll(10, TimeUnit.SECONDS).responseTopic()).startsWith("$answers-");
        broker.settle();
        assertThat(heard).isEmpty();
    }

    @Test
    void clientsThatAreToldTheTopicForAnswersCantSubscribeToIt() throws InterruptedException {
        BlockingQueue<Message> heard = new LinkedBlockingQueue<>();
        broker.local().subscribe("upper", heard::add);
        broker.local().request(question("q"), TIMEOUT);
        String topic = heard.poll(10, TimeUnit.SECONDS).responseTopic();
        WireClient client = broker.client("curious");
        for (String filter : List.of(topic, topic + "/#", "$share/g/" + topic)) {
            client.send(subscribe(1, filter, 1));
            client.expect(suback(1, ReasonCode.NOT_AUTHORIZED));
        }
        client.subscribed("$answers", 1); // anybody's
    }

    @Test
    void refusesWhatIsNoRequestToBeSent() {
        Message own = Message.builder("upper").responseTopic("mine").build();
        assertThatThrownBy(() -> broker.local().request(own, TIMEOUT)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> broker.local().request(question("q"), Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> broker.local().request(Message.of("a/#", "q"), TIMEOUT))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Message.of("t", "p").answer()).isInstanceOf(IllegalStateException.class);
    }
}
