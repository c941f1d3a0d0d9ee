package dev.dunlin.server;

import dev.dunlin.server.admin.AdminHttp;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What happens when the process is told to end: the broker closes, and nothing is left of what belonged to the process. It is
 * there before that is.
 */
final class OrderedStop {
    private final Supplier<CompletionStage<Void>> broker;
    private final Duration patience;
    private final int failedCode;

    private volatile @Nullable AdminHttp admin;
    private volatile @Nullable Closeable commands;
    private volatile @Nullable Path pidFile;
    private volatile boolean failed;

    /**
     * @param broker begins to close it
     * @param patience for how long that is waited for
     * @param failedCode the exit code where the stop isn't the success that it should be
     */
    OrderedStop(Supplier<CompletionStage<Void>> broker, Duration patience, int failedCode) {
        this.broker = broker;
        this.patience = patience;
        this.failedCode = failedCode;
    }

    /** Told before the broker closes, which those who ask whether it is ready should know; and closed behind it. */
    void administeredBy(AdminHttp http) {
        admin = http;
    }

    /** Closed behind the broker, which may still answer by it. */
    void closes(Closeable socket) {
        commands = socket;
    }

    /** Writes the number of the process to a file that is removed at the end, however that is. */
    void writePid(Path file) throws IOException {
        pidFile = file;
        try {
            Files.writeString(file, ProcessHandle.current().pid() + "\n");
        } catch (IOException e) {
            pidFile = null; // whatever is there isn't ours
            throw e;
        }
    }

    /** The process ends because something went wrong, which was told. */
    void failed() {
        failed = true;
    }

    /** Does it. Blocks, for not much longer than it has patience. Returns the exit code. */
    int run() {
        int code = failed ? failedCode : 0;
        AdminHttp http = admin;
        if (http != null) {
            http.stopping();
        }
        try {
            broker.get().toCompletableFuture().get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            // The end of the process closes what is left.
            System.err.println("dunlin: connections or the store took too long to close");
        } catch (ExecutionException | InterruptedException | RuntimeException e) {
            System.err.println("dunlin: the stop failed: " + Main.oneLine(String.valueOf(e)));
            code = failedCode;
        }
        if (http != null) {
            http.close();
        }
        boolean closed = closeCommands();
        boolean removed = removePid();
        return closed && removed ? code : failedCode;
    }

    private boolean closeCommands() {
        Closeable open = commands;
        try {
            if (open != null) {
                open.close();
            }
            return true;
        } catch (IOException e) {
            System.err.println("dunlin: the socket for commands can't be closed: " + Main.oneLine(Words.of(e)));
            return false;
        }
    }

    private boolean removePid() {
        Path file = pidFile;
        try {
            if (file != null) {
                Files.deleteIfExists(file);
            }
            return true;
        } catch (IOException e) {
            System.err.println("dunlin: the pid_file can't be removed: " + Main.oneLine(Words.of(e)));
            return false;
        }
    }
}
