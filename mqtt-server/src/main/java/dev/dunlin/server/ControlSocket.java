package dev.dunlin.server;

import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the running broker takes commands from {@code dunlin store ...}: a Unix domain socket in its data folder, which only the
 * user it runs as can reach.
 *
 * <p>A client sends one line: the name of a command, a space, and what the command is about. The broker answers with lines:
 * any number of {@code progress TEXT}, then {@code ok TEXT} or {@code error TEXT}, and closes. Requests are read one after the
 * other on one thread, each within a few seconds; a command that takes long answers from another thread.
 */
final class ControlSocket implements Closeable {
    static final String FILE = "dunlin.sock";
    static final Duration PATIENCE = Duration.ofSeconds(2);

    /** As long as {@link #FILE}, so that a path that is too long for a socket is so in the beginning. */
    private static final String NEW_FOLDER = ".new";

    private static final String NEW_FILE = "socket";
    private static final Logger LOG = LoggerFactory.getLogger(ControlSocket.class);

    private final Path file;
    private final ServerSocketChannel server;
    private final Map<String, Command> commands;
    private final Duration patience;

    /** What a broker does when it is asked. */
    @FunctionalInterface
    interface Command {
        /** Does it, or has it done; doesn't block. {@code to} takes the end of the answer from any thread. */
        void run(String about, Answer to);
    }

    private ControlSocket(Path file, ServerSocketChannel server, Map<String, Command> commands, Duration patience) {
        this.file = file;
        this.server = server;
        this.commands = commands;
        this.patience = patience;
    }

    /**
     * Listens in a folder whose store this process has open. A file that a killed broker has left is replaced.
     *
     * @param patience how long a client may take for its request
     * @throws IOException with a sentence, if there can't be such a socket
     */
    static ControlSocket open(Path folder, Map<String, Command> commands, Duration patience) throws IOException {
        Path file = folder.resolve(FILE);
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        boolean done = false;
        try {
            bind(server, folder, file);
            ControlSocket socket = new ControlSocket(file, server, commands, patience);
            Thread thread = new Thread(socket::serve, "dunlin-control");
            thread.setDaemon(true);
            thread.start();
            done = true;
            return socket;
        } catch (UnsupportedOperationException e) {
            throw new IOException(String.valueOf(e.getMessage()), e);
        } finally {
            if (!done) {
                server.close();
            }
        }
    }

    /** Nobody else reaches the socket at any moment: it is made in a folder that only its owner may enter. */
    private static void bind(ServerSocketChannel server, Path folder, Path file) throws IOException {
        Path closedFolder = folder.resolve(NEW_FOLDER);
        Path socket = closedFolder.resolve(NEW_FILE);
        Files.deleteIfExists(socket);
        Files.deleteIfExists(closedFolder);
        Files.createDirectory(closedFolder);
        try {
            permit(closedFolder, "rwx------");
            server.bind(UnixDomainSocketAddress.of(socket));
            permit(socket, "rw-------");
            Files.move(socket, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(socket);
            Files.delete(closedFolder);
        }
    }

    private static void permit(Path path, String permissions) throws IOException {
        if (Files.getFileAttributeView(path, PosixFileAttributeView.class) != null) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
        }
    }

    private void serve() {
        while (server.isOpen()) {
            try {
                serve(new LineChannel(server.accept()));
            } catch (ClosedChannelException e) {
                return; // the broker ends
            } catch (IOException e) {
                LOG.warn("commands: nobody can be served at present: {}", e.toString());
                LockSupport.parkNanos(patience.toNanos()); // such as for want of file descriptors
            }
        }
    }

    private void serve(LineChannel client) {
        Answer answer = new Answer(client);
        String request;
        try {
            request = client.readLine(patience);
        } catch (IOException e) {
            answer.error("the broker expects a command, but " + e.getMessage());
            return;
        }
        if (request == null) {
            answer.error("the broker expects a command, but none came");
            return;
        }
        int space = request.indexOf(' ');
        String name = space < 0 ? request : request.substring(0, space);
        Command command = commands.get(name);
        if (command == null) {
            answer.error("the running broker knows no command '" + name + "': is it of the same version?");
        } else {
            run(command, space < 0 ? "" : request.substring(space + 1), answer);
        }
    }

    private static void run(Command command, String about, Answer answer) {
        try {
            command.run(about, answer);
        } catch (RuntimeException e) { // our bug: the client hears of it, the thread goes on
            LOG.error("commands: failed", e);
            answer.error("the command failed: " + e);
        }
    }

    /** Takes no more commands, and removes the file. Those under way may still be answered. */
    @Override
    public void close() throws IOException {
        try {
            server.close();
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** The answer to one client, who may be gone: then it is lost. Any thread, one at a time. */
    static final class Answer {
        private final LineChannel client;

        Answer(LineChannel client) {
            this.client = client;
        }

        /** What is going on. */
        void progress(String text) {
            say("progress " + text);
        }

        /** The end: it is done. */
        void ok(String text) {
            end("ok " + text);
        }

        /** The end: a sentence that says why not. */
        void error(String text) {
            end("error " + text);
        }

        private void end(String line) {
            try (client) {
                client.writeLine(line);
            } catch (IOException e) {
                LOG.debug("commands: nobody hears \"{}\": {}", line, e.toString());
            }
        }

        private void say(String line) {
            try {
                client.writeLine(line);
            } catch (IOException e) {
                LOG.debug("commands: nobody hears \"{}\": {}", line, e.toString());
            }
        }
    }
}
