package dev.dunlin.broker.spi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A part of a longer list. What comes and goes while one reads from page to page may be in it or not; what stays is in it once.
 *
 * @param items in order; perhaps fewer than were asked for, or none, and there is more all the same
 * @param next to be handed back as it is for the next page; null at the end
 */
public record Page<T>(List<T> items, @Nullable String next) {
    /** Takes a copy of the list. */
    public Page {
        items = List.copyOf(items);
    }
}
