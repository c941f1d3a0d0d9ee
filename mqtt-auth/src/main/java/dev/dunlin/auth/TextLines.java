package dev.dunlin.auth;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The lines of a text file in UTF-8, with either kind of line break and without a byte order mark. */
final class TextLines {
    /** A million users of 128 bytes each: more than that is not the file that was meant. */
    static final int BYTES_MAX = 128 << 20;

    private TextLines() {}

    static List<String> of(Path file) throws AuthFileException {
        byte[] bytes = bytes(file);
        List<String> lines = new ArrayList<>();
        int from = 0;
        while (from < bytes.length) {
            int end = from;
            while (end < bytes.length && bytes[end] != '\n') {
                end++;
            }
            int last = end;
            while (last > from && bytes[last - 1] == '\r') {
                last--;
            }
            lines.add(text(bytes, from, last, file, lines.size() + 1));
            from = end + 1;
        }
        if (!lines.isEmpty() && lines.get(0).startsWith("\uFEFF")) {
            lines.set(0, lines.get(0).substring(1));
        }
        return lines;
    }

    private static byte[] bytes(Path file) throws AuthFileException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(BYTES_MAX + 1);
            if (bytes.length > BYTES_MAX) {
                throw new AuthFileException(file, 0, "has more than " + BYTES_MAX + " bytes");
            }
            return bytes;
        } catch (NoSuchFileException e) {
            throw new AuthFileException(file, 0, "is not there");
        } catch (AuthFileException e) {
            throw e;
        } catch (IOException e) {
            throw new AuthFileException(file, 0, "can't be read: " + why(file, e));
        }
    }

    private static String why(Path file, IOException e) {
        if (e instanceof AccessDeniedException) {
            return "no permission";
        }
        return Files.isDirectory(file) ? "it is a folder" : e.toString();
    }

    private static String text(byte[] bytes, int from, int to, Path file, int line) throws AuthFileException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes, from, to - from))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new AuthFileException(file, line, "is not text in UTF-8");
        }
    }
}
