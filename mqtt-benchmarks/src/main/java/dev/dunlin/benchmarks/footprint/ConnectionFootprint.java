package dev.dunlin.benchmarks.footprint;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What does a connection occupy that nothing happens on, and what does it cost? What a session, a subscription, a message that
 * waits?
 *
 * <pre>java -cp mqtt-benchmarks/target/benchmarks.jar dev.dunlin.benchmarks.footprint.ConnectionFootprint --help</pre>
 *
 * The broker has a JVM of its own. The clients of sockets are here; those of in-memory channels are with the broker, and what
 * their ends occupy is told by as many channels to nobody: half of a pair is a client's. Live objects are counted by a class
 * histogram after a full collection, before and after, so neither the collector nor the size of the heap matters.
 */
@Command(
        name = "ConnectionFootprint",
        description = "Prints bytes per idle connection, or per session, subscription and queued message.",
        sortOptions = false)
public final class ConnectionFootprint implements Callable<Integer> {
    private static final int SETTLE_SECONDS = 10;
    private static final int MESSAGES = 100;
    private static final int PAYLOAD_BYTES = 64;
    private static final int SUBACK_BYTES = 5;
    private static final int PUBACK_BYTES = 4;

    /** Under what the broker runs. */
    enum Kind {
        EPOLL,
        NIO,
        LOCAL
    }

    @Option(
            names = "--transport",
            paramLabel = "NAME",
            description = "epoll (default), nio, or local: in-memory channels.")
    Kind transport = Kind.EPOLL;

    @Option(names = "--connections", paramLabel = "N", description = "How many (default 10000).")
    int connections = 10_000;

    @Option(
            names = "--idle-seconds",
            paramLabel = "S",
            description = "Measures CPU for so long, without connections and with (default 0: not at all).")
    int idleSeconds;

    @Option(names = "--sessions", description = "Measures N sessions without a connection instead.")
    boolean sessions;

    @Option(names = "--help", usageHelp = true, description = "Print this text and exit.")
    boolean help;

    /** Exit codes: 0 measured, 2 wrong usage or it failed. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new ConnectionFootprint())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Process process = start();
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
                Writer in = process.outputWriter(StandardCharsets.UTF_8)) {
            Conversation broker = new Conversation(in, out);
            int port = Integer.parseInt(out.readLine());
            if (sessions) {
                measureSessions(broker, port);
            } else if (transport == Kind.LOCAL) {
                measureLocal(broker);
            } else {
                measureSockets(broker, port);
            }
        } finally {
            process.destroy();
        }
        return CommandLine.ExitCode.OK;
    }

    private Process start() throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx2g",
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                        "-Dio.netty.transport.noNative=" + (transport != Kind.EPOLL),
                        "-cp",
                        System.getProperty("java.class.path"),
                        MeasuredBroker.class.getName(),
                        transport == Kind.LOCAL ? "local" : "sockets")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private void measureSockets(Conversation broker, int port) throws IOException, InterruptedException {
        SocketClient.connect(port, connections, true).close(); // what is made once is made now
        double idleBefore = idle(broker);
        Look before = broker.look();
        List<SocketClient> clients = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            clients.add(SocketClient.connect(port, i, true));
        }
        TimeUnit.SECONDS.sleep(1); // the last CONNACK has left before the turn ends that it was written in
        broker.look().printSince(before, clients.size(), clients.size() + " connections, " + transport);
        if (idleSeconds > 0) {
            Look.print("CPU: %.3f %% of a core without connections, %.3f %% with%n", idleBefore, idle(broker));
        }
    }

    private void measureLocal(Conversation broker) throws IOException, InterruptedException {
        broker.tell("open 10");
        broker.tell("bare 10");
        Look before = broker.look();
        broker.tell("bare " + connections);
        Look bare = broker.look();
        broker.tell("open " + connections);
        TimeUnit.SECONDS.sleep(1);
        Look after = broker.look();
        bare.printSince(before, connections, connections + " pairs of in-memory channels without a broker");
        after.printSince(
                bare, connections, connections + " connections over in-memory channels, with their clients' ends");
        double clientEnd = bare.heapBytesEach(before, connections) / 2;
        Look.print("The broker's ends: %.0f bytes of heap each%n", after.heapBytesEach(bare, connections) - clientEnd);
    }

    private void measureSessions(Conversation broker, int port) throws IOException, InterruptedException {
        SocketClient.connect(port, connections, false).close();
        Look before = broker.look();
        for (int i = 0; i < connections; i++) {
            SocketClient.connect(port, i, false).close();
        }
        Look kept = broker.look();
        kept.printSince(before, connections, connections + " sessions without a connection");
        for (int i = 0; i < connections; i++) {
            try (SocketClient client = SocketClient.connect(port, i, false)) {
                client.ask(Packets.subscribe(i), SUBACK_BYTES);
            }
        }
        Look subscribed = broker.look();
        subscribed.printSince(kept, connections, "a subscription of each, to a topic of its own");
        try (SocketClient publisher = SocketClient.connect(port, connections, true)) {
            for (int i = 0; i < connections; i++) {
                for (int message = 1; message <= MESSAGES; message++) {
                    publisher.ask(Packets.publish(i, message, new byte[PAYLOAD_BYTES]), PUBACK_BYTES);
                }
            }
        }
        broker.look()
                .printSince(
                        subscribed,
                        connections * MESSAGES,
                        MESSAGES + " messages of " + PAYLOAD_BYTES + " bytes queued for each");
    }

    /** Percent of a core. */
    private double idle(Conversation broker) throws IOException, InterruptedException {
        if (idleSeconds == 0) {
            return 0;
        }
        TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
        long before = broker.cpuNs();
        TimeUnit.SECONDS.sleep(idleSeconds);
        return 100.0 * (broker.cpuNs() - before) / TimeUnit.SECONDS.toNanos(idleSeconds);
    }

    /** Commands and answers. */
    private record Conversation(Writer in, BufferedReader out) {
        List<String> tell(String command) throws IOException {
            in.write(command + "\n");
            in.flush();
            List<String> answer = new ArrayList<>();
            for (String line = out.readLine(); !Look.END.equals(line); line = out.readLine()) {
                if (line == null) {
                    throw new IOException("the broker has ended");
                }
                answer.add(line);
            }
            return answer;
        }

        Look look() throws IOException {
            return Look.parse(tell("look"));
        }

        long cpuNs() throws IOException {
            return Long.parseLong(tell("cpu").get(0));
        }
    }
}
