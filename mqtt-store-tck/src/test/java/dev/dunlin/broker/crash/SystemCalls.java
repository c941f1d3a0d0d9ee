package dev.dunlin.broker.crash;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a broker has written to the files of its store, when it synced them, and what it sent to whom, according to its
 * {@link Trace}.
 */
final class SystemCalls implements Trace.Reader {
    private static final Set<String> WRITES = Set.of("write", "writev", "pwrite64", "pwritev", "sendto", "sendmsg");

    /** Data that was written, to a file or to a client. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Write(int file, int begin, int end, byte[] bytes) {}

    /** A sync of a file. */
    record Sync(int file, int begin, int end) {}

    final List<Write> fileWrites = new ArrayList<>();
    final List<Sync> fileSyncs = new ArrayList<>();

    /** What each client was sent, by the number of its connection. */
    final Map<Integer, List<Write>> sent = new HashMap<>();

    private final Path store;
    private final Map<Integer, Integer> files = new HashMap<>();
    private final Map<Integer, Integer> clients = new HashMap<>();
    private int opened;

    private SystemCalls(Path store) {
        this.store = store;
    }

    static SystemCalls read(Path trace, Path store) throws IOException {
        SystemCalls calls = new SystemCalls(store);
        Trace.read(trace, calls);
        return calls;
    }

    @Override
    public void closing(int file) {
        files.remove(file);
        clients.remove(file);
    }

    @Override
    public void ended(Trace.Call call) {
        if (!call.isOver()) {
            return;
        }
        switch (call.name()) {
            case "openat" -> {
                if (call.paths().get(0).startsWith(store)) {
                    files.put((int) call.result(), opened++);
                }
            }
            case "accept", "accept4" -> clients.put((int) call.result(), opened++);
            case "fsync", "fdatasync" -> {
                if (files.containsKey(call.file())) {
                    fileSyncs.add(new Sync(files.get(call.file()), call.begin(), call.end()));
                }
            }
            default -> {
                if (WRITES.contains(call.name())) {
                    written(call);
                }
            }
        }
    }

    private void written(Trace.Call call) {
        Integer file = files.get(call.file());
        Integer client = clients.get(call.file());
        if (file != null) {
            fileWrites.add(new Write(file, call.begin(), call.end(), call.written()));
        } else if (client != null) {
            sent.computeIfAbsent(client, c -> new ArrayList<>())
                    .add(new Write(client, call.begin(), call.end(), call.written()));
        }
    }

    /** When what has this text in it was safe: the end of the first sync that began when it was written; MAX_VALUE: never. */
    int safeSince(String text) {
        return fileWrites.stream()
                .filter(write -> new String(write.bytes, StandardCharsets.ISO_8859_1).contains(text))
                .findFirst()
                .flatMap(write -> fileSyncs.stream()
                        .filter(sync -> sync.file == write.file && sync.begin >= write.end)
                        .findFirst())
                .map(Sync::end)
                .orElse(Integer.MAX_VALUE);
    }
}
