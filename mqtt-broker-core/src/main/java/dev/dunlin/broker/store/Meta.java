package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.View;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What a store says about itself: the space META. */
final class Meta {
    /** Raised when an older broker could no longer read what is written. */
    static final int FORMAT_MAJOR = 1;

    private static final int FORMAT_MINOR = 0;

    /** In place of the major format while a dump is being loaded: no broker opens such a store. */
    private static final int UNFINISHED = 0;

    private static final byte[] FORMAT = key("format");
    private static final byte[] LAST_TICKET = key("lastTicket");
    private static final byte[] LAST_SEEN = key("lastSeen");
    private static final byte[] CLEAN_SHUTDOWN = key("cleanShutdown");
    private static final byte[] SWEPT = key("swept");

    private Meta() {}

    private static byte[] key(String name) {
        return name.getBytes(StandardCharsets.US_ASCII);
    }

    /** Ends a batch: the last ticket in it, and the time. */
    static void stamp(OpBuffer batch, long lastTicket, long wallMs) {
        putLong(batch, LAST_TICKET, lastTicket);
        putLong(batch, LAST_SEEN, wallMs);
    }

    /** The first batch of a process: whatever comes after it is no clean shutdown until that is said. */
    static OpBuffer start(long lastTicket, long wallMs) {
        OpBuffer batch = new OpBuffer();
        putFormat(batch, FORMAT_MAJOR, FORMAT_MINOR);
        putLong(batch, CLEAN_SHUTDOWN, 0);
        putLong(batch, SWEPT, 0);
        stamp(batch, lastTicket, wallMs);
        return batch;
    }

    /** References are counted from here on: no message stays behind that nobody refers to. */
    static void swept(OpBuffer batch) {
        putLong(batch, SWEPT, 1);
    }

    /** The last batch of a process. */
    static OpBuffer cleanShutdown(long wallMs) {
        OpBuffer batch = new OpBuffer();
        putLong(batch, CLEAN_SHUTDOWN, 1);
        putLong(batch, LAST_SEEN, wallMs);
        return batch;
    }

    /** The first batch of a load. */
    static OpBuffer unfinished() {
        OpBuffer batch = new OpBuffer();
        putFormat(batch, UNFINISHED, 0);
        return batch;
    }

    /** The last batch of a load, to which what META holds in the dump is added: that need not say a format. */
    static OpBuffer finished() {
        OpBuffer batch = new OpBuffer();
        batch.delete(Space.META, ByteBuffer.wrap(FORMAT));
        return batch;
    }

    private static void putFormat(OpBuffer batch, int major, int minor) {
        ByteBuffer format = ByteBuffer.allocate(4).putShort((short) major).putShort((short) minor);
        batch.put(Space.META, ByteBuffer.wrap(FORMAT), format.flip());
    }

    private static void putLong(OpBuffer batch, byte[] key, long value) {
        batch.put(
                Space.META,
                ByteBuffer.wrap(key),
                ByteBuffer.allocate(Long.BYTES).putLong(0, value));
    }

    /** The last ticket in the store; 0 if it is new. */
    static long lastTicket(View view) throws StoreException {
        return getLong(view, LAST_TICKET);
    }

    /** The wall time when the store was last written, in milliseconds; 0 if it is new. */
    static long lastSeenMs(View view) throws StoreException {
        return getLong(view, LAST_SEEN);
    }

    static boolean wasShutDownCleanly(View view) throws StoreException {
        return getLong(view, CLEAN_SHUTDOWN) == 1;
    }

    /**
     * Whether there may be messages that no entry refers to: the sweep of the last process hasn't ended, or the process
     * crashed. Entries of an ended session that are deleted as a range release their messages one by one, behind that.
     */
    static boolean mayHoldForgottenMessages(View view) throws StoreException {
        return getLong(view, SWEPT) != 1 || !wasShutDownCleanly(view);
    }

    /** The format in the store, major and minor in two bytes each; the present one if it is new. */
    static int format(View view) throws StoreException {
        ByteBuffer format = view.get(Space.META, FORMAT);
        return format == null
                ? FORMAT_MAJOR << Short.SIZE | FORMAT_MINOR
                : whole(format, Integer.BYTES).getInt(format.position());
    }

    private static long getLong(View view, byte[] key) throws StoreException {
        ByteBuffer value = view.get(Space.META, key);
        return value == null ? 0 : whole(value, Long.BYTES).getLong(value.position());
    }

    /** What is wrong with a value under this name; empty if nothing is, or if only newer versions know the name. */
    static String wrong(String name, ByteBuffer value) {
        return switch (name) {
            case "format" -> value.remaining() == Integer.BYTES ? "" : "has " + value.remaining() + " bytes";
            case "lastTicket", "lastSeen" -> wrongNumber(value, Long.MAX_VALUE);
            case "cleanShutdown", "swept" -> wrongNumber(value, 1);
            default -> "";
        };
    }

    private static String wrongNumber(ByteBuffer value, long max) {
        if (value.remaining() != Long.BYTES) {
            return "has " + value.remaining() + " bytes";
        }
        long number = value.getLong(value.position());
        return number >= 0 && number <= max ? "" : "is " + number;
    }

    /** Refuses a store of a newer format, or of something else. */
    static void checkFormat(View view) throws StoreException {
        ByteBuffer format = view.get(Space.META, FORMAT);
        if (format == null) {
            return;
        }
        int major = whole(format, Integer.BYTES).getShort(format.position());
        if (major == UNFINISHED) {
            throw new StoreException(
                    Kind.CORRUPT, "the store is unfinished, as loading a dump into it has not ended: load it anew");
        }
        if (major != FORMAT_MAJOR) {
            throw new StoreException(
                    Kind.VERSION,
                    "the store has format " + major + ", and this version of Dunlin reads " + FORMAT_MAJOR
                            + ": start it with the version that wrote it, or a newer one");
        }
    }

    private static ByteBuffer whole(ByteBuffer value, int bytes) throws StoreException {
        if (value.remaining() != bytes) {
            throw new StoreException(
                    Kind.CORRUPT, "what the store says about itself is damaged: " + value.remaining() + " bytes");
        }
        return value;
    }
}
