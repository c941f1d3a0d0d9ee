package dev.dunlin.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.dunlin.auth.Passwords;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.codec.QoS;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.eclipse.paho.client.mqttv3.MqttClient;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's first block, with one line more out of the second: taken from there as it stands, compiled and run. */
class OneLineMoreTest {
    private static final Pattern JAVA_BLOCK = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);
    private static final String START = ".start()";
    private static final String END = "System.in.read();";

    private final MeterRegistry registry = new SimpleMeterRegistry();

    @TempDir
    Path folder;

    @Test
    void durable() throws Exception {
        String line = lineWith(".storage(");
        run(before(line), broker -> {
            Message door = Message.builder("home/door")
                    .payload("open")
                    .qos(QoS.AT_LEAST_ONCE)
                    .retain(true)
                    .build();
            broker.local().publish(door).toCompletableFuture().join();
        });
        CompletableFuture<String> kept = new CompletableFuture<>();
        run(before(line), broker -> {
            broker.local().subscribe("home/door", message -> kept.complete(message.payloadText()));
            assertThat(kept.orTimeout(10, TimeUnit.SECONDS).join()).isEqualTo("open");
        });
    }

    @Test
    void withPasswords() throws Exception {
        Files.writeString(folder.resolve("users"), "anna:" + Passwords.pbkdf2().hash("secret".getBytes(UTF_8)) + "\n");
        run(before(lineWith(".authenticator(")), broker -> {
            assertThat(isLetIn(broker, "secret")).isTrue();
            assertThat(isLetIn(broker, "wrong")).isFalse();
        });
    }

    @Test
    void withMetrics() throws Exception {
        run(behind(lineWith("BrokerMetrics(")), broker -> {
            assertThat(isLetIn(broker, "anything")).isTrue();
            await().until(() ->
                    registry.get("dunlin.connects").functionCounter().count() == 1); // read once a second
        });
    }

    @Test
    void withALimit() throws Exception {
        run(before(lineWith(".limits(")), broker -> {
            assertThat(isLetIn(broker, "anything")).isTrue();
        });
    }

    @Test
    void refusesToBeReachedByEverybody() throws IOException {
        assertThatThrownBy(() -> run(before(lineWith(".listen(")), broker -> {}))
                .rootCause()
                .hasMessageContaining("0.0.0.0")
                .hasMessageContaining("authenticator");
    }

    @Test
    void withAnInterceptor() throws Exception {
        run(before(lineWith(".intercept(")), broker -> {
            List<String> got = new CopyOnWriteArrayList<>();
            CompletableFuture<Void> last = new CompletableFuture<>();
            broker.local().subscribe("json/#", message -> {
                got.add(message.payloadText());
                if (message.topic().equals("json/last")) {
                    last.complete(null);
                }
            });
            try (MqttClient client = client(broker)) {
                client.connect();
                client.publish("json/1", "{".getBytes(UTF_8), 1, false);
                client.publish("json/last", "{}".getBytes(UTF_8), 1, false);
                last.orTimeout(10, TimeUnit.SECONDS).join();
                client.disconnect();
            } catch (MqttException e) {
                throw new AssertionError(e);
            }
            assertThat(got).containsExactly("{}");
        });
    }

    @Test
    void withAnObserver() throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        System.setOut(new PrintStream(out, true, UTF_8));
        try {
            run(
                    before(lineWith(".observe(")),
                    broker -> assertThat(isLetIn(broker, "anything")).isTrue());
        } finally {
            System.setOut(before);
        }
        assertThat(out.toString(UTF_8)).contains(BrokerEvent.Connected.ID, BrokerEvent.Disconnected.ID);
    }

    // ---- the README

    private static List<String> blocks() throws IOException {
        Matcher block = JAVA_BLOCK.matcher(Files.readString(Path.of("..", "README.md")));
        List<String> blocks = new ArrayList<>();
        while (block.find()) {
            blocks.add(block.group(1));
        }
        return blocks;
    }

    private static String minimal() throws IOException {
        String block = blocks().get(0);
        assertThat(block.lines()).as("embed and publish").hasSizeLessThanOrEqualTo(10);
        assertThat(block).containsOnlyOnce(START).containsOnlyOnce(END);
        return block;
    }

    /** The line of the second block that has this in it. */
    private static String lineWith(String part) throws IOException {
        List<String> lines =
                blocks().get(1).lines().filter(line -> line.contains(part)).toList();
        assertThat(lines).hasSize(1);
        return lines.get(0);
    }

    private static String before(String line) throws IOException {
        return minimal().replace(START, "\n" + line + "\n" + START);
    }

    private static String behind(String line) throws IOException {
        return minimal().replace(END, line + "\n" + END);
    }

    // ---- running it

    /** Compiles it, and runs it up to where it waits for Enter: then comes {@code during}. */
    private void run(String code, Consumer<Broker> during) throws Exception {
        String there = folder.toString().replace("\\", "\\\\");
        String source =
                """
                import dev.dunlin.auth.*;
                import dev.dunlin.broker.*;
                import dev.dunlin.broker.spi.*;
                import dev.dunlin.examples.ValidateJson;
                import dev.dunlin.metrics.micrometer.BrokerMetrics;
                import dev.dunlin.store.rocksdb.RocksDb;
                import io.micrometer.core.instrument.MeterRegistry;
                import java.nio.file.Path;
                import java.util.function.Consumer;

                public class Copied {
                    public static void main(MeterRegistry registry, Consumer<Broker> during) throws Exception {
                """ + code.replace("Path.of(\"", "Path.of(\"" + there + "/").replace(END, "during.accept(broker);")
                        + "}\n}\n";
        Path out = Files.createTempDirectory(folder, "copied");
        Path file = Files.writeString(out.resolve("Copied.java"), source);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        int result =
                compiler.run(null, said, said, "-proc:none", "-cp", classPath, "-d", out.toString(), file.toString());
        assertThat(result).as(said.toString(UTF_8) + "\n" + source).isZero();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {out.toUri().toURL()}, getClass().getClassLoader())) {
            Method main = loader.loadClass("Copied").getMethod("main", MeterRegistry.class, Consumer.class);
            main.invoke(null, registry, during);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof AssertionError failed) {
                throw failed;
            }
            throw e;
        }
    }

    private static MqttClient client(Broker broker) throws MqttException {
        return new MqttClient("tcp://127.0.0.1:" + broker.port("tcp"), "guest", new MemoryPersistence());
    }

    private static boolean isLetIn(Broker broker, String password) {
        MqttConnectOptions options = new MqttConnectOptions();
        options.setUserName("anna");
        options.setPassword(password.toCharArray());
        try (MqttClient client = client(broker)) {
            client.connect(options);
            client.disconnect();
            return true;
        } catch (MqttException e) {
            assertThat(e.getReasonCode()).isIn((int) MqttException.REASON_CODE_FAILED_AUTHENTICATION, (int)
                    MqttException.REASON_CODE_NOT_AUTHORIZED);
            return false;
        }
    }
}
