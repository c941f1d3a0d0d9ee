package dev.dunlin.server.mosquitto;

import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/** The cipher suites of {@code ciphers_tls1.3}: OpenSSL and the JDK call those of TLS 1.3 the same. */
final class CipherSuites {
    private CipherSuites() {}

    /** These of TLS 1.3, and all of the JDK's choice for TLS 1.2, which the key isn't about. */
    static String[] of(String colonSeparated) {
        List<String> suites = new ArrayList<>(List.of(colonSeparated.strip().split("[:, ]+")));
        try {
            SSLContext jdk = SSLContext.getInstance("TLS");
            jdk.init(null, new TrustManager[0], null);
            for (String suite : jdk.getDefaultSSLParameters().getCipherSuites()) {
                if (suite.contains("_WITH_")) { // those of earlier versions name how keys are exchanged, and what WITH
                    suites.add(suite);
                }
            }
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has TLS", e);
        }
        return suites.toArray(String[]::new);
    }
}
