package dev.dunlin.examples.spring;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerStartException;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.metrics.micrometer.BrokerMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/**
 * An application of Spring Boot 4 with a broker in it, which starts and stops with the application. {@code mqtt.port} is where
 * clients connect, 1883 unless it is said otherwise, 0 for any free port; which one it is, {@code local.mqtt.port} says
 * from the start on. What the broker counts is among the actuator's meters.
 *
 * <pre>{@code
 * java -cp ... dev.dunlin.examples.spring.SpringBootBroker --mqtt.port=1884
 * }</pre>
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
public class SpringBootBroker {
    private static final Logger LOG = LoggerFactory.getLogger(SpringBootBroker.class);

    public static void main(String[] args) {
        SpringApplication application = new SpringApplication(SpringBootBroker.class);
        application.setDefaultProperties(Map.of("spring.main.keep-alive", "true")); // it may have no web server
        application.run(args);
    }

    @Bean
    EmbeddedBroker broker(
            ConfigurableEnvironment environment, MeterRegistry registry, @Value("${mqtt.port:1883}") int port) {
        return new EmbeddedBroker(environment, registry, port);
    }

    /** Runs when everything has started. */
    @Bean
    ApplicationRunner greeting(EmbeddedBroker broker, @Value("${mqtt.greeting:hello}") String greeting) {
        return arguments -> {
            Message message = Message.builder("greetings/spring")
                    .payload(greeting)
                    .retain(true)
                    .build();
            broker.broker().local().publish(message);
            System.out.println("clients connect to port " + broker.broker().port("tcp"));
        };
    }

    /** The broker: there before a web server, and gone after it. It may be started again. */
    static final class EmbeddedBroker implements SmartLifecycle {
        private static final int BEFORE_WEB_SERVER = DEFAULT_PHASE - 8_192;
        private static final Duration DRAIN = Duration.ofSeconds(1);

        private final ConfigurableEnvironment environment;
        private final MeterRegistry registry;
        private final int port;

        private volatile @Nullable Running running;

        private record Running(Broker broker, BrokerMetrics metrics) {}

        EmbeddedBroker(ConfigurableEnvironment environment, MeterRegistry registry, int port) {
            this.environment = environment;
            this.registry = registry;
            this.port = port;
        }

        /**
         * The broker.
         *
         * @throws IllegalStateException if it isn't running
         */
        Broker broker() {
            Running present = running;
            if (present == null) {
                throw new IllegalStateException("the broker isn't running");
            }
            return present.broker;
        }

        @Override
        public void start() {
            Broker broker = startBroker();
            BrokerMetrics metrics = new BrokerMetrics(broker);
            running = new Running(broker, metrics); // which is stopped if what follows fails
            metrics.bindTo(registry);
            Map<String, Object> bound = Map.of("local.mqtt.port", broker.port("tcp"));
            environment.getPropertySources().addFirst(new MapPropertySource("local.mqtt", bound));
        }

        private Broker startBroker() {
            try {
                return Broker.builder().tcp(port).start();
            } catch (BrokerStartException e) {
                throw new IllegalStateException("the broker doesn't start", e);
            }
        }

        @Override
        public void stop() {
            CompletableFuture<Void> over = new CompletableFuture<>();
            stop(() -> over.complete(null));
            over.join();
        }

        /** Other beans of this phase stop meanwhile; the context goes on when the callback has run. */
        @Override
        public void stop(Runnable callback) {
            Running present = running;
            running = null;
            if (present == null) {
                callback.run();
                return;
            }
            present.metrics.close();
            present.broker.closeAsync(DRAIN).whenComplete((closed, failure) -> {
                if (failure != null) {
                    LOG.warn("the broker has not ended well: {}", failure.toString());
                }
                callback.run();
            });
        }

        @Override
        public boolean isRunning() {
            return running != null;
        }

        @Override
        public int getPhase() {
            return BEFORE_WEB_SERVER;
        }
    }
}
