package dev.dunlin.broker.interop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.QoS;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A mosquitto_sub as long as it lives, unless it would have nothing to do, and a mosquitto_pub for each message that it
 * publishes.
 */
final class MosquittoClient implements TestClient {
    /** How a message is printed: the payload in hex, so that a line is a message. */
    private static final String FORMAT = "message %q %r %x %t";

    private static final int SIGTERM_SECONDS = 2;

    private final MqttVersion version;
    private final Setup setup;
    private final Inbox inbox = new Inbox();
    private final CountDownLatch subscribed = new CountDownLatch(1);
    private final Queue<String> log = new ConcurrentLinkedQueue<>();
    private final @Nullable Process subscriber;

    MosquittoClient(MqttVersion version, Setup setup) throws Exception {
        this.version = version;
        this.setup = setup;
        if (setup.onlyPublishes()) {
            subscriber = null;
            return;
        }
        subscriber = new ProcessBuilder(subscribeCommand(version, setup))
                .redirectErrorStream(true)
                .start();
        Thread reader = new Thread(this::readOutput, "mosquitto_sub");
        reader.setDaemon(true);
        reader.start();
        if (!subscribed.await(Inbox.PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            close();
            throw new AssertionError("mosquitto_sub has not subscribed: " + log);
        }
    }

    /** Connects, subscribes, and leaves with DISCONNECT. */
    static void visit(MqttVersion version, Setup setup) throws Exception {
        List<String> command = subscribeCommand(version, setup);
        command.add("-E");
        run(command, "");
    }

    private static List<String> subscribeCommand(MqttVersion version, Setup setup) {
        List<String> command = command("mosquitto_sub", version, setup.port(), setup.clientId());
        command.addAll(List.of("-d", "-F", FORMAT, "-q", level(setup.subscribedQoS())));
        if (setup.persistent()) {
            command.add("-c");
        }
        TestMessage will = setup.will();
        if (will != null) {
            command.addAll(List.of("--will-topic", will.topic(), "--will-payload", will.payload()));
            command.addAll(List.of("--will-qos", level(will.qos())));
        }
        for (String filter : setup.filters().isEmpty() ? List.of("needs/one") : setup.filters()) {
            command.addAll(List.of("-t", filter));
        }
        return command;
    }

    private static List<String> command(String program, MqttVersion version, int port, String clientId) {
        String spoken = switch (version) {
            case V3_1 -> "mqttv31";
            case V3_1_1 -> "mqttv311";
            case V5 -> "mqttv5";
        };
        String[] words = {
            "stdbuf", "-oL", program, "-h", "127.0.0.1", "-p", Integer.toString(port), "-V", spoken, "-i", clientId
        };
        return new ArrayList<>(List.of(words));
    }

    private static String level(QoS qos) {
        return Integer.toString(qos.level());
    }

    private void readOutput() {
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(subscriber.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                if (line.startsWith("message ")) {
                    inbox.add(received(line));
                } else {
                    log.add(line);
                }
                if (line.endsWith(" received SUBACK")) {
                    subscribed.countDown();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static TestMessage received(String line) {
        String[] parts = line.split(" ", 5);
        String payload = new String(HexFormat.of().parseHex(parts[3]), StandardCharsets.UTF_8);
        return new TestMessage(parts[4], payload, QoS.of(Integer.parseInt(parts[1])), parts[2].equals("1"));
    }

    /** mosquitto_sub doesn't print it. */
    @Override
    public Optional<Boolean> sessionPresent() {
        return Optional.empty();
    }

    @Override
    public void publish(TestMessage message) throws Exception {
        List<String> command = command("mosquitto_pub", version, setup.port(), setup.clientId() + "-pub");
        command.addAll(List.of("-t", message.topic(), "-q", level(message.qos())));
        command.add(message.payload().isEmpty() ? "-n" : "-s");
        if (message.retain()) {
            command.add("-r");
        }
        run(command, message.payload());
    }

    private static void run(List<String> command, String input) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (var toProcess = process.getOutputStream()) {
            toProcess.write(input.getBytes(StandardCharsets.UTF_8));
        }
        assertThat(process.waitFor(Inbox.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.exitValue()).as("%s: %s", command, said).isZero();
    }

    @Override
    public TestMessage receive() throws InterruptedException {
        return inbox.take();
    }

    /**
     * Ends the process: it may or may not send DISCONNECT, and over 5.0 asks for its will ({@link #visit} does it right).
     * On SIGTERM it calls into its library from the signal's handler, where it can block for ever.
     */
    @Override
    public void close() throws InterruptedException {
        if (subscriber != null) {
            subscriber.toHandle().destroy(); // Process.destroy() would close its output under the reader
            if (!subscriber.waitFor(SIGTERM_SECONDS, TimeUnit.SECONDS)) {
                subscriber.toHandle().destroyForcibly();
                subscriber.waitFor();
            }
        }
    }
}
