package dev.dunlin.server.mosquitto;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Finds what somebody may have meant. */
public final class Nearest {
    private Nearest() {}

    /** The one of these names, of which there is at least one, that is least different from what was given. */
    public static String of(Collection<String> names, String given) {
        return names.stream()
                .min(Comparator.<String>comparingInt(known -> distance(known, given))
                        .thenComparing(Comparator.naturalOrder()))
                .orElseThrow();
    }

    /** As {@link #of}, if at most a third of the characters that were given differ; null if none is that near. */
    public static @Nullable String near(Collection<String> names, String given) {
        String nearest = of(names, given);
        return distance(nearest, given) * 3 <= given.length() ? nearest : null;
    }

    /** How many characters have to be changed, added or left out, upper and lower case being the same. */
    private static int distance(String known, String given) {
        String one = known.toLowerCase(Locale.ROOT);
        String other = given.toLowerCase(Locale.ROOT);
        int[] row = new int[other.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int k = 1; k <= other.length(); k++) {
                int changed = diagonal + (one.charAt(i - 1) == other.charAt(k - 1) ? 0 : 1);
                diagonal = row[k];
                row[k] = Math.min(changed, 1 + Math.min(row[k], row[k - 1]));
            }
        }
        return row[other.length()];
    }
}
