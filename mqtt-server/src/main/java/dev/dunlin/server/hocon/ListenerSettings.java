package dev.dunlin.server.hocon;

import org.jspecify.annotations.Nullable;

/**
 * What a configuration says of a listener.
 *
 * @param name unique among the listeners
 * @param where its element of the list begins
 * @param own what that element says alone
 * @param all that, and what holds for all listeners
 * @param broker what holds where neither says who comes in
 */
record ListenerSettings(String name, Where where, Settings own, Settings all, Settings broker) {
    boolean isUnix() {
        return all.has(Keys.UNIX_SOCKET);
    }

    boolean hasTls() {
        return !isUnix() && all.has(Keys.TLS_CHAIN) && all.has(Keys.TLS_KEY);
    }

    boolean requiresCertificates() {
        return asksForCertificates() && all.text(Keys.TLS_CLIENT_CERT).equals("required");
    }

    boolean asksForCertificates() {
        return hasTls() && !all.list(Keys.TLS_CLIENT_CA).isEmpty();
    }

    /** Of what the security sections say of {@code key}, what holds here; null for nothing. */
    @Nullable
    String access(String key) {
        String here = all.textOrNull(key);
        return here == null ? broker.textOrNull(key) : here;
    }

    /** Whether clients may come without a user name; null where nothing says so. */
    @Nullable
    Boolean anonymous() {
        Boolean here = all.flagOrNull(Keys.ANONYMOUS);
        return here == null ? broker.flagOrNull(Keys.ANONYMOUS) : here;
    }

    /** Where that is said. */
    Where whereOf(String key) {
        return all.where(key, broker.where(key, where));
    }

    /** What a listener is called that has no name: what clients speak there. */
    static String scheme(Settings all) {
        boolean tls = all.has(Keys.TLS_CHAIN);
        if (all.has(Keys.UNIX_SOCKET)) {
            return "unix";
        }
        if (all.has(Keys.WEBSOCKET_PATH)) {
            return tls ? "wss" : "ws";
        }
        return tls ? "tls" : "tcp";
    }
}
