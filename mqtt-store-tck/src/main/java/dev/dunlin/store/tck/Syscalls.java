package dev.dunlin.store.tck;

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

    /** As strace takes them; a name that this machine doesn't have is left out by the question mark. */
    String names() {
        return "?" + names.replace(",", ",?");
    }
}
