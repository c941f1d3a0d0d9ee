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
 * A Node process that runs a script of ours, with the packages that a lock file beside it names. Commands go in as forms, one in
 * each line, and their answers come out so; it can say other things in between. It ends with the JVM, when its input does. Any
 * thread.
 */
public final class NodeScript {
    private final Map<String, CompletableFuture<Form>> calls = new ConcurrentHashMap<>();
    private final Consumer<Form> said;
    private final Process process;
    private final Writer input;
    private int lastCall;

    private NodeScript(ProcessBuilder node, Consumer<Form> said) throws IOException {
        this.said = said;
        process = node.start();
        input = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
        Thread reader = new Thread(this::readOutput, "node");
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Starts it, in a folder of this name under target; what it needs is installed there.
     *
     * @param folder where the script is on the class path, with package.json and package-lock.json
     * @param said gets what is no answer, on a thread that isn't to be held up
     */
    public static NodeScript start(String folder, String script, Consumer<Form> said)
            throws IOException, InterruptedException {
        Path installed = NodeModules.installed(folder, script);
        return new NodeScript(
                new ProcessBuilder("node", script)
                        .directory(installed.toFile())
                        .redirectError(installed.resolve("node.log").toFile()),
                said);
    }

    /** Whether it runs. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Has the script do something; returns its answer, or fails with the error in it. */
    public Form call(Form command) throws Exception {
        CompletableFuture<Form> answer = new CompletableFuture<>();
        send(command, answer);
        if (!process.isAlive()) {
            throw new IOException("node has ended");
        }
        Form fields = answer.get(Inbox.PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (fields.has("error")) {
            throw new IOException("node: " + fields.get("error"));
        }
        return fields;
    }

    private synchronized void send(Form command, CompletableFuture<Form> answer) throws IOException {
        String call = Integer.toString(++lastCall);
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
                    said.accept(fields);
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
