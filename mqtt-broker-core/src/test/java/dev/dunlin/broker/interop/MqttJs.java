package dev.dunlin.broker.interop;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The Node process that runs our script: the MQTT.js clients of all tests of this JVM, because it takes a while to start.
 * It ends with the JVM, when its input does. Any thread.
 */
final class MqttJs {
    private static MqttJs running;

    private final Map<String, CompletableFuture<Form>> calls = new ConcurrentHashMap<>();
    private final Map<String, Consumer<Form>> receivers = new ConcurrentHashMap<>();
    private final Process process;
    private final Writer input;
    private int lastNumber;

    private MqttJs(Path folder) throws IOException {
        process = new ProcessBuilder("node", "clients.js")
                .directory(folder.toFile())
                .redirectError(folder.resolve("node.log").toFile())
                .start();
        input = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
        Thread reader = new Thread(this::readOutput, "mqttjs");
        reader.setDaemon(true);
        reader.start();
    }

    /** The one of this JVM, which is started if it doesn't run. */
    static synchronized MqttJs running() throws IOException, InterruptedException {
        if (running == null || !running.process.isAlive()) {
            running = new MqttJs(NodeModules.installed());
        }
        return running;
    }

    /** A name for a client whose messages go to this receiver, on a thread that isn't to be held up. */
    synchronized String newClient(Consumer<Form> receiver) {
        String client = Integer.toString(++lastNumber);
        receivers.put(client, receiver);
        return client;
    }

    /** Has the script do something; returns its answer. */
    Form call(Form command) throws Exception {
        CompletableFuture<Form> answer = new CompletableFuture<>();
        send(command, answer);
        if (!process.isAlive()) {
            throw new IOException("node has ended");
        }
        Form fields = answer.get(Inbox.PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (fields.has("error")) {
            throw new IOException("MQTT.js: " + fields.get("error"));
        }
        return fields;
    }

    private synchronized void send(Form command, CompletableFuture<Form> answer) throws IOException {
        String call = Integer.toString(++lastNumber);
        calls.put(call, answer);
        input.write(command.with("call", call) + "\n");
        input.flush();
    }

    private void readOutput() {
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                Form fields = Form.parse(line);
                if (fields.has("call")) {
                    calls.remove(fields.get("call")).complete(fields);
                } else {
                    receivers.get(fields.get("client")).accept(fields);
                }
            }
            fail(new IOException("node has ended, see node.log under target"));
        } catch (IOException e) {
            fail(e);
        }
    }

    private void fail(IOException reason) {
        calls.values().forEach(call -> call.completeExceptionally(reason));
    }
}
