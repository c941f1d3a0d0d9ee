package dev.dunlin.server;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The broker that runs on a data folder, as a command reaches it: through its {@link ControlSocket}. */
final class RunningBroker implements AutoCloseable {
    /** Until the first line of an answer: longer than other clients may take. */
    private static final Duration FIRST_PATIENCE = Duration.ofSeconds(30);

    /** Until the next one: the work itself may take long. */
    private static final Duration PATIENCE = Duration.ofDays(7);

    private final Path folder;
    private final LineChannel broker;

    private RunningBroker(Path folder, LineChannel broker) {
        this.folder = folder;
        this.broker = broker;
    }

    /**
     * The broker on this folder, or null if nobody answers there.
     *
     * @param why takes a sentence that says why nobody answers, should there be a broker all the same
     */
    static @Nullable RunningBroker on(Path folder, Consumer<String> why) {
        Path file = folder.resolve(ControlSocket.FILE);
        try {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.connect(UnixDomainSocketAddress.of(file));
            } catch (IOException e) {
                channel.close();
                throw e;
            }
            return new RunningBroker(folder, new LineChannel(channel));
        } catch (IOException | UnsupportedOperationException e) {
            why.accept("nobody answers at " + file + " (" + e.getMessage() + ")");
            return null;
        }
    }

    /**
     * Asks for one thing, waits for its end, and returns what the broker says then.
     *
     * @param progress takes what it says before
     * @throws StoreException with a sentence, if it could not or would not do it
     */
    String ask(String request, Consumer<String> progress) throws StoreException {
        try {
            broker.writeLine(request);
            Duration patience = FIRST_PATIENCE;
            for (String line = broker.readLine(patience); line != null; line = broker.readLine(patience)) {
                int space = line.indexOf(' ');
                String text = line.substring(space + 1);
                switch (space < 0 ? line : line.substring(0, space)) {
                    case "progress" -> progress.accept(text);
                    case "ok" -> {
                        return text;
                    }
                    case "error" -> throw new StoreException(Kind.IO, text);
                    default -> throw new IOException("it answers '" + line + "'");
                }
                patience = PATIENCE;
            }
        } catch (IOException e) {
            throw new StoreException(
                    Kind.IO, "the broker that runs on " + folder + " couldn't be asked: " + e.getMessage(), e);
        }
        throw new StoreException(Kind.IO, "the broker that runs on " + folder + " has ended before it was done");
    }

    @Override
    public void close() throws IOException {
        broker.close();
    }
}
