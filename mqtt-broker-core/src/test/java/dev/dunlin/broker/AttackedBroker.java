package dev.dunlin.broker;

import dev.dunlin.broker.spi.Limits;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A broker in a JVM of its own, to be attacked by more connections than are good for one that has their other ends, too. It
 * says its port, and for each line that it reads what it holds; it ends with its standard input.
 */
final class AttackedBroker implements Besieged {
    private static final int PATIENCE_SECONDS = 60;

    private final Process process;
    private final BufferedReader out;
    private final int port;

    private AttackedBroker(Process process) {
        this.process = process;
        out = process.inputReader(StandardCharsets.UTF_8);
        port = Integer.parseInt(readLine());
    }

    /** The argument is the CONNECT timeout. */
    public static void main(String[] args) throws IOException {
        Limits limits = Limits.EMBEDDED.withConnectTimeoutMs(Long.parseLong(args[0]));
        try (TestBroker broker = TestBroker.start(limits);
                BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            System.out.println(broker.broker().port("tcp"));
            while (in.readLine() != null) {
                System.out.println(State.of(broker));
            }
        }
    }

    /** Starts one with the default limits, but for the CONNECT timeout of these. */
    static AttackedBroker start(Limits limits) {
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-ea",
                "-Xmx512m",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                System.getProperty("java.class.path"),
                AttackedBroker.class.getName(),
                Long.toString(limits.connectTimeoutMs()));
        try {
            return new AttackedBroker(new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String readLine() {
        return CompletableFuture.supplyAsync(() -> {
                    try {
                        return out.readLine();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                })
                .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join();
    }

    @Override
    public int port(String listener) {
        return port;
    }

    @Override
    public State state() {
        try {
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return State.parse(readLine());
    }

    /** Ends it in good order; that no buffer is left is for it to say. */
    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new AssertionError("the broker does not end well: " + process);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            process.destroyForcibly();
        }
    }
}
