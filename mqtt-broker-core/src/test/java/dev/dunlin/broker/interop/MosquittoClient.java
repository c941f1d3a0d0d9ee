package dev.dunlin.broker.interop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.testkit.TestCertificate;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A mosquitto_sub as long as it lives, unless it would have nothing to do, and a mosquitto_pub for each message that it
 * publishes.
 */
final class MosquittoClient implements TestClient {
    private static final String MESSAGE = "message\t";

    /** How a message is printed: the payload in hex, so that a line is a message. What is absent prints as nothing. */
    private static final String FORMAT = MESSAGE + "%q\t%r\t%E\t%S\t%C\t%R\t%D\t%t\t%P\t%x";

    private static final int SIGTERM_SECONDS = 2;

    private final MqttVersion version;
    private final Setup setup;
    private final Inbox inbox = new Inbox();
    private final CompletableFuture<Void> subscribed = new CompletableFuture<>();
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
        try {
            subscribed.get(Inbox.PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            close();
            throw e;
        }
    }

    /** Connects, subscribes, and leaves with DISCONNECT. */
    static void visit(MqttVersion version, Setup setup) throws Exception {
        List<String> command = subscribeCommand(version, setup);
        command.add("-E");
        run(command, "");
    }

    private static List<String> subscribeCommand(MqttVersion version, Setup setup) {
        List<String> command = command("mosquitto_sub", version, setup, setup.clientId());
        command.addAll(List.of("-d", "-F", FORMAT, "-k", Integer.toString(setup.keepAliveSeconds())));
        if (setup.persistent()) {
            command.add("-c");
        }
        if (version == MqttVersion.V5) {
            command.addAll(List.of("-x", Long.toString(setup.sessionExpirySeconds())));
        }
        TestMessage will = setup.will();
        if (will != null) {
            command.addAll(List.of("--will-topic", will.topic(), "--will-payload", will.payload()));
            command.addAll(List.of("--will-qos", level(will.qos())));
            if (will.retain()) {
                command.add("--will-retain");
            }
            addProperties(command, "will", will.properties());
            if (setup.willDelaySeconds() > 0) {
                addProperty(command, "will", "will-delay-interval", Long.toString(setup.willDelaySeconds()));
            }
        }
        if (setup.subscriptions().isEmpty()) {
            command.addAll(List.of("-t", "needs/one"));
        }
        for (TestSubscription subscription : setup.subscriptions()) {
            addSubscription(command, subscription);
        }
        return command;
    }

    private static void addSubscription(List<String> command, TestSubscription subscription) {
        command.addAll(List.of("-t", subscription.filter(), "-q", level(subscription.maximum())));
        if (subscription.identifier() > 0) {
            addProperty(command, "subscribe", "subscription-identifier", Integer.toString(subscription.identifier()));
        }
        if (subscription.retainAsPublished()) {
            command.add("--retain-as-published");
        }
        if (subscription.retainHandling() == 2) {
            command.add("-R");
        }
    }

    private static List<String> command(String program, MqttVersion version, Setup setup, String clientId) {
        String spoken = switch (version) {
            case V3_1 -> "mqttv31";
            case V3_1_1 -> "mqttv311";
            case V5 -> "mqttv5";
        };
        List<String> command = new ArrayList<>(List.of("stdbuf", "-oL", program, "-V", spoken));
        command.addAll(List.of("-h", "127.0.0.1", "-p", Integer.toString(setup.port())));
        if (!clientId.isEmpty()) {
            command.addAll(List.of("-i", clientId));
        }
        if (setup.isTls()) {
            command.addAll(List.of("--cafile", TestCertificate.shared().chain().toString()));
        }
        Setup.Login login = setup.login();
        if (login != null) {
            command.addAll(List.of("-u", login.userName(), "-P", login.password()));
        }
        return command;
    }

    private static void addProperties(List<String> command, String packet, MessageProperties properties) {
        addProperty(command, packet, "content-type", properties.contentType());
        addProperty(command, packet, "response-topic", properties.responseTopic());
        addProperty(command, packet, "correlation-data", properties.correlation());
        if (properties.expirySeconds() > 0) {
            addProperty(command, packet, "message-expiry-interval", Long.toString(properties.expirySeconds()));
        }
        for (Map.Entry<String, String> pair : properties.user()) {
            command.addAll(List.of("-D", packet, "user-property", pair.getKey(), pair.getValue()));
        }
    }

    private static void addProperty(List<String> command, String packet, String name, String value) {
        if (!value.isEmpty()) {
            command.addAll(List.of("-D", packet, name, value));
        }
    }

    private static String level(QoS qos) {
        return Integer.toString(qos.level());
    }

    private void readOutput() {
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(subscriber.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                if (line.startsWith(MESSAGE)) {
                    inbox.add(received(line));
                } else {
                    log.add(line);
                }
                if (line.endsWith(" received SUBACK")) {
                    subscribed.complete(null);
                }
            }
            subscribed.completeExceptionally(new IOException("mosquitto_sub has ended: " + log));
        } catch (IOException e) {
            subscribed.completeExceptionally(e);
        }
    }

    private static TestMessage received(String line) {
        String[] parts = line.split("\t", -1);
        return new TestMessage(
                parts[8],
                new String(HexFormat.of().parseHex(parts[10]), StandardCharsets.UTF_8),
                QoS.of(Integer.parseInt(parts[1])),
                parts[2].equals("1"),
                new MessageProperties(
                        parts[5], parts[6], parts[7], pairs(parts[9]), number(parts[3]), number(parts[4])));
    }

    /** name:value, with a blank between two pairs; "and again" is one value with a blank in it. */
    private static List<Map.Entry<String, String>> pairs(String printed) {
        return Stream.of(printed.split(" (?=[^ ]+:)"))
                .filter(pair -> !pair.isEmpty())
                .map(pair -> pair.split(":", 2))
                .map(pair -> Map.entry(pair[0], pair[1]))
                .toList();
    }

    private static int number(String printed) {
        return printed.isEmpty() ? 0 : Integer.parseInt(printed);
    }

    /** mosquitto_sub doesn't print it. */
    @Override
    public Optional<Boolean> sessionPresent() {
        return Optional.empty();
    }

    @Override
    public void publish(TestMessage message) throws Exception {
        List<String> command = publishCommand(message);
        command.add(message.payload().isEmpty() ? "-n" : "-s");
        run(command, message.payload());
    }

    /** With one process, and if asked for with an alias in place of the topic from the second message on. */
    @Override
    public void publishAll(List<TestMessage> messages) throws Exception {
        List<String> command = publishCommand(messages.get(0));
        command.add("-l");
        if (setup.usesAliases()) {
            addProperty(command, "publish", "topic-alias", "1");
        }
        run(command, messages.stream().map(TestMessage::payload).collect(Collectors.joining("\n", "", "\n")));
    }

    private List<String> publishCommand(TestMessage message) {
        List<String> command = command("mosquitto_pub", version, setup, setup.clientId() + "-pub");
        command.addAll(List.of("-t", message.topic(), "-q", level(message.qos())));
        if (message.retain()) {
            command.add("-r");
        }
        addProperties(command, "publish", message.properties());
        return command;
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
    public Inbox inbox() {
        return inbox;
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
