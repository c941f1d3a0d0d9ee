package dev.dunlin.server.hocon;

import com.typesafe.config.ConfigOrigin;
import dev.dunlin.server.mosquitto.Place;
import java.nio.file.Path;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * Where a value comes from.
 *
 * @param place a line of a file; null if it is no file
 * @param words what it is otherwise: the default, a variable or an option
 */
record Where(@Nullable Place place, String words) {
    /** What the reference file's values say of themselves. */
    static final String DEFAULT = "default";

    /** As the file has them, and after those what is in none. */
    static final Comparator<Where> ORDER = Comparator.comparing((Where where) -> where.place == null
                    ? "\uFFFF" + where.words
                    : where.place.file().toString())
            .thenComparing(where -> where.place == null ? 0 : where.place.line());

    static Where of(ConfigOrigin origin) {
        String file = origin.filename();
        if (file != null) {
            return new Where(new Place(Path.of(file), Math.max(0, origin.lineNumber())), "");
        }
        String words = origin.description();
        if (words.startsWith(DEFAULT)) {
            return new Where(null, DEFAULT);
        }
        // What HOCON has put in for ${NAME}.
        return new Where(null, words.equals("env variables") ? "environment" : words);
    }

    static Where of(Path file) {
        return new Where(new Place(file, 0), "");
    }

    boolean isDefault() {
        return words.equals(DEFAULT);
    }

    @Override
    public String toString() {
        return place == null ? words : place.toString();
    }
}
