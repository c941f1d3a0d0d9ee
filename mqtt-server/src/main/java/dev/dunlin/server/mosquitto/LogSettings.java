package dev.dunlin.server.mosquitto;

import java.nio.file.Path;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a configuration says of the log.
 *
 * @param stderr whether lines go to standard error
 * @param stdout whether lines go to standard output
 * @param topic whether lines are published, below {@code $SYS/broker/log}
 * @param file where lines are appended; null for nowhere
 * @param types which lines: error, warning, notice, information, debug, websockets
 * @param timestamp whether they begin with the time
 * @param format of the time; null for the usual one
 * @param connectionMessages whether there are lines when clients come and go
 * @param webSocketLevel which lines of WebSocket there are: the bits of libwebsockets, 1 for errors to 16 for debugging
 */
public record LogSettings(
        boolean stderr,
        boolean stdout,
        boolean topic,
        @Nullable Path file,
        Set<String> types,
        boolean timestamp,
        @Nullable DateTimeFormatter format,
        boolean connectionMessages,
        int webSocketLevel) {
    private static final List<String> ALL = List.of("error", "warning", "notice", "information", "debug", "websockets");

    /** Those of a configuration, or Mosquitto's defaults. */
    public static LogSettings of(Configuration configuration) {
        Section broker = configuration.broker();
        Set<String> destinations = destinations(broker);
        String file = destinations.stream()
                .filter(to -> to.startsWith(Value.LOG_FILE))
                .map(to -> to.substring(Value.LOG_FILE.length()))
                .findFirst()
                .orElse(null);
        return new LogSettings(
                destinations.contains("stderr"),
                destinations.contains("stdout"),
                destinations.contains("topic"),
                file == null ? null : Path.of(file),
                types(broker),
                broker.flag(Key.LOG_TIMESTAMP),
                format(broker),
                broker.flag(Key.CONNECTION_MESSAGES),
                (int) broker.number(Key.WEBSOCKETS_LOG_LEVEL));
    }

    /** "none" takes back what was said before it. */
    private static Set<String> destinations(Section broker) {
        Set<String> destinations = new LinkedHashSet<>();
        if (!broker.has(Key.LOG_DEST)) {
            destinations.add(String.valueOf(Key.LOG_DEST.initially()));
        }
        for (String destination : broker.all(Key.LOG_DEST)) {
            if (destination.equals("none")) {
                destinations.clear();
            } else {
                destinations.add(destination);
            }
        }
        return destinations;
    }

    private static Set<String> types(Section broker) {
        Set<String> types = new TreeSet<>();
        if (!broker.has(Key.LOG_TYPE)) {
            types.addAll(List.of(String.valueOf(Key.LOG_TYPE.initially()).split(", ")));
        }
        for (String type : broker.all(Key.LOG_TYPE)) {
            switch (type) {
                case "none" -> types.clear();
                case "all" -> types.addAll(ALL);
                default -> types.add(type);
            }
        }
        return types;
    }

    private static @Nullable DateTimeFormatter format(Section broker) {
        String format = broker.text(Key.LOG_TIMESTAMP_FORMAT);
        try {
            return format == null ? null : TimeFormat.of(format);
        } catch (Refusal e) {
            throw new IllegalStateException("it was looked at when it was read", e);
        }
    }
}
