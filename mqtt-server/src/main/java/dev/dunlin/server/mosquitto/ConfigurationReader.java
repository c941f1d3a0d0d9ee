package dev.dunlin.server.mosquitto;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the lines as Mosquitto does: a line that begins with {@code #} is a comment, the key ends at the first blank, the value
 * is the rest or its first word, and an included file begins at the default listener, whatever stood before. What Mosquitto
 * takes without a word though it can't be meant (no number where one is needed, a certificate without its key) is a finding.
 */
final class ConfigurationReader {
    private static final char BYTE_ORDER_MARK = '\uFEFF';

    /** Keys that don't open the default listener. */
    private static final Set<Key> SILENT =
            EnumSet.of(Key.TLS_VERSION, Key.MAX_TOPIC_ALIAS, Key.ALLOW_ANONYMOUS, Key.ACL_FILE, Key.AUTO_ID_PREFIX);

    private final Path main;
    private final List<Path> files = new ArrayList<>();
    private final List<Finding> findings = new ArrayList<>();
    private final Map<Key, Setting> broker = new EnumMap<>(Key.class);
    private final Draft defaultListener = new Draft(null, 0, null);
    private final List<Draft> listeners = new ArrayList<>();

    /** Whose turn it is in the file that is being read. */
    private Draft current = defaultListener;

    private boolean perListener;
    private boolean accessMentioned;

    ConfigurationReader(Path main) {
        this.main = main;
    }

    /** A listener that is being read. */
    private static final class Draft {
        private @Nullable Place place;
        private final int port;
        private final @Nullable String host;
        private final Map<Key, Setting> settings = new EnumMap<>(Key.class);

        Draft(@Nullable Place place, int port, @Nullable String host) {
            this.place = place;
            this.port = port;
            this.host = host;
        }
    }

    Configuration read() {
        read(main, true);
        boolean local = listeners.isEmpty()
                && !defaultListener.settings.containsKey(Key.PORT)
                && !defaultListener.settings.containsKey(Key.BIND_ADDRESS)
                && !defaultListener.settings.containsKey(Key.BIND_INTERFACE);
        List<ListenerSection> all = new ArrayList<>();
        if (listeners.isEmpty() || isOpened(new Section(defaultListener.settings))) {
            all.add(ofDefault());
        }
        for (Draft draft : listeners) {
            Place place = draft.place == null ? new Place(main, 0) : draft.place;
            all.add(new ListenerSection(place, draft.port, draft.host, new Section(draft.settings)));
        }
        Section whole = new Section(broker);
        findings.addAll(ListenerRules.findings(all));
        return new Configuration(main, files, whole, perListener, all, local, findings);
    }

    private ListenerSection ofDefault() {
        Section section = new Section(defaultListener.settings);
        Place place = defaultListener.place == null ? new Place(main, 0) : defaultListener.place;
        return new ListenerSection(place, (int) section.number(Key.PORT), section.text(Key.BIND_ADDRESS), section);
    }

    /** Mosquitto opens the default listener beside others if any of these isn't as it is by default. */
    private static boolean isOpened(Section of) {
        for (Map.Entry<Key, Setting> entry : of.settings().entrySet()) {
            Key key = entry.getKey();
            String said = String.valueOf(entry.getValue().value());
            if (!SILENT.contains(key) && (key == Key.PORT || !said.equals(key.initially()))) {
                return true;
            }
        }
        return false;
    }

    // ---- lines

    private void read(Path file, boolean isMain) {
        files.add(file);
        String bytes;
        try {
            // One character for each byte: what is no UTF-8 is told by its line.
            bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            findings.add(new Finding(new Place(file, 0), whyNot(e), false));
            return;
        }
        Draft outer = current;
        current = defaultListener;
        int number = 0;
        for (String line : bytes.split("\n", -1)) {
            number++;
            String text = line.replaceFirst("\r+$", "");
            if (!text.startsWith("#") && !text.isBlank()) {
                readLine(new Place(file, number), text, isMain);
            }
        }
        current = outer;
    }

    private static String whyNot(IOException e) {
        return "can't be read: " + (e instanceof NoSuchFileException ? "there is no such file" : e.getMessage());
    }

    private void readLine(Place place, String bytes, boolean isMain) {
        String line;
        try {
            line = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1)))
                    .toString();
        } catch (CharacterCodingException e) {
            add(place, "is not UTF-8", false);
            return;
        }
        if (line.charAt(0) == BYTE_ORDER_MARK) {
            add(
                    place,
                    "begins with a byte order mark, which Mosquitto takes for a part of the key: leave it out",
                    false);
            return;
        }
        int start = 0;
        while (line.charAt(start) == ' ') { // a tab is part of the key, as with Mosquitto
            start++;
        }
        int end = line.indexOf(' ', start);
        String name = end < 0 ? line.substring(start) : line.substring(start, end);
        String rest = end < 0 ? "" : line.substring(end + 1);
        Key key = Key.named(name);
        try {
            if (key == null) {
                unknown(place, name);
            } else {
                known(place, key, rest, isMain);
            }
        } catch (Refusal e) {
            add(place, name + " " + e.getMessage(), e.isIgnorable());
        }
    }

    private void unknown(Place place, String name) {
        String reason = UnsupportedKeys.reason(name);
        accessMentioned |= UnsupportedKeys.isAboutAccess(name);
        if (reason == null) {
            add(place, printable(name) + ": " + UnsupportedKeys.unknown(name), false);
        } else if (UnsupportedKeys.restricts(name)) {
            add(place, name + ": " + reason + Refusal.NEVER_IGNORED, false);
        } else {
            add(place, name + ": " + reason, true);
        }
    }

    private static String printable(String name) {
        return name.replaceAll("\\p{Cntrl}", "?");
    }

    private void known(Place place, Key key, String rest, boolean isMain) throws Refusal {
        Object value = key.value().of(rest);
        switch (key.scope()) {
            case FILE -> ofTheFile(place, key, value, isMain);
            case BROKER -> put(broker, key, new Setting(place, value));
            case DEFAULT_LISTENER -> put(ofListener(defaultListener, place), key, new Setting(place, value));
            case LISTENER -> {
                if (key == Key.MOUNT_POINT && listeners.isEmpty()) {
                    throw Refusal.wrong("comes after the listener that it is for");
                }
                put(ofListener(current, place), key, new Setting(place, value));
            }
            case ACCESS -> {
                accessMentioned = true;
                put(perListener ? ofListener(current, place) : broker, key, new Setting(place, value));
            }
        }
    }

    private static Map<Key, Setting> ofListener(Draft listener, Place place) {
        listener.place = listener.place == null ? place : listener.place;
        return listener.settings;
    }

    /** Of flags and numbers the last one counts; a text may be there only once. */
    private void put(Map<Key, Setting> where, Key key, Setting setting) throws Refusal {
        Setting before = where.get(key);
        if (key.isList()) {
            List<String> all = new ArrayList<>(new Section(where).all(key));
            boolean isFile = key == Key.LOG_DEST && ((String) setting.value()).startsWith(Value.LOG_FILE);
            if (isFile && all.stream().anyMatch(one -> one.startsWith(Value.LOG_FILE))) {
                throw Refusal.wrong("file is there already, and there is one log file only");
            }
            all.add((String) setting.value());
            where.put(key, new Setting(setting.place(), List.copyOf(all)));
            return;
        }
        boolean isWord = key == Key.PROTOCOL || key == Key.SOCKET_DOMAIN;
        if (before != null && before.value() instanceof String && !isWord) {
            throw Refusal.wrong("is there already, in " + before.place());
        }
        where.put(key, setting);
    }

    private void ofTheFile(Place place, Key key, Object value, boolean isMain) throws Refusal {
        if (key == Key.LISTENER) {
            listeners.add(listener(place, ((String) value).split(" +")));
            current = listeners.get(listeners.size() - 1);
        } else if (key == Key.INCLUDE_DIR) {
            include(Path.of((String) value), isMain);
        } else if (!perListener) { // true can't be taken back
            perListener = (boolean) value;
            if (perListener && accessMentioned) {
                throw Refusal.wrong("true has to stand before any key that says who comes in and what they may do");
            }
        }
    }

    private Draft listener(Place place, String[] words) throws Refusal {
        int port = (int) (long) Value.number(0, 65_535).of(words[0]);
        String host = words.length > 1 && !words[1].startsWith("#") ? words[1] : null;
        if (port == 0 && host == null) {
            throw Refusal.wrong("0 needs the path of a Unix domain socket");
        }
        return new Draft(place, port, host);
    }

    private void include(Path folder, boolean isMain) throws Refusal {
        if (!isMain) {
            throw Refusal.unsupported("has no effect in a file that is included itself");
        }
        List<Path> included;
        try {
            included = IncludedFiles.in(folder);
        } catch (IOException e) {
            throw Refusal.wrong(folder + " " + whyNot(e));
        }
        included.forEach(file -> read(file, false));
    }

    private void add(Place place, String text, boolean ignorable) {
        findings.add(new Finding(place, text, ignorable));
    }
}
