package dev.dunlin.server.mosquitto;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The keys of Mosquitto that have no effect here, and why. Those of 2.0, and those of 2.1 that 2.0 doesn't know. */
public final class UnsupportedKeys {
    private static final String BRIDGES = "bridges are not supported";
    private static final String PLUGINS = "plugins are not supported";
    private static final String PSK = "pre-shared keys are not supported: use certificates";
    private static final String ENGINES = "keys are read from PEM files only";
    private static final String SAVED_AT_ONCE = "nothing is saved now and then: what is acknowledged is safe at once";
    private static final String LATER = "a key of Mosquitto 2.1";

    private static final List<String> OF_BRIDGES = List.of(
            "address",
            "addresses",
            "cleansession",
            "clientid",
            "connection",
            "idle_timeout",
            "keepalive_interval",
            "local_cleansession",
            "local_clientid",
            "local_password",
            "local_username",
            "notification_topic",
            "notifications",
            "notifications_local_only",
            "password",
            "remote_clientid",
            "remote_password",
            "remote_username",
            "restart_timeout",
            "round_robin",
            "start_type",
            "threshold",
            "topic",
            "try_private",
            "username");

    /** Where any name may follow. */
    private static final Map<String, String> BY_PREFIX =
            Map.of("bridge_", BRIDGES, "auth_opt_", PLUGINS, "plugin_opt_", PLUGINS);

    /** Those that say, as {@link Key.Scope#ACCESS}, who comes in. */
    private static final Set<String> ABOUT_ACCESS = Set.of("auth_plugin", "check_retain_source", "plugin", "psk_file");

    /** Those that keep clients out or from topics: without them others would come in, or get more, than the file says. */
    private static final Set<String> RESTRICTING = Set.of(
            "auth_plugin",
            "auth_plugin_deny_special_chars",
            "global_plugin",
            "plugin",
            "psk_file",
            "psk_hint",
            "use_username_as_clientid",
            "websockets_origin");

    private static final Set<String> RESTRICTING_PREFIXES = Set.of("auth_opt_", "plugin_opt_");

    private static final Map<String, String> REASONS = reasons();

    private UnsupportedKeys() {}

    private static Map<String, String> reasons() {
        Map<String, String> reasons = new LinkedHashMap<>();
        OF_BRIDGES.forEach(key -> reasons.put(key, BRIDGES));
        List.of("auth_plugin", "auth_plugin_deny_special_chars", "plugin", "global_plugin")
                .forEach(key -> reasons.put(key, PLUGINS));
        List.of("psk_file", "psk_hint").forEach(key -> reasons.put(key, PSK));
        List.of("tls_engine", "tls_engine_kpass_sha1", "tls_keyform").forEach(key -> reasons.put(key, ENGINES));
        List.of("autosave_interval", "autosave_on_changes").forEach(key -> reasons.put(key, SAVED_AT_ONCE));
        reasons.put(
                "allow_duplicate_messages", "has had no effect in Mosquitto for long; see docs/protocol-choices.md");
        reasons.put("check_retain_source", "whoever may receive a topic is sent its retained message");
        reasons.put("ciphers", "has OpenSSL's names and rules: choose by ciphers_tls1.3 and tls_version");
        reasons.put("dhparamfile", "the JDK brings its own groups");
        reasons.put("http_dir", "no files are served: put a web server beside or before the broker");
        reasons.put("log_facility", "is for syslog, which is not supported");
        reasons.put("persistence_file", "the store is a folder, in persistence_location");
        reasons.put(
                "retry_interval",
                "has had no effect in Mosquitto for long: what wasn't acknowledged is sent again"
                        + " when its client is back");
        reasons.put("use_username_as_clientid", "client identifiers are those that clients give");
        reasons.put("user", "the broker stays the user that starts it: start it as that user");
        List.of(
                        "accept_protocol_versions",
                        "disable_client_cert_date_checks",
                        "enable_control_api",
                        "global_max_clients",
                        "global_max_connections",
                        "max_topic_alias_broker",
                        "websockets_origin")
                .forEach(key -> reasons.put(key, LATER));
        return reasons;
    }

    /** Why a key has no effect here; null if Mosquitto doesn't know it, or it has one. */
    static @Nullable String reason(String key) {
        for (Map.Entry<String, String> prefix : BY_PREFIX.entrySet()) {
            if (key.startsWith(prefix.getKey())) {
                return prefix.getValue();
            }
        }
        return REASONS.get(key);
    }

    static boolean isAboutAccess(String key) {
        return ABOUT_ACCESS.contains(key);
    }

    /** Whether it decides who comes in or may do what, so that to start without it would let in more than the file does. */
    static boolean restricts(String key) {
        return RESTRICTING.contains(key) || RESTRICTING_PREFIXES.stream().anyMatch(key::startsWith);
    }

    /** By key; keys that end in "*" stand for all that begin so. */
    public static Map<String, String> all() {
        Map<String, String> all = new LinkedHashMap<>(REASONS);
        BY_PREFIX.forEach((prefix, reason) -> all.put(prefix + "*", reason));
        return all;
    }

    /** What Mosquitto doesn't know is refused with the nearest that it does. */
    static String unknown(String key) {
        List<String> known = new ArrayList<>(REASONS.keySet());
        for (Key supported : Key.values()) {
            known.add(supported.spelling());
        }
        return "no such key; did you mean " + Nearest.of(new TreeSet<>(known), key) + "?";
    }
}
