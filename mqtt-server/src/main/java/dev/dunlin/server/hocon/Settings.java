package dev.dunlin.server.hocon;

import dev.dunlin.broker.spi.Limits;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a configuration says of the broker or of a listener, defaults included: every key that has a value. */
final class Settings {
    private final SortedMap<String, Setting> all;

    Settings(Map<String, Setting> all) {
        this.all = new TreeMap<>(all);
    }

    /**
     * One of them.
     *
     * @param value as its {@link Form} has it
     */
    record Setting(Where where, Object value) {}

    /** These, and of others those that have no value here. */
    Settings or(Settings others) {
        Map<String, Setting> more = new HashMap<>(others.all);
        more.putAll(all);
        return new Settings(more);
    }

    SortedMap<String, Setting> all() {
        return all;
    }

    /** Whether somebody has said it, and not the defaults. */
    boolean isSaid(String key) {
        Setting setting = all.get(key);
        return setting != null && !setting.where.isDefault();
    }

    boolean has(String key) {
        return all.containsKey(key);
    }

    /** Where it is said; {@code otherwise} if it has no value. */
    Where where(String key, Where otherwise) {
        Setting setting = all.get(key);
        return setting == null ? otherwise : setting.where;
    }

    /** Of any kind; empty where there is no value. */
    Optional<Object> valueOf(String key) {
        return Optional.ofNullable(value(key));
    }

    private @Nullable Object value(String key) {
        Setting setting = all.get(key);
        return setting == null ? null : setting.value;
    }

    /** False where there is no value. */
    boolean flag(String key) {
        return Boolean.TRUE.equals(value(key));
    }

    @Nullable
    Boolean flagOrNull(String key) {
        return (Boolean) value(key);
    }

    /** Of a key that has a value in any case. */
    int number(String key) {
        return (Integer) Objects.requireNonNull(value(key), key);
    }

    @Nullable
    Integer numberOrNull(String key) {
        return (Integer) value(key);
    }

    /** Of a key that has a value in any case. */
    Duration time(String key) {
        return (Duration) Objects.requireNonNull(value(key), key);
    }

    /** Of a key that has a value in any case. */
    String text(String key) {
        return (String) Objects.requireNonNull(value(key), key);
    }

    @Nullable
    String textOrNull(String key) {
        return (String) value(key);
    }

    @Nullable
    Path path(String key) {
        String path = textOrNull(key);
        return path == null ? null : Path.of(path);
    }

    /** Empty where there is no value. */
    List<String> list(String key) {
        List<String> texts = new ArrayList<>();
        if (value(key) instanceof List<?> list) {
            list.forEach(one -> texts.add((String) one));
        }
        return texts;
    }

    List<Path> paths(String key) {
        return list(key).stream().map(Path::of).toList();
    }

    /** Whether one of its bounds has a value here. */
    boolean hasLimits() {
        return all.keySet().stream().anyMatch(key -> key.startsWith(Keys.LIMITS));
    }

    /** These limits with the bounds that have a value here. */
    Limits limits(Limits otherwise) {
        Map<String, Object> bounds = new HashMap<>();
        for (RecordComponent bound : Bounds.all()) {
            Object value = value(Keys.LIMITS + Bounds.spelling(bound.getName()));
            if (value != null) {
                bounds.put(bound.getName(), value);
            }
        }
        return Bounds.with(otherwise, bounds);
    }
}
