package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A configuration file of Mosquitto, which Mosquitto and Dunlin run by in turn, and its commands. */
final class MosquittoSetup {
    private static final Duration START = Duration.ofSeconds(30);

    /** Which broker runs by the file. */
    enum Kind {
        MOSQUITTO,
        DUNLIN
    }

    private final Path folder;
    private final Path file;
    private final int port;

    /** @param port of a listener that says when the broker is ready */
    MosquittoSetup(Path folder, int port, String... lines) throws IOException {
        this.folder = folder;
        this.port = port;
        file = Files.write(folder.resolve("mosquitto.conf"), List.of(lines));
    }

    /** A port that nobody listens on: the file has to name one, and both brokers take it in turn. */
    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Users with the passwords "pw of NAME", by Mosquitto's own command. */
    static void passwords(Path file, String... users) throws Exception {
        Files.createFile(file);
        for (String user : users) {
            assertThat(Child.run(new ProcessBuilder("mosquitto_passwd", "-b", file.toString(), user, "pw of " + user))
                            .code())
                    .isZero();
        }
    }

    /** Starts a broker by the file, and waits until it accepts connections. */
    Child start(Kind kind) throws Exception {
        letMosquittoIn(folder);
        ProcessBuilder command = kind == Kind.MOSQUITTO
                ? new ProcessBuilder("mosquitto", "-c", file.toString())
                : Child.broker("--mosquitto-conf", file.toString());
        Child broker = Child.start(command.directory(folder.toFile()));
        await().atMost(START).until(() -> {
            assertThat(broker.handle().isAlive()).as("%s runs", kind).isTrue();
            return answers();
        });
        return broker;
    }

    /** As root it becomes another user, who has to read all of this and write into folders. */
    private static void letMosquittoIn(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.toList()) {
                Files.setPosixFilePermissions(
                        each, PosixFilePermissions.fromString(Files.isDirectory(each) ? "rwxrwxrwx" : "rw-r--r--"));
            }
        }
    }

    private boolean answers() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * A command of Mosquitto's, in version 5, at a port of this machine.
     *
     * @param user empty for an anonymous client
     */
    static ProcessBuilder command(String name, int at, String user, String clientId, String... more) {
        List<String> command = new ArrayList<>(List.of("stdbuf", "-oL", "-eL", name, "-h", "127.0.0.1"));
        command.addAll(List.of("-p", Integer.toString(at), "-V", "5", "-i", clientId));
        if (!user.isEmpty()) {
            command.addAll(List.of("-u", user, "-P", "pw of " + user));
        }
        command.addAll(List.of(more));
        return new ProcessBuilder(command);
    }
}
