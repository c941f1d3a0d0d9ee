package dev.dunlin.broker;

import dev.dunlin.broker.net.Layers;
import dev.dunlin.broker.net.TlsLayer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What has come of {@link Broker#reloadTls}.
 *
 * @param reloaded names of the listeners that go by the files as they are now
 * @param failed names of the listeners that go on as before, each with a sentence that says why
 */
public record TlsReload(List<String> reloaded, Map<String, String> failed) {
    private static final Logger LOG = LoggerFactory.getLogger(TlsReload.class);

    /** Copies both. */
    public TlsReload {
        reloaded = List.copyOf(reloaded);
        failed = Collections.unmodifiableMap(new LinkedHashMap<>(failed));
    }

    /** @throws IllegalArgumentException as {@link Broker#reloadTls(Map)} has it */
    static void check(Set<Listener> listeners, Map<String, Tls> wanted) {
        wanted.forEach((name, tls) -> {
            Tls before = listeners.stream()
                    .filter(listener -> listener.name().equals(name))
                    .map(Listener::tls)
                    .filter(Objects::nonNull)
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("there is no listener " + name + " with TLS"));
            if (!tls.asksAs(before)) {
                throw new IllegalArgumentException(
                        "listener " + name + " would ask for other certificates of clients, which needs a new broker: "
                                + tls + ", not " + before);
            }
        });
    }

    /**
     * Reads the files of all listeners that have any. Blocks.
     *
     * @param others what listeners go by that have been given other files since the start, by their names
     * @param wanted the same, from now on; what can be used goes into {@code others}
     */
    static TlsReload of(Map<Listener, Layers> listeners, Map<String, Tls> others, Map<String, Tls> wanted) {
        List<String> reloaded = new ArrayList<>();
        Map<String, String> failed = new LinkedHashMap<>();
        listeners.forEach((listener, layers) -> {
            TlsLayer running = layers.tls();
            if (listener.tls() == null || running == null) {
                return;
            }
            Tls before = others.getOrDefault(listener.name(), listener.tls());
            Tls files = wanted.getOrDefault(listener.name(), before);
            try {
                running.present(files.present());
                others.put(listener.name(), files);
                reloaded.add(listener.name());
                LOG.info("listener {}: new handshakes go by the certificates that were read now", listener.name());
            } catch (BrokerStartException | RuntimeException e) { // one listener's files are not another's
                String why = String.valueOf(e.getMessage());
                failed.put(listener.name(), why);
                LOG.warn("listener {}: keeps the certificates that it has: {}", listener.name(), why);
            }
        });
        return new TlsReload(reloaded, failed);
    }
}
