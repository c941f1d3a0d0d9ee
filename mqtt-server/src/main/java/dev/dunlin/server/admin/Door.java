package dev.dunlin.server.admin;

import com.sun.net.httpserver.Headers;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who may ask: whoever has the token, and by a name that is ours. Any thread. */
final class Door {
    /** IPv4, or IPv6 in brackets: no name server has a say in these. */
    private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|\\[[0-9a-fA-F:.]+]");

    private static final Pattern PORT = Pattern.compile(":[0-9]{1,5}$");
    private static final String SCHEME = "bearer ";
    private static final int ADDRESSES_MAX = 256;

    /** In a minute, of all addresses together. */
    private static final int LINES_MAX = 60;

    private static final int NETWORK_BYTES = 8;
    private static final long QUIET_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final Logger LOG = LoggerFactory.getLogger(Door.class);

    private final byte[] token;
    private final Set<String> names;
    private final LongSupplier nanoTime;

    /** When the log had its last line about a network; the oldest is forgotten. Under its own lock, as the lines. */
    private final Map<ByteBuffer, Long> told = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<ByteBuffer, Long> eldest) {
            return size() > ADDRESSES_MAX;
        }
    };

    private long minuteNanos;
    private int lines;

    Door(String token, AdminSettings settings, LongSupplier nanoTime) {
        this.token = token.getBytes(StandardCharsets.UTF_8);
        names = Stream.concat(Stream.of("localhost", settings.host()), settings.names().stream())
                .map(name -> name.toLowerCase(Locale.ROOT))
                .collect(Collectors.toUnmodifiableSet());
        this.nanoTime = nanoTime;
        minuteNanos = nanoTime.getAsLong();
    }

    /**
     * The name or address by which it was asked. A web page whose own name leads to this machine is refused: its browser would
     * let it read the answers.
     *
     * @param orNone whether there may be none, which is empty then: what looks after a process may speak HTTP/1.0
     */
    String requireHost(Headers headers, boolean orNone) throws Problem {
        List<String> given = headers.getOrDefault("Host", List.of());
        if (orNone && given.isEmpty()) {
            return "";
        }
        String host = given.size() == 1 ? PORT.matcher(given.get(0)).replaceFirst("") : "";
        if (!ADDRESS.matcher(host).matches() && !names.contains(host.toLowerCase(Locale.ROOT))) {
            throw new Problem(421, "ask by an address, by localhost, or by a name that is configured (admin.names)");
        }
        return host;
    }

    void requireToken(Headers headers, @Nullable InetSocketAddress from) throws Problem {
        List<String> given = headers.getOrDefault("Authorization", List.of());
        String header = given.size() == 1 ? given.get(0) : "";
        boolean bearer = header.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
        byte[] said = header.substring(bearer ? SCHEME.length() : 0).strip().getBytes(StandardCharsets.UTF_8);
        if (!bearer || !MessageDigest.isEqual(said, token)) {
            tell(from, header.isEmpty());
            throw new Problem(401, "the header Authorization: Bearer TOKEN is needed, with the token of this broker");
        }
    }

    /** One line per address and minute; of IPv6, per network of 64 bits, in which one machine may have any address. */
    private void tell(@Nullable InetSocketAddress from, boolean none) {
        if (from == null) {
            return;
        }
        byte[] address = from.getAddress().getAddress();
        ByteBuffer network = ByteBuffer.wrap(address, 0, Math.min(NETWORK_BYTES, address.length));
        boolean isLast;
        synchronized (told) {
            Long last = told.get(network);
            long now = nanoTime.getAsLong();
            if (last != null && now - last < QUIET_NANOS) {
                return;
            }
            if (now - minuteNanos >= QUIET_NANOS) {
                minuteNanos = now;
                lines = 0;
            }
            if (lines == LINES_MAX) {
                return;
            }
            isLast = ++lines == LINES_MAX;
            told.remove(network); // it is the youngest again
            told.put(network, now);
        }
        LOG.warn("admin: refused {}: it has {} token", from.getAddress().getHostAddress(), none ? "no" : "another");
        if (isLast) {
            LOG.warn("admin: others that are refused in this minute are not told");
        }
    }
}
