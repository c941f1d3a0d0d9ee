package dev.dunlin.server.mosquitto;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What must hold between the keys of a listener. Mosquitto is silent about most of this: it listens without TLS if one of key
 * and certificate is missing, and lets nobody in whose certificate it can't check.
 */
final class ListenerRules {
    private static final List<Key> FOR_TLS = List.of(
            Key.CAFILE,
            Key.CAPATH,
            Key.CRLFILE,
            Key.REQUIRE_CERTIFICATE,
            Key.USE_IDENTITY_AS_USERNAME,
            Key.USE_SUBJECT_AS_USERNAME,
            Key.TLS_VERSION,
            Key.CIPHERS_TLS1_3);
    /** Of those the ones that don't decide who comes in. */
    private static final List<Key> ABOUT_ENCRYPTION = List.of(Key.TLS_VERSION, Key.CIPHERS_TLS1_3);

    private static final List<Key> FOR_CERTIFICATES =
            List.of(Key.CRLFILE, Key.USE_IDENTITY_AS_USERNAME, Key.USE_SUBJECT_AS_USERNAME);

    private final List<Finding> findings = new ArrayList<>();

    private ListenerRules() {}

    static List<Finding> findings(List<ListenerSection> listeners) {
        ListenerRules rules = new ListenerRules();
        Map<String, Place> names = new HashMap<>();
        for (ListenerSection listener : listeners) {
            Place before = names.putIfAbsent(listener.name(), listener.place());
            if (before != null) {
                rules.wrong(listener.place(), "listener " + listener.name() + " is there already, in " + before);
            }
            rules.check(listener);
        }
        return rules.findings;
    }

    private void check(ListenerSection listener) {
        Section of = listener.settings();
        if (of.has(Key.CERTFILE) != of.has(Key.KEYFILE)) {
            Key there = of.has(Key.CERTFILE) ? Key.CERTFILE : Key.KEYFILE;
            Key missing = of.has(Key.CERTFILE) ? Key.KEYFILE : Key.CERTFILE;
            wrong(of.place(there), there.spelling() + " needs " + missing.spelling());
        } else if (!listener.hasTls()) {
            FOR_TLS.stream().filter(key -> isAsked(of, key)).forEach(key -> withoutTls(listener, key));
        } else {
            checkCertificates(of);
        }
        if (listener.isUnix() && (listener.hasTls() || listener.isWebSocket())) {
            wrong(listener.place(), "listener " + listener.name() + ": a Unix domain socket has plain MQTT on it");
        }
    }

    private void withoutTls(ListenerSection listener, Key key) {
        boolean ignorable = ABOUT_ENCRYPTION.contains(key);
        String text = key.spelling() + ": listener " + listener.name() + " has no certfile and keyfile, so no TLS";
        findings.add(new Finding(
                listener.settings().place(key), ignorable ? text : text + Refusal.NEVER_IGNORED, ignorable));
    }

    private void checkCertificates(Section of) {
        boolean required = of.flag(Key.REQUIRE_CERTIFICATE);
        if (required && !of.has(Key.CAFILE) && !of.has(Key.CAPATH)) {
            wrong(of.place(Key.REQUIRE_CERTIFICATE), "require_certificate needs cafile or capath");
        }
        for (Key key : FOR_CERTIFICATES) {
            if (!required && isAsked(of, key)) {
                // With Mosquitto a list has no effect then, and a name from a certificate lets nobody in.
                String text = key.spelling() + " needs require_certificate true";
                findings.add(new Finding(of.place(key), text, key == Key.CRLFILE));
            }
        }
    }

    /** Whether it is there, and isn't a flag that is off. */
    private static boolean isAsked(Section of, Key key) {
        Setting setting = of.settings().get(key);
        return setting != null && !Boolean.FALSE.equals(setting.value());
    }

    private void wrong(Place place, String text) {
        findings.add(new Finding(place, text, false));
    }
}
