package dev.dunlin.broker.simulation;

import dev.dunlin.broker.spi.TimeSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.helpers.MessageFormatter;

/** The last things that have happened; put into words only if somebody asks. */
final class Trace {
    /** Above 1,000 all lines are shown. */
    private static final int SHOWN = Integer.getInteger("dunlin.simulation.lines", 80);

    private static final Pattern MESSAGE = Pattern.compile("#(\\d+)");
    private static final Pattern CLIENT = Pattern.compile("\\bc\\d+\\b");

    private final TimeSource time;
    private final Line[] lines;
    private long next;
    private long digest;

    private static final class Line {
        private final long step;
        private final long ms;
        private final String who;
        private final String what;
        private final Object[] about;

        Line(long step, long ms, String who, String what, Object[] about) {
            this.step = step;
            this.ms = ms;
            this.who = who;
            this.what = what;
            this.about = about;
        }

        @Override
        public String toString() {
            String text = MessageFormatter.basicArrayFormat(what, about);
            return String.format(Locale.ROOT, "%6d %8d ms  %-8s %s", step, ms, who, text);
        }
    }

    /** @param count how many of them */
    Trace(TimeSource time, int count) {
        this.time = time;
        lines = new Line[count];
    }

    /** Notes something; {@code what} has {} for each of {@code about}. */
    void note(long step, String who, String what, Object... about) {
        digest = 31 * (31 * (31 * digest + step) + time.monotonicMs()) + who.hashCode() + what.hashCode();
        lines[(int) (next++ % lines.length)] = new Line(step, time.monotonicMs(), who, what, about);
    }

    /** A number for all that has happened: two runs of one seed have the same. */
    long digest() {
        return digest;
    }

    /** The lines that bear on a failure: of its clients and messages, and what has befallen the broker as a whole. */
    String about(String failure) {
        List<String> words = new ArrayList<>();
        for (Matcher m = MESSAGE.matcher(failure); m.find(); ) {
            words.add(m.group());
        }
        for (Matcher m = CLIENT.matcher(failure); m.find(); ) {
            words.add(m.group());
        }
        List<String> chosen = new ArrayList<>();
        for (long i = Math.max(0, next - lines.length); i < next; i++) {
            Line line = lines[(int) (i % lines.length)];
            String text = line.toString();
            boolean bears = words.stream().anyMatch(word -> mentions(text, word));
            if (bears || SHOWN > 1_000 || line.who.equals("broker")) {
                chosen.add(text);
            }
        }
        int from = Math.max(0, chosen.size() - SHOWN);
        return String.join("\n", chosen.subList(from, chosen.size()));
    }

    /** All that is remembered. */
    void write(Appendable to) throws IOException {
        for (long i = Math.max(0, next - lines.length); i < next; i++) {
            to.append(lines[(int) (i % lines.length)].toString()).append('\n');
        }
    }

    private static boolean mentions(String text, String word) {
        int at = text.indexOf(word);
        int end = at + word.length();
        return at >= 0 && (end == text.length() || !Character.isDigit(text.charAt(end)));
    }
}
