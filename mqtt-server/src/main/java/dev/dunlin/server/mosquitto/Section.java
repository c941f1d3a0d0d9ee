package dev.dunlin.server.mosquitto;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the file says of one listener, or of the broker as a whole; where it says nothing, the default of the key.
 *
 * @param settings by key
 */
record Section(Map<Key, Setting> settings) {
    Section {
        EnumMap<Key, Setting> copy = new EnumMap<>(Key.class);
        copy.putAll(settings);
        settings = copy;
    }

    boolean has(Key key) {
        return settings.containsKey(key);
    }

    /** The line of a key that is there. */
    Place place(Key key) {
        return Objects.requireNonNull(settings.get(key), key.spelling()).place();
    }

    /** Null if there is neither a value nor a default. */
    @Nullable
    String text(Key key) {
        return (String) value(key);
    }

    /** Of a key that has a default. */
    boolean flag(Key key) {
        return (boolean) Objects.requireNonNull(value(key), key.spelling());
    }

    /** Of a key that has a default, or is there. */
    long number(Key key) {
        return (long) Objects.requireNonNull(value(key), key.spelling());
    }

    /** All values of a key, in their order; empty if there is none. */
    @SuppressWarnings("unchecked") // the reader puts nothing else there
    List<String> all(Key key) {
        Setting setting = settings.get(key);
        return setting == null ? List.of() : (List<String>) setting.value();
    }

    private @Nullable Object value(Key key) {
        Setting setting = settings.get(key);
        if (setting != null) {
            return setting.value();
        }
        String initially = key.initially();
        try {
            return initially == null ? null : key.value().of(initially);
        } catch (Refusal e) {
            throw new IllegalStateException("the default of " + key.spelling() + " " + e.getMessage(), e);
        }
    }
}
