package dev.dunlin.server.hocon;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.Listener;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.server.hocon.Settings.Setting;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The bounds of a running broker and its listeners, as the last reading of the file has them. A listener whose section says
 * nothing of bounds at the start has none of its own until the next one. One thread at a time.
 */
final class LiveBounds {
    private final Limits server;
    private final Map<ListenerSettings, Listener> listeners;

    /** What counts now, by the key. */
    private SortedMap<String, Object> taken;

    /**
     * As a broker is started.
     *
     * @param server the bounds of which a file says nothing
     * @param listeners in the order of the file
     */
    LiveBounds(HoconFile file, Limits server, Map<ListenerSettings, Listener> listeners) {
        this.server = server;
        this.listeners = listeners;
        taken = new TreeMap<>();
        taken.putAll(of(file));
    }

    /** Whether the listener of this number has bounds of its own. */
    private boolean isOwn(int index) {
        return List.copyOf(listeners.values()).get(index).limits() != null;
    }

    /** What a file says of bounds that can change while the broker runs. */
    private SortedMap<String, Object> of(HoconFile file) {
        SortedMap<String, Object> all = new TreeMap<>();
        put(all, "", file.broker());
        for (int i = 0; i < listeners.size(); i++) {
            if (isOwn(i) && file.listeners().size() == listeners.size()) {
                put(all, Flat.ofListener(i, ""), file.listeners().get(i).all());
            }
        }
        return all;
    }

    private static void put(Map<String, Object> to, String prefix, Settings settings) {
        for (Map.Entry<String, Setting> each : settings.all().entrySet()) {
            if (each.getKey().startsWith(Keys.LIMITS)) {
                to.put(prefix + each.getKey(), each.getValue().value());
            }
        }
    }

    /** The keys that {@link #take} takes. */
    Set<String> keys() {
        Set<String> keys = new HashSet<>();
        for (String name : Bounds.all().stream()
                .map(bound -> Given.keyOfLimit(bound.getName()))
                .toList()) {
            keys.add(name);
            for (int i = 0; i < listeners.size(); i++) {
                if (isOwn(i)) {
                    keys.add(Flat.ofListener(i, name));
                }
            }
        }
        return keys;
    }

    /**
     * Has the broker go by another reading of the file: by its bounds for listeners only if there are as many of these.
     *
     * @return the keys that say something else now
     */
    List<String> take(HoconFile now, Broker broker) {
        Limits wanted = now.broker().limits(server);
        if (!wanted.equals(broker.limits())) {
            broker.changeLimits(wanted);
        }
        SortedMap<String, Object> all = of(now);
        List<ListenerSettings> before = List.copyOf(listeners.keySet());
        if (now.listeners().size() == before.size()) {
            for (int i = 0; i < before.size(); i++) {
                Limits own = now.listeners().get(i).all().limits(wanted);
                if (isOwn(i) && !own.equals(broker.limits(before.get(i).name()))) {
                    broker.changeLimits(before.get(i).name(), own);
                }
            }
        } else {
            taken.forEach((key, value) -> {
                if (!key.startsWith(Keys.LIMITS)) {
                    all.put(key, value);
                }
            });
        }
        Set<String> keys = new HashSet<>(taken.keySet());
        keys.addAll(all.keySet());
        List<String> changed = new ArrayList<>();
        keys.stream()
                .filter(key -> !Objects.equals(taken.get(key), all.get(key)))
                .sorted()
                .forEach(changed::add);
        taken = all;
        return changed;
    }
}
