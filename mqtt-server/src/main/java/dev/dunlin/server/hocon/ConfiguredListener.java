package dev.dunlin.server.hocon;

import dev.dunlin.broker.Listener;
import dev.dunlin.broker.Tls;
import dev.dunlin.broker.spi.CertificateName;
import dev.dunlin.broker.spi.Features;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.codec.QoS;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Makes a broker's listener of what a configuration says. Reads no file. */
final class ConfiguredListener {
    private static final Map<String, CertificateName> NAMES = Map.of(
            "cn", CertificateName.COMMON_NAME,
            "dns", CertificateName.SAN_DNS,
            "email", CertificateName.SAN_EMAIL,
            "uri", CertificateName.SAN_URI,
            "subject", CertificateName.SUBJECT);

    /** What of a listener's TLS can change while a broker runs. */
    static final List<String> TLS_FILES = List.of(
            Keys.TLS_CHAIN,
            Keys.TLS_KEY,
            Keys.TLS_KEY_PASSWORD,
            Keys.TLS_CLIENT_CA,
            Keys.TLS_CLIENT_CRL,
            Keys.TLS_MIN_VERSION,
            Keys.TLS_CIPHERS);

    /** What of a listener can change while a broker runs: these files and what belongs to them, besides bounds. */
    static final Set<String> CHANGING = Stream.concat(
                    TLS_FILES.stream(), Stream.of(Keys.PASSWORD_FILE, Keys.ACL_FILE, Keys.ANONYMOUS))
            .collect(Collectors.toUnmodifiableSet());

    private ConfiguredListener() {}

    /**
     * Whether this is still the same listener, by the name that the file gives it and its place, and nothing else about it needs
     * a restart. Names that it was given for want of one don't count: they go by the order.
     */
    static boolean isSame(ListenerSettings before, ListenerSettings after) {
        return Keys.LISTENER.keySet().stream()
                        .filter(key -> !key.startsWith(Keys.LIMITS) && !CHANGING.contains(key))
                        .allMatch(key ->
                                before.all().valueOf(key).equals(after.all().valueOf(key)))
                && before.hasTls() == after.hasTls()
                && before.asksForCertificates() == after.asksForCertificates();
    }

    /**
     * The listener, with everything but who comes in.
     *
     * @param broker the broker's limits, from which those of a listener are made
     * @throws IllegalArgumentException if its parts don't go together, in a sentence
     */
    static Listener of(ListenerSettings settings, Limits broker) {
        Listener listener = place(settings).name(settings.name()).features(features(settings.all()));
        listener = settings.all().hasLimits() ? listener.limits(settings.all().limits(broker)) : listener;
        return settings.hasTls() ? listener.tls(tls(settings.all())) : listener;
    }

    /** The addresses of a listener on TCP, those of IPv6 without brackets. */
    static List<String> hosts(ListenerSettings settings) {
        return settings.all().list(Keys.ADDRESSES).stream()
                .map(host -> host.replaceFirst("^\\[(.*)]$", "$1"))
                .toList();
    }

    private static Listener place(ListenerSettings settings) {
        Settings all = settings.all();
        Path socket = all.path(Keys.UNIX_SOCKET);
        if (socket != null) {
            return Listener.unix(socket).socketPermissions(all.text(Keys.UNIX_MODE));
        }
        List<String> hosts = hosts(settings);
        int port = all.number(Keys.PORT);
        String path = all.textOrNull(Keys.WEBSOCKET_PATH);
        Listener listener = path == null
                ? Listener.tcp(hosts, port)
                : Listener.webSocket(hosts.get(0), port, path)
                        .alsoOn(hosts.stream().skip(1).toArray(String[]::new));
        List<String> origins = all.list(Keys.WEBSOCKET_ORIGINS);
        listener = origins.isEmpty() ? listener : listener.webSocketOrigins(origins.toArray(String[]::new));
        List<String> proxies = all.list(Keys.PROXY_PROTOCOL_FROM);
        return proxies.isEmpty() ? listener : listener.proxyProtocol(proxies.toArray(String[]::new));
    }

    private static Features features(Settings all) {
        return Features.ALL
                .withMaximumQoS(QoS.of(all.number(Keys.MAXIMUM_QOS)))
                .withRetainAvailable(all.flag(Keys.RETAIN))
                .withEmptyClientIds(all.flag(Keys.EMPTY_CLIENT_IDS))
                .withClientIdPrefix(all.text(Keys.CLIENT_ID_PREFIX))
                .withMountPoint(all.text(Keys.MOUNT_POINT));
    }

    static Tls tls(Settings all) {
        Path chain = Objects.requireNonNull(all.path(Keys.TLS_CHAIN));
        Path key = Objects.requireNonNull(all.path(Keys.TLS_KEY));
        String password = all.textOrNull(Keys.TLS_KEY_PASSWORD);
        Tls tls = (password == null ? Tls.pem(chain, key) : Tls.pem(chain, key, password))
                .minimum(all.text(Keys.TLS_MIN_VERSION).equals("1.3") ? Tls.Version.TLS_1_3 : Tls.Version.TLS_1_2)
                .cipherSuites(all.list(Keys.TLS_CIPHERS).toArray(String[]::new));
        List<Path> trusted = all.paths(Keys.TLS_CLIENT_CA);
        if (trusted.isEmpty()) {
            return tls;
        }
        boolean required = all.text(Keys.TLS_CLIENT_CERT).equals("required");
        tls = tls.clientCertificates(
                trusted, required ? Tls.ClientCertificates.REQUIRED : Tls.ClientCertificates.OPTIONAL);
        List<Path> lists = all.paths(Keys.TLS_CLIENT_CRL);
        tls = lists.isEmpty() ? tls : tls.revocationLists(lists.toArray(Path[]::new));
        String name = all.textOrNull(Keys.TLS_USER_NAME_FROM);
        return name == null ? tls : tls.userName(Objects.requireNonNull(NAMES.get(name), name));
    }

    /** The files that its TLS reads. */
    static List<Path> files(ListenerSettings settings) {
        List<Path> files = new ArrayList<>();
        if (settings.hasTls()) {
            Settings all = settings.all();
            files.add(Objects.requireNonNull(all.path(Keys.TLS_CHAIN)));
            files.add(Objects.requireNonNull(all.path(Keys.TLS_KEY)));
            files.addAll(all.paths(Keys.TLS_CLIENT_CA));
            files.addAll(all.paths(Keys.TLS_CLIENT_CRL));
        }
        return files;
    }
}
