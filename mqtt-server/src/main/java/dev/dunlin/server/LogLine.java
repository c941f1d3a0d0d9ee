package dev.dunlin.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.LayoutBase;
import dev.dunlin.broker.spi.Printable;
import dev.dunlin.server.mosquitto.LogSettings;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import org.slf4j.helpers.MessageFormatter;

/**
 * A record of the log as text: the time, the level, what there is to say. It is one line, whatever a client has put into a name
 * and however long the stack is, and nothing in it moves a terminal. Any thread, those of connections among them: so the time
 * that it takes grows with the text and no faster, and what is long is cut.
 */
final class LogLine extends LayoutBase<ILoggingEvent> {
    /** Of a name or reason: a client may choose 65,535 bytes. */
    private static final int VALUE_CHARS_MAX = 1024;

    /** Of all, with the stack. */
    private static final int LINE_CHARS_MAX = 16 * 1024;

    private final Head head;

    private LogLine(Head head) {
        this.head = head;
    }

    /** What is before the message. */
    private interface Head {
        String of(ILoggingEvent event);
    }

    /** With the time as ISO 8601 has it. */
    static LogLine forPeople() {
        return new LogLine(event -> Iso.time(event) + level(event));
    }

    /** For the journal, which notes the time itself, and takes the level from a number in angle brackets. */
    static LogLine forTheJournal() {
        return new LogLine(event -> "<" + priority(event.getLevel()) + ">");
    }

    /** With the time as the configuration has it. */
    static LogLine of(LogSettings settings) {
        if (!settings.timestamp()) {
            return new LogLine(LogLine::level);
        }
        DateTimeFormatter format = settings.format();
        return format == null
                ? forPeople()
                : new LogLine(
                        event -> format.format(event.getInstant().atZone(ZoneId.systemDefault())) + " " + level(event));
    }

    @Override
    public String doLayout(ILoggingEvent event) {
        return head.of(event) + message(event) + System.lineSeparator();
    }

    /** Without the time and the level. */
    static String message(ILoggingEvent event) {
        String text = text(event);
        if (event.getThrowableProxy() != null) {
            text += " " + Stack.of(event);
        }
        return Printable.text(joined(cut(text.strip(), LINE_CHARS_MAX)));
    }

    private static String text(ILoggingEvent event) {
        String text = event.getFormattedMessage();
        Object[] values = event.getArgumentArray();
        if (text.length() <= VALUE_CHARS_MAX || values == null) {
            return text;
        }
        Object[] shown = values.clone(); // other appenders have the event too
        for (int i = 0; i < shown.length; i++) {
            if (shown[i] instanceof String value) {
                shown[i] = cut(value, VALUE_CHARS_MAX);
            }
        }
        return MessageFormatter.arrayFormat(event.getMessage(), shown).getMessage();
    }

    private static String cut(String text, int max) {
        if (text.length() <= max) {
            return text;
        }
        int end = Character.isHighSurrogate(text.charAt(max - 1)) ? max - 1 : max;
        return text.substring(0, end) + "…";
    }

    /** Lines as one, with a bar in the place of each break and the blanks around it. */
    static String joined(String text) {
        if (text.indexOf('\n') < 0 && text.indexOf('\r') < 0) {
            return text;
        }
        StringBuilder line = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); ) {
            int start = i;
            boolean breaks = false;
            for (; i < text.length() && isBlank(text.charAt(i)); i++) {
                breaks |= text.charAt(i) == '\n' || text.charAt(i) == '\r';
            }
            if (breaks) {
                line.append(" | ");
            } else {
                line.append(text, start, i);
            }
            if (i < text.length()) {
                line.append(text.charAt(i++));
            }
        }
        return line.toString();
    }

    private static boolean isBlank(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }

    private static String level(ILoggingEvent event) {
        String level = event.getLevel().toString();
        return level.length() < 5 ? level + "  " : level + " ";
    }

    /** As of syslog. */
    private static int priority(Level level) {
        return switch (level.toInt()) {
            case Level.ERROR_INT -> 3;
            case Level.WARN_INT -> 4;
            case Level.INFO_INT -> 6;
            default -> 7;
        };
    }

    /** Made when there is something to log: most starts have nothing to say. */
    private static final class Iso {
        private static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSXXX ");

        static String time(ILoggingEvent event) {
            return FORMAT.format(event.getInstant().atZone(ZoneId.systemDefault()));
        }
    }

    /** Made at the first fault. */
    private static final class Stack {
        private static final String LINES_MAX = "12";
        private static final ThrowableProxyConverter CONVERTER = new ThrowableProxyConverter();

        static {
            CONVERTER.setOptionList(List.of(LINES_MAX));
            CONVERTER.start();
        }

        static String of(ILoggingEvent event) {
            return CONVERTER.convert(event);
        }
    }
}
