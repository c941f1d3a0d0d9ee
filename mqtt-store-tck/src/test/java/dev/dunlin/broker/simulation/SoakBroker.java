package dev.dunlin.broker.simulation;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerStartException;
import dev.dunlin.broker.crash.EngineUnderTest;
import dev.dunlin.broker.spi.Durability;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * A broker in a JVM of its own, with real sockets and a real engine. On its standard output it says on which port it listens,
 * and what its {@link Logs} say: so the books of the {@link Model} are kept across the border. It ends when its standard input
 * does, so that it never outlives the soak.
 */
final class SoakBroker {
    private static final long PATIENCE_SECONDS = 60;
    private static final String SEPARATOR = "\t";
    private static final int BUSY = 'b';
    private static final int AT_REST = 'r';

    private final Process process;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final BlockingQueue<MemoryUse> memory = new LinkedBlockingQueue<>();
    private final Thread reader;
    private int port;

    /**
     * How it is started.
     *
     * @param store the folder of its store
     * @param isRestless whether the store rewrites its files in the middle of the traffic
     * @param seed what the limits are drawn from
     */
    record Start(Path store, Durability level, boolean isRestless, long seed) {
        List<String> arguments() {
            return List.of(store.toString(), level.name(), Boolean.toString(isRestless), Long.toString(seed));
        }
    }

    // ---- in the child

    /** The arguments are those of {@link Start}; without any it keeps nothing. For each byte that it reads it tells its memory. */
    public static void main(String[] args) throws Exception {
        Logs.listenEverywhere(new Reporter());
        try (Broker broker = args.length == 0 ? inMemory() : onStore(args)) {
            say("port", broker.port("tcp"));
            for (int why = System.in.read(); why >= 0; why = System.in.read()) {
                say("memory", MemoryUse.here(why == BUSY ? MemoryUse.When.BUSY : MemoryUse.When.AT_REST));
            }
        }
    }

    private static Broker inMemory() throws BrokerStartException {
        Setting setting = Setting.mixed();
        return Broker.builder()
                .tcp(0)
                .loops(setting.loops())
                .limits(setting.limits())
                .start();
    }

    private static Broker onStore(String[] args) throws BrokerStartException {
        Path store = Path.of(args[0]);
        EngineUnderTest engine = EngineUnderTest.here();
        Setting setting = Setting.overSockets(Long.parseLong(args[3]));
        return Broker.builder()
                .tcp(0)
                .loops(setting.loops())
                .limits(setting.limits())
                .storage(
                        Boolean.parseBoolean(args[2]) ? engine.restless(store) : engine.at(store),
                        Durability.valueOf(args[1]))
                .start();
    }

    private static void say(Object... words) {
        List<String> line = new ArrayList<>();
        for (Object word : words) {
            line.add(String.valueOf(word).replaceAll("\\s", " "));
        }
        System.out.println(String.join(SEPARATOR, line));
    }

    private static final class Reporter implements Logs.Listener {
        @Override
        public void dropped(String session, long n, String topic, String reason) {
            say("drop", session, n, topic, reason);
        }

        @Override
        public void logged(Level level, String logger, String line, @Nullable Throwable cause) {
            say("log", level, logger, line);
            if (cause != null) {
                cause.printStackTrace(System.err);
            }
        }
    }

    // ---- in the soak

    private SoakBroker(Process process) {
        this.process = process;
        reader = new Thread(this::read, "what the broker says");
        reader.setDaemon(true);
        reader.start();
    }

    /** Starts one; {@link #port} waits until it listens. */
    static SoakBroker start(Start how) {
        try {
            List<String> options = new ArrayList<>(EngineUnderTest.here().jvmOptions());
            options.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
            return start(options, how.arguments());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts one without a store, of {@link Setting#mixed}. */
    static SoakBroker startInMemory() {
        return start(List.of("-Xmx256m"), List.of());
    }

    private static SoakBroker start(List<String> options, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of(
                "-ea",
                "-Dslf4j.provider=" + Logs.class.getName(),
                "-cp",
                System.getProperty("java.class.path"),
                SoakBroker.class.getName()));
        command.addAll(arguments);
        try {
            return new SoakBroker(new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Asks for its memory, which is heard of later. Any thread. */
    void askMemory(MemoryUse.When when) {
        try {
            OutputStream to = process.getOutputStream();
            to.write(when == MemoryUse.When.BUSY ? BUSY : AT_REST);
            to.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What it has said of its memory since the last time, when at least one of these has come. */
    List<MemoryUse> memory(MemoryUse.When when) {
        List<MemoryUse> all = new ArrayList<>();
        do {
            try {
                MemoryUse next = memory.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
                Model.require(next != null, "the broker does not tell its memory");
                all.add(next);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError(e);
            }
        } while (all.get(all.size() - 1).when() != when);
        return all;
    }

    private void read() {
        try (BufferedReader from =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = from.readLine(); line != null; line = from.readLine()) {
                if (line.startsWith("memory" + SEPARATOR)) {
                    memory.add(MemoryUse.parse(line.split(SEPARATOR, -1)[1]));
                } else {
                    lines.add(line);
                }
            }
        } catch (IOException e) {
            lines.add("log" + SEPARATOR + "ERROR" + SEPARATOR + SEPARATOR + "its output breaks off: " + e);
        }
    }

    /** Waits until it listens, and passes what it says before. */
    int port(Logs.Listener listener) {
        while (port == 0) {
            String line = take();
            Model.require(line != null && (process.isAlive() || !lines.isEmpty()), "the broker does not start");
            if (line.startsWith("port" + SEPARATOR)) {
                port = Integer.parseInt(line.split(SEPARATOR, -1)[1]);
            } else {
                pass(line, listener);
            }
        }
        return port;
    }

    private @Nullable String take() {
        try {
            return lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** Passes what it has said; returns how many lines it was. */
    int listen(Logs.Listener listener) {
        int count = 0;
        for (String line = lines.poll(); line != null; line = lines.poll()) {
            pass(line, listener);
            count++;
        }
        return count;
    }

    private static void pass(String line, Logs.Listener listener) {
        String[] words = line.split(SEPARATOR, -1);
        if (words[0].equals("drop")) {
            listener.dropped(words[1], Long.parseLong(words[2]), words[3], words[4]);
        } else if (words[0].equals("log")) {
            listener.logged(Level.valueOf(words[1]), words[2], words[3], null);
        } else {
            System.err.println(line);
        }
    }

    /** Kills it, as {@code kill -9} does. */
    void kill() {
        process.toHandle().destroyForcibly(); // the process itself would close what it has still said
    }

    /** Has it end in good order. */
    void stop() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Has it print what its threads are doing. */
    void dumpThreads() {
        try {
            new ProcessBuilder("kill", "-QUIT", Long.toString(process.pid())).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Waits at most so long for its end; false if it lives on. */
    boolean awaitEnd(long ms) {
        try {
            return process.waitFor(ms, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** After its end: passes what it had still said, and returns how it ended. */
    int end(Logs.Listener listener) {
        Model.require(awaitEnd(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS)), "the broker does not end");
        try {
            reader.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
        listen(listener);
        return process.exitValue();
    }
}
