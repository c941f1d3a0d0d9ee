package dev.dunlin.broker;

import dev.dunlin.broker.net.Layers;
import dev.dunlin.broker.net.TlsLayer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

    /** Reads the files of all listeners that have any. Blocks. */
    static TlsReload of(Map<Listener, Layers> listeners) {
        List<String> reloaded = new ArrayList<>();
        Map<String, String> failed = new LinkedHashMap<>();
        listeners.forEach((listener, layers) -> {
            Tls files = listener.tls();
            TlsLayer running = layers.tls();
            if (files == null || running == null) {
                return;
            }
            try {
                running.present(files.present());
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
