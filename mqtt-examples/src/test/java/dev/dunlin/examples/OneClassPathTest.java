package dev.dunlin.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerStartException;
import io.netty.handler.codec.mqtt.MqttQoS;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.mqtt.MqttClient;
import io.vertx.mqtt.MqttClientOptions;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The broker as a bean of Spring Boot 4, on one class path with the MQTT clients of HiveMQ, Eclipse and Vert.x: all of them work. */
class OneClassPathTest {
    private final List<String> got = new CopyOnWriteArrayList<>();

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {
        @Bean
        Broker broker() throws BrokerStartException {
            return Broker.builder().tcp(0).start();
        }
    }

    @Test
    void runsBesideSpringBootAndOtherClients() throws Exception {
        PrintStream before = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, UTF_8));
        Broker broker;
        try (ConfigurableApplicationContext context = start()) {
            broker = context.getBean(Broker.class);
            broker.local().subscribe("from/#", message -> got.add(message.topic() + " " + message.payloadText()));
            hivemq(broker.port("tcp"));
            paho(broker.port("tcp"));
            vertx(broker.port("tcp"));
            org.awaitility.Awaitility.await().until(() -> got.size() == 3);
        } finally {
            System.setErr(before);
        }
        assertThat(got).containsExactlyInAnyOrder("from/hivemq hello", "from/paho hello", "from/vertx hello");
        assertThat(broker.closeAsync(java.time.Duration.ZERO).toCompletableFuture()) // by the context
                .isCompleted();
        assertThat(log.toString(UTF_8)).doesNotContain("Netty versions");
    }

    private static ConfigurableApplicationContext start() {
        SpringApplication application = new SpringApplication(Application.class);
        application.setWebApplicationType(WebApplicationType.NONE);
        return application.run();
    }

    private static void hivemq(int port) {
        Mqtt5BlockingClient client = Mqtt5Client.builder()
                .serverHost("127.0.0.1")
                .serverPort(port)
                .identifier("hivemq")
                .buildBlocking();
        client.connect();
        client.publishWith()
                .topic("from/hivemq")
                .qos(MqttQos.EXACTLY_ONCE)
                .payload("hello".getBytes(UTF_8))
                .send();
        client.disconnect();
    }

    private static void paho(int port) throws MqttException {
        try (org.eclipse.paho.client.mqttv3.MqttClient client = new org.eclipse.paho.client.mqttv3.MqttClient(
                "tcp://127.0.0.1:" + port, "paho", new MemoryPersistence())) {
            client.connect();
            client.publish("from/paho", "hello".getBytes(UTF_8), 2, false);
            client.disconnect();
        }
    }

    private static void vertx(int port) throws Exception {
        Vertx vertx = Vertx.vertx();
        try {
            MqttClient client = MqttClient.create(vertx, new MqttClientOptions().setClientId("vertx"));
            await(client.connect(port, "127.0.0.1"));
            await(client.publish("from/vertx", Buffer.buffer("hello"), MqttQoS.EXACTLY_ONCE, false, false));
            await(client.disconnect());
        } finally {
            await(vertx.close());
        }
    }

    private static void await(Future<?> future) throws Exception {
        future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
}
