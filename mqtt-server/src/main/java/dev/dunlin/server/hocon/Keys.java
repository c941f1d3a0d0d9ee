package dev.dunlin.server.hocon;

import dev.dunlin.broker.Listener;
import java.lang.reflect.RecordComponent;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Every key of the configuration file, and what its value may be. Defaults are in the reference file. */
final class Keys {
    static final String LISTENERS = "listeners";
    static final String LISTENER_DEFAULTS = "listener-defaults";
    /** Beside those of the broker, and read in another way. */
    static final Set<String> APART = Set.of(LISTENERS, LISTENER_DEFAULTS);

    static final String LIMITS = "limits.";

    static final String ANONYMOUS = "security.anonymous";
    static final String PASSWORD_FILE = "security.password-file";
    static final String ACL_FILE = "security.acl-file";
    static final String WATCH = "security.watch";
    static final String STORE_ENGINE = "store.engine";
    static final String STORE_DATA = "store.data";
    static final String STORE_DURABILITY = "store.durability";
    static final String SYS_INTERVAL = "sys-interval";
    static final String UPGRADE_QOS = "upgrade-qos";
    static final String TCP_NO_DELAY = "tcp-no-delay";
    static final String LOOPS = "loops";
    static final String PID_FILE = "pid-file";
    static final String LOG_LEVEL = "log.level";
    static final String LOG_FORMAT = "log.format";

    static final String ADMIN = "admin.";
    static final String ADMIN_PORT = "admin.port";
    static final String ADMIN_BIND = "admin.bind";
    static final String ADMIN_NAMES = "admin.names";
    static final String ADMIN_TOKEN = "admin.token";
    static final String ADMIN_TOKEN_FILE = "admin.token-file";
    static final String ADMIN_CERT = "admin.tls.cert";
    static final String ADMIN_KEY = "admin.tls.key";
    static final String ADMIN_METRICS_WITHOUT_TOKEN = "admin.metrics-without-token";
    static final String ADMIN_PLAIN_TEXT = "admin.plain-text";

    static final String NAME = "name";
    static final String ADDRESSES = "addresses";
    static final String PORT = "port";
    static final String WEBSOCKET_PATH = "websocket-path";
    static final String WEBSOCKET_ORIGINS = "websocket-origins";
    static final String UNIX_SOCKET = "unix-socket";
    static final String UNIX_MODE = "unix-mode";
    static final String PROXY_PROTOCOL_FROM = "proxy-protocol-from";
    static final String TLS = "tls.";
    static final String TLS_CHAIN = "tls.chain";
    static final String TLS_KEY = "tls.key";
    static final String TLS_KEY_PASSWORD = "tls.key-password";
    static final String TLS_CLIENT_CA = "tls.client-ca";
    static final String TLS_CLIENT_CERT = "tls.client-cert";
    static final String TLS_CLIENT_CRL = "tls.client-crl";
    static final String TLS_USER_NAME_FROM = "tls.user-name-from";
    static final String TLS_MIN_VERSION = "tls.min-version";
    static final String TLS_CIPHERS = "tls.ciphers";
    static final String MAXIMUM_QOS = "features.maximum-qos";
    static final String RETAIN = "features.retain";
    static final String EMPTY_CLIENT_IDS = "features.empty-client-ids";
    static final String CLIENT_ID_PREFIX = "features.client-id-prefix";
    static final String MOUNT_POINT = "features.mount-point";

    /** Those that a broker has for one listener; the broker's start would refuse others. */
    private static final Set<String> OF_A_LISTENER = Set.of(
            "connectionsMax",
            "connectTimeoutMs",
            "packetBytesMax",
            "connectPacketBytesMax",
            "receiveMaximum",
            "outputBytesMax",
            "topicLevelsMax",
            "topicBytesMax",
            "topicAliasMax",
            "userPropertiesMax",
            "keepAliveMaxSeconds",
            "publishesPerSecondMax",
            "publishBytesPerSecondMax",
            "connectionsPerAddressMax",
            "connectsPerSecondPerAddress",
            "payloadBytesMax",
            "webSocketHeaderBytesMax");

    /** Of the broker. */
    static final Map<String, Form> BROKER = Collections.unmodifiableMap(broker());

    /** Of a listener. */
    static final Map<String, Form> LISTENER = Collections.unmodifiableMap(listener());

    private Keys() {}

