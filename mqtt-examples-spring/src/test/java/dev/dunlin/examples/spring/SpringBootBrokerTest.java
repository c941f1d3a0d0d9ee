package dev.dunlin.examples.spring;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.Broker;
import dev.dunlin.examples.spring.SpringBootBroker.EmbeddedBroker;
import dev.dunlin.metrics.micrometer.BrokerMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.paho.client.mqttv3.MqttClient;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

class SpringBootBrokerTest {
    private static final int PATIENCE_SECONDS = 30;

    private static ConfigurableApplicationContext start(String... args) {
        return SpringApplication.run(SpringBootBroker.class, args);
    }

    private static int port(ConfigurableApplicationContext context) {
        return context.getEnvironment().getRequiredProperty("local.mqtt.port", Integer.class);
    }

    @Test
    void startsAndStopsWithTheApplication() throws Exception {
        int port;
        try (ConfigurableApplicationContext context = start("--mqtt.port=0", "--mqtt.greeting=good morning")) {
            port = port(context);
            assertThat(greeting(port)).isEqualTo("good morning");
        }
        assertThatThrownBy(() -> greeting(port)).isInstanceOf(MqttException.class);
    }

    @Test
    void countsInTheRegistryOfTheActuator() throws Exception {
        try (ConfigurableApplicationContext context = start("--mqtt.port=0")) {
            MeterRegistry registry = context.getBean(MeterRegistry.class);
            assertThat(greeting(port(context))).isEqualTo("hello");
            await().until(() ->
                    registry.get("dunlin.connects").functionCounter().count() == 1); // read once a second
        }
    }

    @Test
    void runsAgainAfterTheContextWasStopped() throws Exception {
        try (ConfigurableApplicationContext context = start("--mqtt.port=0")) {
            EmbeddedBroker bean = context.getBean(EmbeddedBroker.class);
            Broker before = bean.broker();
            context.stop();
            assertThat(bean.isRunning()).isFalse();
            assertThatThrownBy(bean::broker).hasMessageContaining("isn't running");
            context.start();
            assertThat(bean.broker()).isNotSameAs(before);
            assertThat(port(context)).isEqualTo(bean.broker().port("tcp"));
            MqttClient client = connected(port(context));
            client.disconnect();
            client.close();
        }
    }

    @Test
    void doesNotStartOnAPortThatIsTaken() {
        try (ConfigurableApplicationContext context = start("--mqtt.port=0")) {
            assertThatThrownBy(() -> start("--mqtt.port=" + port(context)))
                    .rootCause()
                    .hasMessageContaining("in use");
        }
    }

    /** The meters of another broker of the same name are there already. */
    @Test
    void leavesNoBrokerBehindIfTheApplicationDoesNotStart() throws Exception {
        AtomicReference<EmbeddedBroker> left = new AtomicReference<>();
        try (Broker other = Broker.builder().start();
                BrokerMetrics metrics = new BrokerMetrics(other)) {
            SpringApplication application = new SpringApplication(SpringBootBroker.class);
            application.addInitializers(context -> context.getBeanFactory()
                    .addBeanPostProcessor(new BeanPostProcessor() {
                        @Override
                        public Object postProcessAfterInitialization(Object bean, String name) {
                            if (bean instanceof EmbeddedBroker broker) {
                                left.set(broker);
                            } else if (bean instanceof MeterRegistry registry) {
                                metrics.bindTo(registry);
                            }
                            return bean;
                        }
                    }));
            assertThatThrownBy(() -> application.run("--mqtt.port=0"))
                    .rootCause()
                    .hasMessageContaining("name the brokers apart");
        }
        await().until(() -> !left.get().isRunning());
    }

    private static MqttClient connected(int port) throws MqttException {
        MqttClient client = new MqttClient("tcp://127.0.0.1:" + port, "guest", new MemoryPersistence());
        try {
            client.connect();
        } catch (MqttException e) {
            client.close();
            throw e;
        }
        return client;
    }

    private static String greeting(int port) throws Exception {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        MqttClient client = connected(port);
        client.subscribe("greetings/#", 1, (topic, message) -> heard.add(new String(message.getPayload(), UTF_8)));
        String greeting = heard.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        client.disconnect();
        client.close();
        return greeting;
    }
}
