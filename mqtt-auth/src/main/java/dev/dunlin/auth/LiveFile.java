package dev.dunlin.auth;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * A file whose content is in use and may be read again: when asked, or when it is seen to have changed. What can't be read
 * changes nothing.
 *
 * <p>The file is looked at by its size, time and inode, as a notice from the system isn't to be had on every file system, and
 * gets lost where an editor puts a new file in the place of the old one. A change counts when two looks in a row find the same:
 * then nobody is in the middle of writing it. A file that isn't there is no change. One that can't be read or used is tried again
 * at each look, as what keeps it from that, such as its permissions, need not be seen in what is looked at; that is logged again
 * when the reason is another.
 */
final class LiveFile implements AutoCloseable {
    private final Logger log;
    private final Loader loader;

    // Under this object's lock, as is each load.
    private Path path;
    private @Nullable Stamp loaded; // of what is in use
    private @Nullable String fault; // of the last try, as it was logged; null if that went well
    private @Nullable Stamp seen;
    private boolean missed;
    private @Nullable ScheduledThreadPoolExecutor watch;
    private boolean closed;

    /** Takes the file's lines into use. */
    @FunctionalInterface
    interface Loader {
        /**
         * All of them or none.
         *
         * @param from the file, for messages
         * @return what they are, for the log: "3 users"
         */
        String load(Path from, List<String> lines) throws AuthFileException;
    }

    /** Reads it now. */
    LiveFile(Path path, Logger log, Loader loader) throws AuthFileException {
        this.path = path;
        this.log = log;
        this.loader = loader;
        log.info("{}: {}", path, load(path));
    }

    synchronized Path path() {
        return path;
    }

    synchronized void reload() throws AuthFileException {
        reload(path);
    }

    /** Reads another file, which is this one from then on; if it can't be used, all stays as it is. */
    synchronized void reload(Path from) throws AuthFileException {
        try {
            log.info("reloaded {}: {}", from, load(from));
        } catch (AuthFileException e) {
            fault = e.getMessage();
            log.error("{}; what was read before stays in use", fault);
            throw e;
        }
    }

    private synchronized String load(Path from) throws AuthFileException {
        Stamp now = Stamp.of(from); // before it is read: what is written meanwhile is a change
        String what = loader.load(from, TextLines.of(from));
        path = from;
        loaded = now;
        fault = null;
        return what;
    }

    /** Looks at the file every so often, from 1 ms, on a thread of its own. */
    synchronized void watch(Duration every) {
        long everyMs = every.toMillis();
        if (everyMs < 1) {
            throw new IllegalArgumentException("a file is looked at every millisecond at most, not every " + every);
        }
        if (closed) {
            throw new IllegalStateException(path + " is closed");
        }
        stopWatch();
        ScheduledThreadPoolExecutor looks = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "dunlin-watch-" + path.getFileName());
            thread.setDaemon(true);
            return thread;
        });
        looks.scheduleWithFixedDelay(this::look, everyMs, everyMs, TimeUnit.MILLISECONDS);
        watch = looks;
    }

    /** What the watch does each time. */
    synchronized void look() {
        Stamp now = Stamp.of(path);
        if (closed || now == null || now.equals(loaded)) {
            if (now == null && !missed) {
                log.warn("{} is not there; what was read before stays in use", path);
            }
            missed = now == null;
            fault = now == null ? fault : null;
            seen = null;
            return;
        }
        missed = false;
        if (now.equals(seen)) {
            tryAgain();
        }
        seen = now;
    }

    private void tryAgain() {
        try {
            log.info("reloaded {}: {}", path, load(path));
        } catch (AuthFileException e) {
            if (isNew(e.getMessage())) {
                log.error("{}; what was read before stays in use", fault);
            }
        } catch (RuntimeException e) {
            if (isNew(e.toString())) {
                log.error("{} can't be used; what was read before stays in use", path, e);
            }
        }
    }

    private boolean isNew(@Nullable String message) {
        boolean other = !Objects.equals(message, fault);
        fault = message;
        return other;
    }

    private void stopWatch() {
        if (watch != null) {
            watch.shutdownNow();
        }
    }

    /** Looks no more. What was read stays in use. */
    @Override
    public synchronized void close() {
        closed = true;
        stopWatch();
    }

    /** What differs when the file does. */
    private record Stamp(FileTime modified, long bytes, String key) {
        static @Nullable Stamp of(Path path) {
            try {
                BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
                return new Stamp(now.lastModifiedTime(), now.size(), String.valueOf(now.fileKey()));
            } catch (IOException e) {
                return null; // not there, for now
            }
        }
    }
}