    private static Map<String, Form> broker() {
        Map<String, Form> keys = access();
        keys.put(WATCH, Form.time(Duration.ofSeconds(1), Duration.ofSeconds(65_535)));
        keys.put(STORE_ENGINE, Form.TEXT); // which there are is for the class path to say
        keys.put(STORE_DATA, Form.PATH);
        keys.put(STORE_DURABILITY, Form.oneOf("power", "process"));
        keys.put(SYS_INTERVAL, Form.time(Duration.ofSeconds(1), Duration.ofDays(1)));
        keys.put(UPGRADE_QOS, Form.FLAG);
        keys.put(TCP_NO_DELAY, Form.FLAG);
        keys.put(LOOPS, Form.number(1, 1024));
        keys.put(PID_FILE, Form.PATH);
        keys.put(LOG_LEVEL, Form.oneOf("off", "error", "warn", "info", "debug", "trace"));
        keys.put(LOG_FORMAT, Form.oneOf("text", "json"));
        admin(keys);
        for (RecordComponent bound : Bounds.all()) {
            keys.put(LIMITS + Bounds.spelling(bound.getName()), Form.bound(bound));
        }
        return keys;
    }

    private static void admin(Map<String, Form> keys) {
        keys.put(ADMIN_PORT, Form.number(0, 65_535));
        keys.put(ADMIN_BIND, Form.TEXT);
        keys.put(ADMIN_NAMES, Form.listOf(Form.TEXT));
        keys.put(ADMIN_TOKEN, Form.TEXT);
        keys.put(ADMIN_TOKEN_FILE, Form.PATH);
        keys.put(ADMIN_CERT, Form.PATH);
        keys.put(ADMIN_KEY, Form.PATH);
        keys.put(ADMIN_METRICS_WITHOUT_TOKEN, Form.FLAG);
        keys.put(ADMIN_PLAIN_TEXT, Form.FLAG);
    }

    private static Map<String, Form> access() {
        Map<String, Form> keys = new LinkedHashMap<>();
        keys.put(ANONYMOUS, Form.FLAG);
        keys.put(PASSWORD_FILE, Form.PATH);
        keys.put(ACL_FILE, Form.PATH);
        return keys;
    }

    private static Map<String, Form> listener() {
        Map<String, Form> keys = access();
        keys.put(NAME, Form.TEXT);
        keys.put(ADDRESSES, Form.listOf(Form.TEXT));
        keys.put(PORT, Form.number(0, 65_535));
        keys.put(WEBSOCKET_PATH, Form.checked("a path, such as /mqtt", path -> {
            Listener.webSocket("localhost", 0, path);
            return path;
        }));
        keys.put(
                WEBSOCKET_ORIGINS,
                Form.listOf(Form.checked("an origin of web pages, such as https://example.org", origin -> {
                    Listener.webSocket("localhost", 0).webSocketOrigins(origin);
                    return origin;
                })));
        keys.put(UNIX_SOCKET, Form.PATH);
        keys.put(UNIX_MODE, Form.checked("what a file permits, such as rw-rw----", mode -> {
            PosixFilePermissions.fromString(mode);
            return mode;
        }));
        keys.put(
                PROXY_PROTOCOL_FROM, Form.listOf(Form.checked("an address, or a range such as 192.0.2.0/24", source -> {
                    Listener.tcp("localhost", 0).proxyProtocol(source);
                    return source;
                })));
        tls(keys);
        keys.put(MAXIMUM_QOS, Form.number(0, 2));
        keys.put(RETAIN, Form.FLAG);
        keys.put(EMPTY_CLIENT_IDS, Form.FLAG);
        keys.put(CLIENT_ID_PREFIX, Form.ANY_TEXT);
        keys.put(MOUNT_POINT, Form.ANY_TEXT);
        for (RecordComponent bound : Bounds.all()) {
            if (OF_A_LISTENER.contains(bound.getName())) {
                keys.put(LIMITS + Bounds.spelling(bound.getName()), Form.bound(bound));
            }
        }
        return keys;
    }

    private static void tls(Map<String, Form> keys) {
        keys.put(TLS_CHAIN, Form.PATH);
        keys.put(TLS_KEY, Form.PATH);
        keys.put(TLS_KEY_PASSWORD, Form.ANY_TEXT);
        keys.put(TLS_CLIENT_CA, Form.listOf(Form.PATH));
        keys.put(TLS_CLIENT_CERT, Form.oneOf("required", "optional"));
        keys.put(TLS_CLIENT_CRL, Form.listOf(Form.PATH));
        keys.put(TLS_USER_NAME_FROM, Form.oneOf("cn", "dns", "email", "uri", "subject"));
        keys.put(TLS_MIN_VERSION, Form.oneOf("1.2", "1.3"));
        keys.put(TLS_CIPHERS, Form.listOf(Form.TEXT));
    }
}
