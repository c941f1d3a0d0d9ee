package dev.dunlin.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Mosquitto itself, on a port of its own: what it does is what its users expect. */
final class RealMosquitto implements AutoCloseable {
    private static final int ATTEMPTS = 5;

    private final Process process;
    private final int port;

    private RealMosquitto(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** With one listener and these lines of configuration. */
    static RealMosquitto start(Path folder, List<String> configuration) {
        for (int attempt = 1; ; attempt++) {
            RealMosquitto started = tryStart(folder, configuration);
            if (started.process.isAlive()) {
                return started;
            }
            // Another may have taken the port; a configuration that it doesn't like fails each time.
            assertThat(attempt)
                    .as("Mosquitto does not start with %s", configuration)
                    .isLessThan(ATTEMPTS);
        }
    }

    private static RealMosquitto tryStart(Path folder, List<String> configuration) {
        try {
            int port = freePort();
            List<String> lines = new ArrayList<>(List.of("listener " + port + " 127.0.0.1", "user root"));
            lines.addAll(configuration);
            Path file = Files.write(folder.resolve("mosquitto.conf"), lines);
            Process process = new ProcessBuilder("mosquitto", "-c", file.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("mosquitto.log").toFile())
                    .start();
            await().atMost(Duration.ofSeconds(20))
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> !process.isAlive() || isOpen(port));
            return new RealMosquitto(process, port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static boolean isOpen(int port) {
        try (Socket ignored = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Runs mosquitto_passwd to its good end. */
    static void passwd(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("mosquitto_passwd"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as("%s: %s", command, out).isZero();
    }

    int port() {
        return port;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
