package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.StoreFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The file CURRENT: which generation the store is read from, and which segments of the journal there are. A few lines of text,
 * replaced as a whole, on the disk before anything that it doesn't name any more is deleted.
 *
 * @param base the generation; its number is that of the first segment that it doesn't contain
 * @param previous the one before, kept to recover from; null if there is none
 * @param lastSegment the last segment: all from the base's number to this one are there, and those from the previous one's
 */
record Current(Stamp base, @Nullable Stamp previous, long lastSegment) {
    private static final Pattern TEXT = Pattern.compile("base (\\d+) (\\d+) (\\d+) ([0-9a-f]{8})\n"
            + "(?:previous (\\d+) (\\d+) (\\d+) ([0-9a-f]{8})\n)?"
            + "last segment (\\d+)\n");
    private static final Pattern CHECKED = Pattern.compile("(?s)(.*)crc32c ([0-9a-f]{8})\n");

    /**
     * A generation as it was written.
     *
     * @param lastGroup the last group that it contains
     * @param bytes of its file; 0 for the empty one, which has none
     * @param crc CRC32C of its file
     */
    record Stamp(long number, long lastGroup, long bytes, int crc) {
        static Stamp empty(long number) {
            return new Stamp(number, 0, 0, 0);
        }

        boolean isEmpty() {
            return bytes == 0;
        }

        private String text() {
            return number + " " + lastGroup + " " + bytes + " " + String.format("%08x", crc) + "\n";
        }
    }

    Current withLastSegment(long number) {
        return new Current(base, previous, number);
    }

    Current withBase(Stamp next) {
        return new Current(next, base, lastSegment);
    }

    Current withoutPrevious() {
        return new Current(base, null, lastSegment);
    }

    /** The first segment that may still be needed. */
    long firstSegment() {
        return previous == null ? base.number : previous.number;
    }

    void write(Path dir) throws IOException {
        String text = "base " + base.text() + (previous == null ? "" : "previous " + previous.text()) + "last segment "
                + lastSegment + "\n";
        String whole = text + String.format("crc32c %08x", crc(text)) + "\n";
        StoreFolder.replace(dir.resolve(Names.CURRENT), whole.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** What the file says, or null if it is missing or damaged. */
    static @Nullable Current read(Path dir) throws IOException {
        Path file = dir.resolve(Names.CURRENT);
        if (!Files.exists(file)) {
            return null;
        }
        Matcher checked = CHECKED.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
        if (!checked.matches() || Integer.parseUnsignedInt(checked.group(2), 16) != crc(checked.group(1))) {
            return null;
        }
        Matcher text = TEXT.matcher(checked.group(1));
        if (!text.matches()) {
            return null;
        }
        return new Current(
                stamp(text, 1), text.group(5) == null ? null : stamp(text, 5), Long.parseLong(text.group(9)));
    }

    private static Stamp stamp(Matcher text, int first) {
        return new Stamp(
                Long.parseLong(text.group(first)),
                Long.parseLong(text.group(first + 1)),
                Long.parseLong(text.group(first + 2)),
                Integer.parseUnsignedInt(text.group(first + 3), 16));
    }

    private static int crc(String text) {
        CRC32C crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.ISO_8859_1));
        return (int) crc.getValue();
    }
}
