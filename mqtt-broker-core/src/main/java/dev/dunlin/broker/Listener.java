package dev.dunlin.broker;

import dev.dunlin.broker.net.Access;
import dev.dunlin.broker.net.TrustedProxies;
import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.MountPoint;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.Authorizer;
import dev.dunlin.broker.spi.Features;
import dev.dunlin.broker.spi.Limits;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where a broker listens, and for what: MQTT over TCP or over WebSocket, each with or without TLS, or over a Unix domain
 * socket. Immutable.
 *
 * <pre>{@code
 * Listener.tcp("::", 8883).tls(Tls.pem(chain, key)).name("tls")
 * Listener.tcp(List.of("127.0.0.1", "::1"), 1883)
 * Listener.webSocket("::", 443, "/mqtt").tls(Tls.pem(chain, key)).name("wss")
 * Listener.tcp("192.0.2.1", 1883).proxyProtocol("192.0.2.0/28")
 * Listener.unix(Path.of("/run/dunlin/mqtt.sock")).socketPermissions("rw-rw----")
 * }</pre>
 *
 * @param name unique in its broker; {@link Broker#port} asks by it
 * @param place where it listens
 * @param webSocketPath the path of the WebSocket endpoint, beginning with "/"; null for plain MQTT
 * @param tls certificate and key; null for a listener without TLS
 * @param trustedProxies who has to begin each connection with a PROXY header, see {@link #proxyProtocol}; empty for nobody
 * @param terms what its clients may do, and who they may be
 */
public record Listener(
        String name,
        Place place,
        @Nullable String webSocketPath,
        @Nullable Tls tls,
        List<String> trustedProxies,
        Terms terms) {
    /** The path that most clients assume. */
    public static final String DEFAULT_PATH = "/mqtt";

    /** Every path: whatever a client asks for, it gets to the broker. */
    public static final String ANY_PATH = "/*";

    private static final String OWNER_ONLY = "rw-------";

    /**
     * The terms on which clients come in through a listener, where they differ from the broker's.
     *
     * @param limits the bounds of its connections; null for the broker's, see {@link Listener#limits(Limits)}
     * @param features what of MQTT they may use
     * @param security who they are and what they may do; null for the broker's, see {@link Listener#security}
     * @param webSocketOrigins of which web pages' clients come in, see {@link Listener#webSocketOrigins}; empty for all
     */
    public record Terms(
            @Nullable Limits limits,
            Features features,
            @Nullable Security security,
            List<String> webSocketOrigins) {
        static final Terms OF_THE_BROKER = new Terms(null, Features.ALL, null, List.of());

        /** Copies the list. */
        public Terms {
            webSocketOrigins = List.copyOf(webSocketOrigins);
        }

        Terms withLimits(Limits own) {
            return new Terms(own, features, security, webSocketOrigins);
        }

        Terms withFeatures(Features own) {
            return new Terms(limits, own, security, webSocketOrigins);
        }

        Terms withSecurity(Security own) {
            return new Terms(limits, features, own, webSocketOrigins);
        }

        Terms withWebSocketOrigins(List<String> own) {
            return new Terms(limits, features, security, own);
        }
    }

    /**
     * Who comes in through a listener.
     *
     * @param authenticator who may connect; null for everybody
     * @param authorizer what they may do; null for everything
     */
    public record Security(
            @Nullable Authenticator authenticator, @Nullable Authorizer authorizer) {}

    /** Where a listener listens. */
    public sealed interface Place permits Tcp, Unix {}

    /**
     * A TCP port on one or several addresses of this machine.
     *
     * @param hosts host names or addresses to bind to, IPv6 without brackets; "0.0.0.0" for all addresses of IPv4, "::" for
     *     all of both families where the system gives sockets both, which Linux does unless told otherwise
     *     ({@code net.ipv6.bindv6only}). "::" and "0.0.0.0" beside each other are then one too many.
     * @param port 0 to 65,535; 0 lets the system choose one, the same on all addresses
     */
    public record Tcp(List<String> hosts, int port) implements Place {
        /**
         * Checks the port and the hosts.
         *
         * @throws IllegalArgumentException if the port is out of range, or a host is empty or there twice
         */
        public Tcp {
            hosts = List.copyOf(hosts);
            if (port < 0 || port > 65_535) {
                throw new IllegalArgumentException("port is 0 to 65535, not " + port);
            }
            if (hosts.isEmpty() || hosts.contains("") || new HashSet<>(hosts).size() < hosts.size()) {
                throw new IllegalArgumentException("a listener needs hosts, each once, not " + hosts);
            }
        }

        /** The address of a host; unresolved if the host is unknown. */
        static InetSocketAddress address(String host, int port) {
            return new InetSocketAddress(host, port);
        }
    }

    /**
     * A Unix domain socket.
     *
     * @param path the file that clients open, at most about 100 bytes long
     * @param permissions of the file, as {@code ls -l} has them: "rw-------" lets in programs of the same user
     */
    public record Unix(Path path, String permissions) implements Place {
        /**
         * Checks the permissions.
         *
         * @throws IllegalArgumentException if they can't be some
         */
        public Unix {
            PosixFilePermissions.fromString(permissions);
        }
    }

    /**
     * Checks that the parts go together.
     *
     * @throws IllegalArgumentException if the name is empty, the path can't be one of WebSocket, a trusted proxy is no address,
     *     a Unix domain socket is to have WebSocket, TLS or the PROXY protocol, or a mount point, the beginning of client
     *     identifiers or an origin can't be one
     */
    public Listener {
        trustedProxies = List.copyOf(trustedProxies);
        if (name.isEmpty()) {
            throw new IllegalArgumentException("a listener needs a name");
        }
        if (webSocketPath != null && !webSocketPath.matches("/[!-~&&[^?#]]*")) {
            throw new IllegalArgumentException(
                    "a WebSocket path begins with / and has no query, not '" + webSocketPath + "'");
        }
        if (!trustedProxies.isEmpty()) {
            TrustedProxies.of(trustedProxies);
        }
        if (place instanceof Unix && (webSocketPath != null || tls != null || !trustedProxies.isEmpty())) {
            throw new IllegalArgumentException("a Unix domain socket has plain MQTT on it");
        }
        requireFeatures(terms.features);
        requireOrigins(terms.webSocketOrigins);
    }

    private static void requireOrigins(List<String> origins) {
        for (String origin : origins) {
            if (!origin.matches("[a-z][a-z0-9+.-]*://[^/?#@\\s]+")) {
                throw new IllegalArgumentException(
                        "an origin is like https://example.org or http://localhost:8080, not '" + origin + "'");
            }
        }
    }

    private static void requireFeatures(Features features) {
        String mountFault = MountPoint.fault(features.mountPoint());
        if (!mountFault.isEmpty()) {
            throw new IllegalArgumentException(mountFault);
        }
        if (!Core.canBeginClientId(features.clientIdPrefix())) {
            throw new IllegalArgumentException(
                    "no client identifier can begin with '" + features.clientIdPrefix() + "'");
        }
    }

    /** MQTT over TCP, named "tcp". */
    public static Listener tcp(String host, int port) {
        return tcp(List.of(host), port);
    }

    /** MQTT over TCP on several addresses, named "tcp". All are bound, or the broker doesn't start. */
    public static Listener tcp(List<String> hosts, int port) {
        return new Listener("tcp", new Tcp(hosts, port), null, null, List.of(), Terms.OF_THE_BROKER);
    }

    /** MQTT over WebSocket at {@link #DEFAULT_PATH}, named "ws". */
    public static Listener webSocket(String host, int port) {
        return webSocket(host, port, DEFAULT_PATH);
    }

    /**
     * MQTT over WebSocket, named "ws".
     *
     * @param path what clients ask for; the request for any other gets 404, unless it is {@link #ANY_PATH}
     */
    public static Listener webSocket(String host, int port, String path) {
        return new Listener("ws", new Tcp(List.of(host), port), path, null, List.of(), Terms.OF_THE_BROKER);
    }

    /**
     * MQTT over a Unix domain socket, named "unix": for programs on this machine, and of those only for the ones that may
     * write to its file; at first, those of the broker's own user. A file that a killed broker has left there is replaced; one
     * that somebody accepts on, or that is no socket, is not, and the broker doesn't start. At the end the file is removed.
     */
    public static Listener unix(Path path) {
        return new Listener("unix", new Unix(path, OWNER_ONLY), null, null, List.of(), Terms.OF_THE_BROKER);
    }

    /**
     * This listener on further addresses, with the same port.
     *
     * @throws IllegalArgumentException if it isn't on TCP, or is on one of them already
     */
    public Listener alsoOn(String... hosts) {
        if (!(place instanceof Tcp tcp)) {
            throw new IllegalArgumentException("only a listener on TCP has several addresses");
        }
        List<String> all = new ArrayList<>(tcp.hosts);
        all.addAll(List.of(hosts));
        return new Listener(name, new Tcp(all, tcp.port), webSocketPath, tls, trustedProxies, terms);
    }

    /**
     * This listener with other permissions of its socket's file. To let a group in, "rw-rw----", and the file belongs to the
     * group of its folder if that has the set-group-ID bit ({@code chgrp mqtt /run/dunlin; chmod 2750 /run/dunlin}).
     *
     * @param permissions as {@code ls -l} has them; to connect, one needs to be allowed to write
     * @throws IllegalArgumentException if they can't be some, or this isn't a Unix domain socket
     */
    public Listener socketPermissions(String permissions) {
        if (!(place instanceof Unix unix)) {
            throw new IllegalArgumentException("only the file of a Unix domain socket has permissions");
        }
        return new Listener(name, new Unix(unix.path, permissions), webSocketPath, tls, trustedProxies, terms);
    }

    /** This listener with TLS. Its name stays. */
    public Listener tls(Tls identity) {
        return new Listener(name, place, webSocketPath, identity, trustedProxies, terms);
    }

    /**
     * This listener behind proxies that say for whom they connect, by the PROXY protocol, version 1 or 2. It is their word
     * that log lines, {@link dev.dunlin.broker.spi.ConnectRequest}, {@link dev.dunlin.broker.spi.ClientInfo} and limits per
     * address go by. Each connection begins with that header, before TLS and WebSocket, within the CONNECT timeout; whoever
     * connects from elsewhere, or without one, is cut off. Needs {@code netty-codec-haproxy} on the class path.
     *
     * @param trustedSources the proxies' addresses, or ranges such as "192.0.2.0/24" and "2001:db8::/32"
     * @throws IllegalArgumentException if there is none, or one is neither
     */
    public Listener proxyProtocol(String... trustedSources) {
        List<String> sources = List.of(trustedSources);
        TrustedProxies.of(sources);
        return new Listener(name, place, webSocketPath, tls, sources, terms);
    }

    /** This listener under another name. */
    public Listener name(String other) {
        return new Listener(other, place, webSocketPath, tls, trustedProxies, terms);
    }

    /**
     * This listener with bounds of its own: make them from the broker's by the {@code with} methods of what may differ, which
     * is {@code connectionsMax} (its own connections are counted apart, and among those of the broker), {@code
     * connectTimeoutMs}, {@code packetBytesMax}, {@code connectPacketBytesMax}, {@code receiveMaximum}, {@code
     * outputBytesMax}, {@code topicLevelsMax}, {@code topicBytesMax}, {@code topicAliasMax}, {@code userPropertiesMax}, {@code
     * keepAliveMaxSeconds}, {@code publishesPerSecondMax}, {@code publishBytesPerSecondMax}, {@code payloadBytesMax},
     * {@code webSocketHeaderBytesMax}, {@code connectionsPerAddressMax} and {@code connectsPerSecondPerAddress} (its addresses
     * are counted apart). Limits that differ in anything else are refused when the broker starts.
     */
    public Listener limits(Limits own) {
        return new Listener(name, place, webSocketPath, tls, trustedProxies, terms.withLimits(own));
    }

    /**
     * This listener with users of its own: those of the broker ({@link BrokerBuilder#authenticator}, {@link
     * BrokerBuilder#authorizer}) have no say here.
     */
    public Listener security(Authenticator who, Authorizer what) {
        return terms(terms.withSecurity(new Security(who, what)));
    }

    /** As {@link #security(Authenticator, Authorizer)}, where everybody may do everything. */
    public Listener security(Authenticator who) {
        return terms(terms.withSecurity(new Security(who, null)));
    }

    /** This listener lets everybody in, also from other machines, whatever authenticator the broker has. */
    public Listener allowAnonymous() {
        return terms(terms.withSecurity(new Security(null, null)));
    }

    /** As {@link #allowAnonymous()}, and says what they may do. */
    public Listener allowAnonymous(Authorizer what) {
        return terms(terms.withSecurity(new Security(null, what)));
    }

    /**
     * This listener, whose clients may use only these features of MQTT.
     *
     * @throws IllegalArgumentException for a mount point that is no topic or begins a shared filter, or a beginning of client
     *     identifiers that can't be one
     */
    public Listener features(Features own) {
        return terms(terms.withFeatures(own));
    }

    /**
     * This listener, which lets clients in web pages in only from pages of these origins [RFC 6454]: a browser says where the
     * page is from that opens a WebSocket, and lets any page open one to any place. A request with another Origin is answered
     * with 403. Programs that aren't browsers send no Origin, or the one that they choose: they come in as ever.
     *
     * @param origins such as "https://example.org" or "http://localhost:8080", without a slash at the end; compared without
     *     regard to case
     * @throws IllegalArgumentException if there is none, or one is no origin
     */
    public Listener webSocketOrigins(String... origins) {
        if (origins.length == 0) {
            throw new IllegalArgumentException("no origin is named: then nobody could come in");
        }
        return terms(terms.withWebSocketOrigins(Stream.of(origins)
                .map(origin -> origin.toLowerCase(Locale.ROOT))
                .toList()));
    }

    private Listener terms(Terms own) {
        return new Listener(name, place, webSocketPath, tls, trustedProxies, own);
    }

    /** The bounds of its connections; null for the broker's. */
    public @Nullable Limits limits() {
        return terms.limits;
    }

    /** "tcp", "tls", "ws", "wss" or "unix". */
    String scheme() {
        if (place instanceof Unix) {
            return "unix";
        }
        if (webSocketPath != null) {
            return tls == null ? "ws" : "wss";
        }
        return tls == null ? "tcp" : "tls";
    }

    /** Where it listens now that its first address is bound to {@code bound}. */
    List<ListenerAddress> addresses(SocketAddress bound) {
        if (place instanceof Tcp tcp) {
            int port = ((InetSocketAddress) bound).getPort();
            String path = webSocketPath == null ? "" : webSocketPath;
            return tcp.hosts.stream()
                    .map(host -> new ListenerAddress(name, scheme(), host, port, path))
                    .toList();
        }
        String file = ((Unix) place).path.toAbsolutePath().normalize().toString();
        return List.of(new ListenerAddress(name, scheme(), "", 0, file));
    }

    /** The proxies whose headers it expects; null if it expects none. */
    @Nullable
    TrustedProxies proxies() {
        return trustedProxies.isEmpty() ? null : TrustedProxies.of(trustedProxies);
    }

    /** Of the name alone: made of all parts it would cost a start a dozen classes of the JVM's own making. */
    @Override
    public int hashCode() {
        return name.hashCode();
    }

    /** Who comes in: as it says, or else as the broker does. */
    Access access(Access ofTheBroker) {
        Security own = terms.security;
        if (own == null) {
            return new Access(ofTheBroker.authenticator(), ofTheBroker.authorizer(), terms.features);
        }
        Authenticator who = own.authenticator;
        return new Access(who == null ? BrokerBuilder::byCertificate : who, own.authorizer, terms.features);
    }

    /**
     * The first host that other machines can reach, and come in without having proved who they are; null if there is none, or
     * that was asked for.
     */
    @Nullable
    String unguardedHost() {
        if (terms.security == null && place instanceof Tcp tcp && (tls == null || !tls.requiresCertificates())) {
            for (String host : tcp.hosts) {
                InetAddress resolved = Tcp.address(host, tcp.port).getAddress();
                if (resolved == null || !resolved.isLoopbackAddress()) {
                    return host;
                }
            }
        }
        return null;
    }
}
