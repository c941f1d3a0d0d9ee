package dev.dunlin.server.hocon;

import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import dev.dunlin.server.hocon.Settings.Setting;
import dev.dunlin.server.mosquitto.Nearest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Takes a resolved object of HOCON for what the keys say: HOCON itself ignores what it doesn't know. */
final class Reading {
    private final List<Fault> faults;

    /** @param faults takes what is wrong */
    Reading(List<Fault> faults) {
        this.faults = faults;
    }

    /** For what has been read before: nothing is told. */
    static Reading alone() {
        return new Reading(new ArrayList<>());
    }

    /**
     * The values of an object that can be some. Where a value is null or was refused there is none: the defaults hold then, so
     * that the rest can be looked at.
     *
     * @param prefix goes before the names of its keys when they are told: empty, or with a dot at the end
     * @param known the keys that it may have
     * @param apart keys that somebody else reads
     */
    Settings settings(String prefix, ConfigObject object, Map<String, Form> known, Set<String> apart) {
        Map<String, Setting> settings = new LinkedHashMap<>();
        object.forEach((name, value) -> {
            if (!apart.contains(name)) {
                read(prefix, ConfigUtil.joinPath(name), value, known, settings);
            }
        });
        return new Settings(settings);
    }

    private void read(String prefix, String path, ConfigValue value, Map<String, Form> known, Map<String, Setting> to) {
        Form form = known.get(path);
        if (form == null && known.keySet().stream().noneMatch(key -> key.startsWith(path + "."))) {
            add(
                    value,
                    "there is no key " + prefix + path + "; did you mean " + prefix + meant(path, known.keySet())
                            + "?");
        } else if (value.valueType() == ConfigValueType.NULL) {
            return; // as if it weren't there
        } else if (form != null) {
            take(prefix, path, value, form, to);
        } else if (value instanceof ConfigObject section) {
            section.forEach((name, inner) -> read(prefix, path + "." + ConfigUtil.joinPath(name), inner, known, to));
        } else {
            add(value, prefix + path + " is a section with keys of its own, such as " + path + " { ... }");
        }
    }

    private void take(String prefix, String path, ConfigValue value, Form form, Map<String, Setting> to) {
        try {
            to.put(path, new Setting(Where.of(value.origin()), form.of(value)));
        } catch (IllegalArgumentException e) {
            add(value, prefix + path + " " + e.getMessage());
        }
    }

    /** What has the right name in the wrong place is moved, everything else is a slip of the keyboard. */
    private static String meant(String path, Set<String> known) {
        Set<String> all = new LinkedHashSet<>(known);
        if (known.equals(Keys.BROKER.keySet())) {
            all.removeIf(key -> key.startsWith(Keys.ADMIN)); // whoever says port means a listener's
            all.add(Keys.LISTENERS);
            Keys.LISTENER.keySet().forEach(key -> all.add(Keys.LISTENER_DEFAULTS + "." + key));
            all.addAll(known);
        }
        String section = path.substring(0, path.lastIndexOf('.') + 1);
        String name = path.substring(section.length());
        for (String key : all) {
            if (key.endsWith("." + name)) {
                return key;
            }
        }
        Set<String> beside = all.stream()
                .filter(key -> key.startsWith(section))
                .map(key -> key.substring(section.length()).replaceFirst("\\..*", ""))
                .collect(Collectors.toSet());
        return section + Nearest.of(beside, name);
    }

    private void add(ConfigValue value, String text) {
        faults.add(new Fault(Where.of(value.origin()), text));
    }
}
