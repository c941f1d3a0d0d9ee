package dev.dunlin.server.mosquitto;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A key of {@code mosquitto.conf} that has an effect here: what it is about, what its value may be, and what holds where the
 * file doesn't name it. The defaults are those of Mosquitto 2.0, as its manual has them. docs/from-mosquitto.md says of each
 * what it becomes.
 */
public enum Key {
    // how the file is read
    PER_LISTENER_SETTINGS(Scope.FILE, Value.FLAG, "false"),
    INCLUDE_DIR(Scope.FILE, Value.PATH, null),

    // where to listen
    LISTENER(Scope.FILE, Value.TEXT, null),
    PORT(Scope.DEFAULT_LISTENER, Value.number(1, 65_535), "1883"),
    BIND_ADDRESS(Scope.DEFAULT_LISTENER, Value.TEXT, null),
    BIND_INTERFACE(Scope.LISTENER, Value.TEXT, null),
    SOCKET_DOMAIN(Scope.LISTENER, Value.oneOf("ipv4", "ipv6"), null),
    PROTOCOL(Scope.LISTENER, Value.oneOf("mqtt", "websockets"), "mqtt"),
    SET_TCP_NODELAY(Scope.BROKER, Value.FLAG, "true"), // Mosquitto's is false: see docs/from-mosquitto.md
    WEBSOCKETS_HEADERS_SIZE(Scope.BROKER, Value.HEADER_BYTES, "0"),

    // TLS
    CERTFILE(Scope.LISTENER, Value.PATH, null),
    KEYFILE(Scope.LISTENER, Value.PATH, null),
    CAFILE(Scope.LISTENER, Value.PATH, null),
    CAPATH(Scope.LISTENER, Value.PATH, null),
    CRLFILE(Scope.LISTENER, Value.PATH, null),
    REQUIRE_CERTIFICATE(Scope.LISTENER, Value.FLAG, "false"),
    USE_IDENTITY_AS_USERNAME(Scope.LISTENER, Value.FLAG, "false"),
    USE_SUBJECT_AS_USERNAME(Scope.LISTENER, Value.FLAG, "false"),
    TLS_VERSION(Scope.LISTENER, Value.TLS_VERSION, "tlsv1.2"),
    CIPHERS_TLS1_3(Scope.LISTENER, Value.TEXT, null),

    // who comes in, and what they may do
    ALLOW_ANONYMOUS(Scope.ACCESS, Value.FLAG, "false"), // true where the file doesn't say where to listen
    PASSWORD_FILE(Scope.ACCESS, Value.PATH, null),
    ACL_FILE(Scope.ACCESS, Value.PATH, null),
    ALLOW_ZERO_LENGTH_CLIENTID(Scope.ACCESS, Value.FLAG, "true"),
    AUTO_ID_PREFIX(Scope.ACCESS, Value.TEXT, "auto-"),
    CLIENTID_PREFIXES(Scope.BROKER, Value.TEXT, null),

    // what of MQTT a listener offers
    MAX_QOS(Scope.LISTENER, Value.number(0, 2), "2"),
    MAX_TOPIC_ALIAS(Scope.LISTENER, Value.number(0, 65_535), "10"),
    MAX_CONNECTIONS(Scope.LISTENER, Value.number(Integer.MIN_VALUE, Integer.MAX_VALUE), "-1"),
    MOUNT_POINT(Scope.LISTENER, Value.MOUNT_POINT, null),
    RETAIN_AVAILABLE(Scope.BROKER, Value.FLAG, "true"),
    UPGRADE_OUTGOING_QOS(Scope.BROKER, Value.FLAG, "false"),

    // bounds
    MAX_KEEPALIVE(Scope.BROKER, Value.number(1, 65_535), "65535"),
    MAX_PACKET_SIZE(Scope.BROKER, Value.PACKET_BYTES, null),
    MESSAGE_SIZE_LIMIT(Scope.BROKER, Value.number(0, 268_435_455), "0"),
    MAX_INFLIGHT_MESSAGES(Scope.BROKER, Value.number(Integer.MIN_VALUE, 65_535), "20"),
    MAX_INFLIGHT_BYTES(Scope.BROKER, Value.number(Integer.MIN_VALUE, Integer.MAX_VALUE), "0"),
    MAX_QUEUED_MESSAGES(Scope.BROKER, Value.number(Integer.MIN_VALUE, Integer.MAX_VALUE), "1000"),
    MAX_QUEUED_BYTES(Scope.BROKER, Value.number(Integer.MIN_VALUE, Integer.MAX_VALUE), "0"),
    QUEUE_QOS0_MESSAGES(Scope.BROKER, Value.FLAG, "false"),
    MEMORY_LIMIT(Scope.BROKER, Value.number(0, Long.MAX_VALUE), "0"),
    PERSISTENT_CLIENT_EXPIRATION(Scope.BROKER, Value.DURATION, null),

    // the process
    PERSISTENCE(Scope.BROKER, Value.FLAG, "false"),
    PERSISTENCE_LOCATION(Scope.BROKER, Value.PATH, "."),
    PID_FILE(Scope.BROKER, Value.PATH, null),
    SYS_INTERVAL(Scope.BROKER, Value.number(0, 65_535), "10"),
    LOG_DEST(Scope.BROKER, Value.LOG_DESTINATION, "stderr"),
    LOG_TYPE(Scope.BROKER, Value.LOG_TYPE, "error, warning, notice, information"),
    LOG_TIMESTAMP(Scope.BROKER, Value.FLAG, "true"),
    LOG_TIMESTAMP_FORMAT(Scope.BROKER, Value.TIME_FORMAT, null),
    CONNECTION_MESSAGES(Scope.BROKER, Value.FLAG, "true"),
    WEBSOCKETS_LOG_LEVEL(Scope.BROKER, Value.number(0, Integer.MAX_VALUE), "0");

    /** Other names that Mosquitto knows some by. */
    static final Map<String, Key> ALIASES = Map.of("maximum_qos", MAX_QOS, "retained_persistence", PERSISTENCE);

    private static final Map<String, Key> BY_NAME =
            Arrays.stream(values()).collect(Collectors.toMap(Key::spelling, Function.identity()));

    private final Scope scope;

    @SuppressWarnings("ImmutableEnumChecker") // each is a function
    private final Value value;

    private final @Nullable String initially;

    Key(Scope scope, Value value, @Nullable String initially) {
        this.scope = scope;
        this.value = value;
        this.initially = initially;
    }

    /** What a line with a key is about. */
    enum Scope {
        /** How this file is read. */
        FILE,
        /** The broker as a whole. */
        BROKER,
        /** The listener that is there without a line {@code listener}. */
        DEFAULT_LISTENER,
        /** The listener of the last line {@code listener}; before the first one in a file, the default listener. */
        LISTENER,
        /** With {@code per_listener_settings} as {@link #LISTENER}, otherwise all listeners. */
        ACCESS
    }

    /** As it stands in the file. */
    public String spelling() {
        String name = name().toLowerCase(Locale.ROOT);
        return name.equals("ciphers_tls1_3") ? "ciphers_tls1.3" : name;
    }

    /** What holds where the file doesn't name it; null for nothing. */
    public @Nullable String initially() {
        return initially;
    }

    Scope scope() {
        return scope;
    }

    Value value() {
        return value;
    }

    /** Whether it may be there more than once, and each counts. */
    boolean isList() {
        return this == LOG_DEST || this == LOG_TYPE;
    }

    static @Nullable Key named(String name) {
        Key key = BY_NAME.get(name);
        return key == null ? ALIASES.get(name) : key;
    }
}
