package dev.dunlin.server.hocon;

import dev.dunlin.broker.spi.Limits;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What must hold between the keys of a listener, and between listeners. No file is read; names of hosts are looked up. */
final class ListenerFaults {
    private static final List<String> FOR_CLIENT_CA =
            List.of(Keys.TLS_CLIENT_CERT, Keys.TLS_CLIENT_CRL, Keys.TLS_USER_NAME_FROM);
    private static final List<String> FOR_TCP =
            List.of(Keys.ADDRESSES, Keys.PORT, Keys.WEBSOCKET_PATH, Keys.WEBSOCKET_ORIGINS, Keys.PROXY_PROTOCOL_FROM);

    private final List<Fault> faults;

    ListenerFaults(List<Fault> faults) {
        this.faults = faults;
    }

    void check(List<ListenerSettings> listeners) {
        Map<String, ListenerSettings> named = new HashMap<>();
        for (ListenerSettings listener : listeners) {
            ListenerSettings before = named.putIfAbsent(listener.name(), listener);
            if (before != null) {
                add(
                        listener.own().where(Keys.NAME, listener.where()),
                        listener,
                        "is there already, in " + before.where());
            }
            checkKinds(listener);
            checkTls(listener);
            checkAccess(listener);
            try {
                ConfiguredListener.of(listener, Limits.STANDALONE);
            } catch (IllegalArgumentException e) {
                add(listener.where(), listener, String.valueOf(e.getMessage()));
            }
        }
    }

    private void checkKinds(ListenerSettings listener) {
        Settings own = listener.own();
        if (!listener.isUnix()) {
            if (own.has(Keys.WEBSOCKET_ORIGINS) && !listener.all().has(Keys.WEBSOCKET_PATH)) {
                Where where = own.where(Keys.WEBSOCKET_ORIGINS, listener.where());
                add(where, listener, "has websocket-origins, which is for a websocket-path");
            }
            if (own.has(Keys.UNIX_MODE)) {
                add(own.where(Keys.UNIX_MODE, listener.where()), listener, "has unix-mode, which is for a unix-socket");
            }
            return;
        }
        for (String key : own.all().keySet()) {
            if (FOR_TCP.contains(key) || key.startsWith(Keys.TLS)) {
                add(
                        own.where(key, listener.where()),
                        listener,
                        "has " + key + " beside unix-socket: a Unix domain socket has plain MQTT on it");
            }
        }
    }

    private void checkTls(ListenerSettings listener) {
        Settings all = listener.all();
        if (!listener.isUnix() && all.has(Keys.TLS_CHAIN) != all.has(Keys.TLS_KEY)) {
            String there = all.has(Keys.TLS_CHAIN) ? Keys.TLS_CHAIN : Keys.TLS_KEY;
            String missing = all.has(Keys.TLS_CHAIN) ? Keys.TLS_KEY : Keys.TLS_CHAIN;
            add(all.where(there, listener.where()), listener, "has " + there + ", which needs " + missing);
            return;
        }
        for (String key : listener.own().all().keySet()) {
            if (key.startsWith(Keys.TLS) && !listener.isUnix() && !listener.hasTls()) {
                add(
                        listener.own().where(key, listener.where()),
                        listener,
                        "has " + key + ", which needs " + Keys.TLS_CHAIN + " and " + Keys.TLS_KEY);
            }
        }
        for (String key : FOR_CLIENT_CA) {
            if (listener.hasTls() && all.isSaid(key) && !listener.asksForCertificates()) {
                add(all.where(key, listener.where()), listener, "has " + key + ", which needs " + Keys.TLS_CLIENT_CA);
            }
        }
    }

    /** Whoever comes in must have proved who it is, or be on this machine, or be let in by name. */
    private void checkAccess(ListenerSettings listener) {
        boolean guarded = listener.access(Keys.PASSWORD_FILE) != null || listener.requiresCertificates();
        if (!guarded && Boolean.FALSE.equals(listener.anonymous())) {
            add(
                    listener.whereOf(Keys.ANONYMOUS),
                    listener,
                    "lets nobody in: security.anonymous is false, and there is no security.password-file");
            return;
        }
        if (listener.isUnix()) {
            return;
        }
        Where where = listener.all().where(Keys.ADDRESSES, listener.where());
        for (String host : ConfiguredListener.hosts(listener)) {
            try {
                boolean local = InetAddress.getByName(host).isLoopbackAddress();
                if (!local && !guarded && listener.anonymous() == null) {
                    add(
                            where.isDefault() ? listener.where() : where,
                            listener,
                            "can be reached by other machines at " + host + ": give users passwords"
                                    + " (security.password-file), require certificates (tls.client-ca), or let every"
                                    + " client in (security.anonymous = true)");
                    return;
                }
            } catch (UnknownHostException e) {
                add(where, listener, "has '" + host + "' in addresses, which is no address or the name of one");
            }
        }
    }

    private void add(Where where, ListenerSettings listener, String text) {
        faults.add(new Fault(where, "listener " + listener.name() + " " + text));
    }
}
