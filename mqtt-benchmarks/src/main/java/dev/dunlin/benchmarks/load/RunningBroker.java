package dev.dunlin.benchmarks.load;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A broker that was started, until it is closed. */
final class RunningBroker implements AutoCloseable {
    private static final int START_SECONDS = 120;
    private static final int STOP_SECONDS = 20;
    private static final int LOOK_EVERY_MS = 20;

    private final Process process;
    private final int port;

    private RunningBroker(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Returns when it takes connections. */
    static RunningBroker start(List<String> command, int port, Path log) throws IOException, InterruptedException {
        List<String> pinned = new ArrayList<>(Cores.pinned(0));
        pinned.addAll(command);
        Process process = new ProcessBuilder(pinned)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        RunningBroker broker = new RunningBroker(process, port);
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy, "stop-broker")); // also if we are interrupted
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (!takesConnections(port)) {
            if (process.waitFor(LOOK_EVERY_MS, TimeUnit.MILLISECONDS) || System.nanoTime() > endNs) {
                broker.close();
                throw new IllegalStateException(
                        "the broker did not start, see " + log + ": " + String.join(" ", command));
            }
        }
        return broker;
    }

    private static boolean takesConnections(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
            return true;
        } catch (IOException e) {
            return false; // not yet
        }
    }

    /** A port that is free at present. */
    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    long pid() {
        return process.pid();
    }

    int port() {
        return port;
    }

    @Override
    public void close() {
        process.destroy();
        try {
            process.onExit().get(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            process.destroyForcibly().onExit().join();
        }
    }
}
