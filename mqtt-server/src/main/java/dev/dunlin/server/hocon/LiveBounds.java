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

    /** What says what counts now for the listeners, by their number. */
    private final List<Settings> own = new ArrayList<>();

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
        file.listeners().forEach(each -> own.add(each.all()));
        taken = of(file);
    }

    /** Whether the listener of this number has bounds of its own. */
    private boolean isOwn(int index) {
        return List.copyOf(listeners.values()).get(index).limits() != null;
    }

    /** Whether the section of this number is still that of the same listener. */
    private boolean isSame(HoconFile file, int index) {
        return file.listeners().size() == listeners.size()
                && file.listeners().get(index).name().equals(before(index).name());
    }

    private ListenerSettings before(int index) {
        return List.copyOf(listeners.keySet()).get(index);
    }

    /** What a file says of bounds that can change while the broker runs; of a listener that isn't the same what counts now. */
    private SortedMap<String, Object> of(HoconFile file) {
        SortedMap<String, Object> all = new TreeMap<>();
        put(all, "", file.broker());
        for (int i = 0; i < own.size(); i++) {
            if (isOwn(i)) {
                put(all, Flat.ofListener(i, ""), own.get(i));
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
     * Has the broker go by another reading of the file: by its bounds for a listener only if there are as many of them, and that
     * of this number has the name that it had.
     *
     * @return the keys that say something else now
     */
    List<String> take(HoconFile now, Broker broker) {
        Limits wanted = now.broker().limits(server);
        if (!wanted.equals(broker.limits())) {
            broker.changeLimits(wanted);
        }
        for (int i = 0; i < own.size(); i++) {
            if (isOwn(i)) {
                own.set(i, isSame(now, i) ? now.listeners().get(i).all() : own.get(i));
                Limits ofListener = own.get(i).limits(wanted);
                if (!ofListener.equals(broker.limits(before(i).name()))) {
                    broker.changeLimits(before(i).name(), ofListener);
                }
            }
        }
        SortedMap<String, Object> all = of(now);
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
