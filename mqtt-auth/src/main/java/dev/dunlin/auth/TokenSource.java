package dev.dunlin.auth;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.source.JWKSetBasedJWKSource;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.jwk.source.RateLimitReachedException;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where the keys of tokens are from, and for which algorithms they are: nothing that a token says changes that. */
final class TokenSource implements JWKSource<SecurityContext>, AutoCloseable {
    private static final int FETCH_MS_MAX = 5_000;
    private static final int FETCH_BYTES_MAX = 1 << 20;
    private static final long KEPT_MS = TimeUnit.MINUTES.toMillis(5);
    private static final long KEPT_IN_NEED_MS = TimeUnit.HOURS.toMillis(1);
    private static final long FETCH_EVERY_MS = TimeUnit.SECONDS.toMillis(30);
    private static final Set<String> HERE = Set.of("localhost", "127.0.0.1", "[::1]");
    private static final Logger LOG = LoggerFactory.getLogger(JwtAuthenticator.class);

    private final Set<JWSAlgorithm> algorithms;
    private final JWKSource<SecurityContext> keys;
    private final @Nullable LiveFile file;

    private TokenSource(Set<JWSAlgorithm> algorithms, JWKSource<SecurityContext> keys, @Nullable LiveFile file) {
        this.algorithms = algorithms;
        this.keys = keys;
        this.file = file;
    }

    static TokenSource secret(byte[] secret, String... names) {
        Set<JWSAlgorithm> algorithms = algorithms(TokenKeys.SECRET, names);
        for (JWSAlgorithm algorithm : algorithms) {
            int bytes = Integer.parseInt(algorithm.getName().substring(2)) / 8;
            if (secret.length < bytes) {
                throw new IllegalArgumentException(
                        "a secret for " + algorithm + " has " + bytes + " bytes or more, not " + secret.length);
            }
        }
        KnownKeys keys = new KnownKeys();
        keys.now = new JWKSet(new OctetSequenceKey.Builder(secret.clone()).build());
        return new TokenSource(algorithms, keys, null);
    }

    static TokenSource file(Path path, String... names) throws AuthFileException {
        Set<JWSAlgorithm> algorithms = algorithms(TokenKeys.PUBLIC, names);
        KnownKeys keys = new KnownKeys();
        LiveFile file = new LiveFile(path, LOG, (from, lines) -> {
            JWKSet read = TokenKeys.of(from, lines);
            keys.now = read;
            return read.size() == 1 ? "1 key" : read.size() + " keys";
        });
        return new TokenSource(algorithms, keys, file);
    }

    static TokenSource url(URI url, String... names) {
        boolean here = "http".equals(url.getScheme()) && HERE.contains(String.valueOf(url.getHost()));
        if (!here && !("https".equals(url.getScheme()) && url.getHost() != null)) {
            throw new IllegalArgumentException("keys come by https, or by http from this machine, not from " + url);
        }
        Set<JWSAlgorithm> algorithms = algorithms(TokenKeys.PUBLIC, names);
        try {
            JWKSource<SecurityContext> keys = JWKSourceBuilder.create(url.toURL(), new Fetch())
                    .cache(KEPT_MS, 2L * FETCH_MS_MAX)
                    .refreshAheadCache(false) // no threads of its own
                    .rateLimited(FETCH_EVERY_MS)
                    .outageTolerant(KEPT_IN_NEED_MS)
                    .build();
            return new TokenSource(algorithms, new FetchedKeys(keys), null);
        } catch (MalformedURLException e) {
            throw new IllegalArgumentException(url + " is no URL", e);
        }
    }

    private static Set<JWSAlgorithm> algorithms(Set<JWSAlgorithm> known, String... names) {
        Set<JWSAlgorithm> algorithms = new HashSet<>();
        for (String name : names) {
            JWSAlgorithm algorithm = JWSAlgorithm.parse(name);
            if (!known.contains(algorithm)) {
                throw new IllegalArgumentException(
                        "'" + name + "' is not an algorithm for such keys, known: " + names(known));
            }
            algorithms.add(algorithm);
        }
        if (algorithms.isEmpty()) {
            throw new IllegalArgumentException("no algorithm is named, known: " + names(known));
        }
        return Set.copyOf(algorithms);
    }

    private static String names(Set<JWSAlgorithm> algorithms) {
        return algorithms.stream().map(JWSAlgorithm::getName).sorted().collect(Collectors.joining(", "));
    }

    Set<JWSAlgorithm> algorithms() {
        return algorithms;
    }

    @Override
    public List<JWK> get(JWKSelector selector, @Nullable SecurityContext context) throws KeySourceException {
        return keys.get(selector, context);
    }

    void reload() throws AuthFileException {
        if (file != null) {
            file.reload();
        }
    }

    void watch(Duration every) {
        if (file == null) {
            throw new IllegalStateException("the keys aren't from a file");
        }
        file.watch(every);
    }

    @Override
    public void close() {
        if (file != null) {
            file.close();
        }
    }

    /** Those that were fetched, if they are safe. */
    private static final class FetchedKeys implements JWKSource<SecurityContext> {
        private final JWKSource<SecurityContext> source;

        FetchedKeys(JWKSource<SecurityContext> source) {
            this.source = source;
        }

        @Override
        public List<JWK> get(JWKSelector selector, @Nullable SecurityContext context) throws KeySourceException {
            try {
                return source.get(selector, context).stream()
                        .filter(key -> !(key instanceof RSAKey) || key.size() >= TokenKeys.RSA_BITS_MIN)
                        .toList();
            } catch (RateLimitReachedException e) {
                requireAny(e, context);
                return List.of(); // there are keys, and none is the one that the token names
            }
        }

        /** Throws if there are no keys, and none may be fetched now. */
        private void requireAny(KeySourceException cause, @Nullable SecurityContext context) throws KeySourceException {
            if (!(source instanceof JWKSetBasedJWKSource<SecurityContext> cached)) {
                throw cause;
            }
            cached.getJWKSetSource()
                    .getJWKSet(JWKSetCacheRefreshEvaluator.noRefresh(), System.currentTimeMillis(), context);
        }
    }

    /** Without going where an answer sends it: keys from elsewhere are not those that are meant. */
    private static final class Fetch extends DefaultResourceRetriever {
        Fetch() {
            super(FETCH_MS_MAX, FETCH_MS_MAX, FETCH_BYTES_MAX);
        }

        @Override
        protected HttpURLConnection openHTTPConnection(URL url) throws IOException {
            HttpURLConnection connection = super.openHTTPConnection(url);
            connection.setInstanceFollowRedirects(false);
            return connection;
        }
    }

    /** A secret, or those that were read last. */
    private static final class KnownKeys implements JWKSource<SecurityContext> {
        private volatile JWKSet now = new JWKSet();

        @Override
        public List<JWK> get(JWKSelector selector, @Nullable SecurityContext context) {
            return select(now, selector);
        }

        /** A key that has no identifier, as a secret or one in PEM, may be the one that a token means, whichever it names. */
        private static List<JWK> select(JWKSet keys, JWKSelector selector) {
            List<JWK> named = selector.select(keys);
            if (!named.isEmpty()) {
                return named;
            }
            JWKMatcher whichever = new JWKMatcher.Builder(selector.getMatcher())
                    .keyIDs((Set<String>) null)
                    .build();
            List<JWK> nameless = keys.getKeys().stream()
                    .filter(key -> key.getKeyID() == null)
                    .toList();
            return new JWKSelector(whichever).select(new JWKSet(nameless));
        }
    }
}
