package dev.dunlin.broker.crash;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What strace has written of a process: its system calls in the order of their ends. Times are line numbers; a call that others
 * interrupt has a line for its beginning and one for its end.
 */
final class Trace {
    private static final String CALLS = "openat,close,accept,accept4,write,writev,pwrite64,pwritev,sendto,sendmsg,"
            + "lseek,ftruncate,fallocate,rename,renameat,renameat2,unlink,unlinkat,fdatasync,fsync";
    private static final Pattern LINE = Pattern.compile("(\\d+) +");
    private static final Pattern CALL = Pattern.compile("(\\w+)\\((?:(\\d+)|AT_FDCWD|\")");
    private static final Pattern RESUMED = Pattern.compile("<\\.\\.\\. \\w+ resumed>");
    private static final Pattern RESULT = Pattern.compile("\\) += (-?\\d+)");
    private static final String UNFINISHED = "<unfinished ...>";
    private static final Pattern DIED = Pattern.compile("\\) += \\?");
    private static final int RESULT_CHARS_MAX = 200;

    private final Reader reader;
    private final Map<String, Call> unfinished = new HashMap<>();

    private Trace(Reader reader) {
        this.reader = reader;
    }

    /** Takes the calls of a process. */
    interface Reader {
        /** A file is being closed: from now on its number may be another one's. */
        void closing(int file);

        /** A call, but for {@code close}, has ended well, or was under way when the process died. */
        void ended(Call call);
    }

    /**
     * A call.
     *
     * @param file the number of the file that it begins with; -1 if it begins with something else
     * @param end when it ended; {@link Integer#MAX_VALUE}: the process died before
     * @param result what it returned, not negative; unknown if the process died before
     */
    record Call(String name, int file, String arguments, int begin, int end, long result) {
        boolean isOver() {
            return end < Integer.MAX_VALUE;
        }

        /** All its strings one behind the other, as many bytes as were written. */
        byte[] written() {
            StringBuilder digits = new StringBuilder();
            strings().forEach(digits::append);
            byte[] all = bytes(digits);
            return isOver() ? Arrays.copyOf(all, (int) result) : all;
        }

        /** Its strings, as paths. */
        List<Path> paths() {
            return strings().stream()
                    .map(each -> Path.of(new String(bytes(each), StandardCharsets.UTF_8))
                            .normalize())
                    .toList();
        }

        /** One of the numbers that it ends with, 0 for the last one. */
        long numberFromEnd(int index) {
            String[] parts = arguments
                    .substring(arguments.lastIndexOf('"') + 1)
                    .split("[)<]", 2)[0]
                    .split(",", -1);
            return Long.parseLong(parts[parts.length - 1 - index].strip());
        }

        private List<CharSequence> strings() {
            List<CharSequence> strings = new ArrayList<>();
            int at = arguments.indexOf('"');
            while (at >= 0) {
                int end = arguments.indexOf('"', at + 1);
                strings.add(arguments.subSequence(at + 1, end));
                at = arguments.indexOf('"', end + 1);
            }
            return strings;
        }

        /** Of "\x01\xff". */
        private static byte[] bytes(CharSequence digits) {
            byte[] bytes = new byte[digits.length() / 4];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) Integer.parseInt(digits, 4 * i + 2, 4 * i + 4, 16);
            }
            return bytes;
        }
    }

    /** The command that writes such a trace of the command behind it. Data is in hexadecimal numbers, and whole. */
    static List<String> command(Path trace) {
        return List.of(
                "strace",
                "-f",
                "--seccomp-bpf",
                "-xx",
                "-s",
                "100000000",
                "-e",
                "trace=" + CALLS,
                "-e",
                "signal=none",
                "-o",
                trace.toString());
    }

    static void read(Path file, Reader reader) throws IOException {
        Trace trace = new Trace(reader);
        int number = 0;
        try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Matcher matcher = LINE.matcher(line);
                if (matcher.lookingAt()) {
                    trace.line(matcher.group(1), line.substring(matcher.end()), number);
                }
                number++;
            }
        }
        trace.unfinished.values().forEach(trace::ended);
    }

    private void line(String thread, String text, int number) {
        Matcher resumed = RESUMED.matcher(text);
        if (resumed.lookingAt()) {
            Call call = unfinished.remove(thread);
            if (call != null) {
                over(call, text, number, thread);
            }
            return;
        }
        Matcher matcher = CALL.matcher(text);
        if (!matcher.lookingAt()) {
            return; // the end of a thread
        }
        int file = matcher.group(2) == null ? -1 : Integer.parseInt(matcher.group(2));
        String arguments = text.substring(matcher.group(2) == null ? matcher.end(1) : matcher.end());
        Call call = new Call(matcher.group(1), file, arguments, number, Integer.MAX_VALUE, 0);
        if (call.name.equals("close")) {
            reader.closing(file); // at its beginning: at once another thread may get the number
        }
        if (text.endsWith(UNFINISHED)) {
            unfinished.put(thread, call);
        } else {
            over(call, text, number, thread);
        }
    }

    private void over(Call call, String lastLine, int end, String thread) {
        String tail = lastLine.substring(Math.max(0, lastLine.length() - RESULT_CHARS_MAX));
        Matcher matcher = RESULT.matcher(tail);
        if (DIED.matcher(tail).find()) {
            unfinished.put(thread, call); // nothing comes behind it
        } else if (matcher.find()) {
            long result = Long.parseLong(matcher.group(1));
            if (result >= 0) {
                ended(new Call(call.name, call.file, call.arguments, call.begin, end, result));
            }
        }
    }

    private void ended(Call call) {
        if (!call.name.equals("close")) {
            reader.ended(call);
        }
    }
}
