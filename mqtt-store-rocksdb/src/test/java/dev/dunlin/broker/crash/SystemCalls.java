package dev.dunlin.broker.crash;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The trace that strace has written of a broker: what it wrote to its log, when it synced it, and what it sent to whom. Times
 * are line numbers; a call that others interrupt has a line for its beginning and one for its end.
 */
final class SystemCalls {
    /** The command that writes such a trace of the command behind it. Data is in hexadecimal numbers, and whole. */
    static List<String> tracing(Path trace) {
        return List.of(
                "strace",
                "-f",
                "--seccomp-bpf",
                "-xx",
                "-s",
                "10000000",
                "-e",
                "trace=openat,close,accept,accept4,write,writev,pwrite64,pwritev,sendto,sendmsg,fdatasync,fsync",
                "-o",
                trace.toString());
    }

    private static final Pattern LINE = Pattern.compile("(\\d+) +(.*)");
    private static final Pattern CALL = Pattern.compile("(\\w+)\\((?:(\\d+)|AT_FDCWD)(.*)");
    private static final Pattern RESUMED = Pattern.compile("<\\.\\.\\. (\\w+) resumed>.*");
    private static final Pattern RESULT = Pattern.compile(".*\\) += (-?\\d+).*");
    private static final Pattern STRING = Pattern.compile("\"((?:\\\\x[0-9a-f]{2})*)\"");
    private static final String UNFINISHED = "<unfinished ...>";
    private static final Set<String> WRITES = Set.of("write", "writev", "pwrite64", "pwritev", "sendto", "sendmsg");
    private static final Set<String> SYNCS = Set.of("fdatasync", "fsync");

    /** Data that was written, to the log or to a client. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Write(int file, int begin, int end, byte[] bytes) {}

    /** A sync of a file of the log. */
    record Sync(int file, int begin, int end) {}

    final List<Write> logWrites = new ArrayList<>();
    final List<Sync> logSyncs = new ArrayList<>();

    /** What each client was sent, by the number of its connection. */
    final Map<Integer, List<Write>> sent = new HashMap<>();

    private final Map<Integer, Integer> logs = new HashMap<>();
    private final Map<Integer, Integer> clients = new HashMap<>();
    private final Map<String, Call> unfinished = new HashMap<>();
    private int opened;

    private record Call(String name, int file, String arguments, int begin) {}

    private SystemCalls() {}

    static SystemCalls read(Path trace) throws IOException {
        SystemCalls calls = new SystemCalls();
        int number = 0;
        for (String line : Files.readAllLines(trace, StandardCharsets.ISO_8859_1)) {
            Matcher matcher = LINE.matcher(line);
            if (matcher.matches()) {
                calls.line(matcher.group(1), matcher.group(2), number);
            }
            number++;
        }
        return calls;
    }

    private void line(String thread, String text, int number) {
        Matcher resumed = RESUMED.matcher(text);
        if (resumed.matches()) {
            Call call = unfinished.remove(thread);
            if (call != null) {
                ended(call, text, number);
            }
            return;
        }
        Matcher matcher = CALL.matcher(text);
        if (!matcher.matches()) {
            return; // a signal, the end of a thread
        }
        int file = matcher.group(2) == null ? -1 : Integer.parseInt(matcher.group(2));
        Call call = new Call(matcher.group(1), file, matcher.group(3), number);
        if (call.name.equals("close")) {
            logs.remove(file); // at its beginning: at once another thread may get the number
            clients.remove(file);
        }
        if (text.endsWith(UNFINISHED)) {
            unfinished.put(thread, call);
        } else {
            ended(call, text, number);
        }
    }

    private void ended(Call call, String lastLine, int end) {
        Matcher matcher = RESULT.matcher(lastLine);
        int result = matcher.matches() ? Integer.parseInt(matcher.group(1)) : -1;
        if (result < 0) {
            return;
        }
        if (call.name.equals("openat")) {
            String path = new String(data(call.arguments), StandardCharsets.UTF_8);
            if (path.matches(".*/\\d+\\.log")) {
                logs.put(result, opened++);
            }
        } else if (call.name.startsWith("accept")) {
            clients.put(result, opened++);
        } else if (SYNCS.contains(call.name) && logs.containsKey(call.file)) {
            logSyncs.add(new Sync(logs.get(call.file), call.begin, end));
        } else if (WRITES.contains(call.name)) {
            written(call, result, end);
        }
    }

    private void written(Call call, int count, int end) {
        Integer log = logs.get(call.file);
        Integer client = clients.get(call.file);
        if (log != null) {
            logWrites.add(new Write(log, call.begin, end, Arrays.copyOf(data(call.arguments), count)));
        } else if (client != null) {
            sent.computeIfAbsent(client, c -> new ArrayList<>())
                    .add(new Write(client, call.begin, end, Arrays.copyOf(data(call.arguments), count)));
        }
    }

    /** All strings in the arguments of a call, one behind the other. */
    private static byte[] data(String arguments) {
        StringBuilder digits = new StringBuilder();
        Matcher matcher = STRING.matcher(arguments);
        while (matcher.find()) {
            digits.append(matcher.group(1));
        }
        byte[] bytes = new byte[digits.length() / 4];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Integer.parseInt(digits, 4 * i + 2, 4 * i + 4, 16);
        }
        return bytes;
    }

    /** When what has this text in it was safe: the end of the first sync that began when it was written; MAX_VALUE: never. */
    int safeSince(String text) {
        byte[] wanted = text.getBytes(StandardCharsets.UTF_8);
        return logWrites.stream()
                .filter(write -> contains(write.bytes, wanted))
                .findFirst()
                .flatMap(write -> logSyncs.stream()
                        .filter(sync -> sync.file == write.file && sync.begin >= write.end)
                        .findFirst())
                .map(Sync::end)
                .orElse(Integer.MAX_VALUE);
    }

    private static boolean contains(byte[] bytes, byte[] wanted) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        return text.contains(new String(wanted, StandardCharsets.ISO_8859_1));
    }
}
