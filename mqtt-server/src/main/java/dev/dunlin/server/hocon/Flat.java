package dev.dunlin.server.hocon;

import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValueFactory;
import dev.dunlin.server.hocon.Settings.Setting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * All that a configuration says as one list: to be printed, and to be compared.
 *
 * @param settings by the key, with the listener's place in the list before it
 */
record Flat(Map<String, Setting> settings) {
    private static final String HIDDEN = "***";

    static Flat of(HoconFile file) {
        Map<String, Setting> all = new LinkedHashMap<>(file.broker().all());
        for (ListenerSettings listener : file.listeners()) {
            int index = file.listeners().indexOf(listener);
            listener.all().all().forEach((key, setting) -> all.put(ofListener(index, key), setting));
        }
        return new Flat(all);
    }

    /** What a key of a listener is called here. */
    static String ofListener(int index, String key) {
        return Keys.LISTENERS + "[" + index + "]." + key;
    }

    /** A line for each. */
    String printed() {
        StringBuilder text = new StringBuilder();
        settings.forEach((key, setting) -> text.append(key)
                .append(" = ")
                .append(shown(key, setting.value()))
                .append("  # ")
                .append(setting.where())
                .append('\n'));
        return text.toString();
    }

    /** A value as a file would have it; passwords are hidden. */
    static String shown(String key, Object value) {
        if (key.endsWith(Keys.TLS_KEY_PASSWORD) || key.equals(Keys.ADMIN_TOKEN)) {
            return HIDDEN;
        }
        Object plain = value;
        if (value instanceof Duration time) {
            plain = time.toMillisPart() == 0 ? time.toSeconds() + "s" : time.toMillis() + "ms";
        } else if (value instanceof Enum<?> word) {
            plain = word.name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
        return ConfigValueFactory.fromAnyRef(plain).render(ConfigRenderOptions.concise());
    }

    /** A sentence for each that is another one in {@code now}, and isn't among {@code taken}. */
    List<String> changed(Flat now, Set<String> taken) {
        Set<String> keys = new LinkedHashSet<>(settings.keySet());
        keys.addAll(now.settings.keySet());
        keys.removeAll(taken);
        List<String> sentences = new ArrayList<>();
        for (String key : keys) {
            Setting before = settings.get(key);
            Setting after = now.settings.get(key);
            if (after == null) {
                sentences.add(key + " is gone: that needs a restart");
            } else if (before == null || !before.value().equals(after.value())) {
                sentences.add(key + " has changed (" + after.where() + "): that needs a restart");
            }
        }
        return sentences;
    }
}
