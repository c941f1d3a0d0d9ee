package dev.dunlin.store.tck;

import java.util.Arrays;
import java.util.stream.Collectors;

/** System calls by which an engine changes its files: the points at which it is killed, or let down. */
enum Syscalls {
    WRITE("write,writev,pwrite64,pwritev,pwritev2"),
    SYNC("fsync,fdatasync,sync_file_range,msync"),
    RESIZE("ftruncate,fallocate"),
    RENAME("rename,renameat,renameat2"),
    DELETE("unlink,unlinkat");

    private final String names;

    Syscalls(String names) {
        this.names = names;
    }

    /** As strace takes several kinds. */
    static String names(Syscalls... kinds) {
        return Arrays.stream(kinds).map(kind -> kind.names()).collect(Collectors.joining(","));
    }

    /** Whether a line of strace's log, {@code thread name(arguments...}, is about such a call. */
    boolean isCalledIn(String line) {
        String call = line.substring(line.indexOf(' ') + 1).strip();
        return Arrays.stream(names.split(",", -1)).anyMatch(name -> call.startsWith(name + "("));
    }

    /** As strace takes them; a name that this machine doesn't have is left out by the question mark. */
    String names() {
        return "?" + names.replace(",", ",?");
    }
}
