package dev.dunlin.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Whether systemd's journal reads what this process writes. */
final class Journal {
    /** Set by systemd: device and inode of the stream to the journal, with a colon between them. */
    private static final String STREAM = "JOURNAL_STREAM";

    private Journal() {}

    /** Whether standard error goes there: a variable alone may be left over from whoever has started this process. */
    static boolean readsStandardError() {
        String stream = System.getenv(STREAM);
        return stream != null && stream.equals(standardError());
    }

    private static @Nullable String standardError() {
        try {
            Map<String, Object> file = Files.readAttributes(Path.of("/proc/self/fd/2"), "unix:dev,ino");
            return file.get("dev") + ":" + file.get("ino");
        } catch (IOException | UnsupportedOperationException e) {
            return null; // no Linux, or it is closed: no journal
        }
    }
}
