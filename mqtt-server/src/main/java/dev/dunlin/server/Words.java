package dev.dunlin.server;

import dev.dunlin.broker.StoreDump;
import dev.dunlin.broker.spi.EngineStats;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Figures as a person reads them. */
final class Words {
    private Words() {}

    /** A number of things, whose plural ends in "s". */
    static String count(long number, String thing) {
        return number + " " + thing + (number == 1 ? "" : "s");
    }

    /** A wall time in milliseconds, to the second, in UTC; 0 for never. */
    static String time(long wallMs) {
        return wallMs == 0
                ? "its beginning"
                : Instant.ofEpochMilli(wallMs).truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** A number of bytes, or that it isn't known. */
    static String bytes(long number) {
        return number == EngineStats.UNKNOWN ? "an unknown number of bytes" : count(number, "byte");
    }

    /** What is in a dump. */
    static String entries(StoreDump dump) {
        long entries =
                dump.entries().values().stream().mapToLong(Long::longValue).sum();
        return entries + (entries == 1 ? " entry, " : " entries, ") + bytes(dump.bytes());
    }

    /** What was in the way of a file. */
    static String of(IOException failure) {
        if (!(failure instanceof FileSystemException file) || file.getReason() != null) {
            return String.valueOf(failure.getMessage());
        }
        return failure instanceof AccessDeniedException
                ? "no permission for " + file.getFile()
                : file.getFile() + " (" + failure.getClass().getSimpleName() + ")";
    }
}
