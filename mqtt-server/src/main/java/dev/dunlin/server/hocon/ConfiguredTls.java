package dev.dunlin.server.hocon;

import dev.dunlin.broker.Tls;
import dev.dunlin.broker.TlsReload;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What listeners speak TLS with while a broker runs. One thread at a time. */
final class ConfiguredTls {
    /** Of those with TLS: what says it, by what they were made of. */
    private final Map<ListenerSettings, Choice<ListenerSettings>> listeners = new LinkedHashMap<>();

    ConfiguredTls(List<ListenerSettings> all) {
        all.stream()
                .filter(ListenerSettings::hasTls)
                .forEach(listener -> listeners.put(listener, new Choice<>(listener)));
    }

    /** @param now what says it now, by what they were made of; of listeners that aren't there nothing is taken */
    void take(Map<ListenerSettings, ListenerSettings> now) {
        listeners.forEach((listener, says) -> says.want(now.getOrDefault(listener, says.inForce())));
    }

    /** 1 if other certificates of clients are trusted than those in force, or 0. */
    int changes(ListenerSettings listener, ListenerSettings now) {
        Choice<ListenerSettings> says = listeners.get(listener);
        Settings held = says == null ? listener.all() : says.inForce().all();
        boolean same = held.valueOf(Keys.TLS_CLIENT_CA).equals(now.all().valueOf(Keys.TLS_CLIENT_CA))
                && held.valueOf(Keys.TLS_CLIENT_CRL).equals(now.all().valueOf(Keys.TLS_CLIENT_CRL));
        return same ? 0 : 1;
    }

    /** What each is to speak TLS with, by the names that the broker has. */
    Map<String, Tls> wanted() {
        Map<String, Tls> all = new LinkedHashMap<>();
        listeners.forEach((listener, says) ->
                all.put(listener.name(), ConfiguredListener.tls(says.wanted().all())));
        return all;
    }

    /** What has come of that. */
    void taken(TlsReload reload) {
        listeners.forEach((listener, says) -> {
            if (reload.reloaded().contains(listener.name())) {
                says.taken();
            }
        });
    }

    /** Says of each key for which it is not to be as {@code now} has it, that it stays. */
    void compare(ListenerSettings listener, ListenerSettings now, Stays stays) {
        Choice<ListenerSettings> says = listeners.get(listener);
        Settings held = says == null ? listener.all() : says.wanted().all();
        for (String key : ConfiguredListener.TLS_FILES) {
            stays.check(
                    key,
                    listener.all().valueOf(key),
                    held.valueOf(key),
                    now.all().valueOf(key));
        }
    }

    /** The files that were read last. */
    List<Path> files() {
        List<Path> files = new ArrayList<>();
        listeners.values().forEach(says -> files.addAll(ConfiguredListener.files(says.inForce())));
        return files;
    }
}
