package dev.dunlin.broker;

import dev.dunlin.broker.net.TlsLayer;
import dev.dunlin.broker.spi.CertificateName;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * What a listener needs to speak TLS: a certificate chain and its private key, in PEM files, and whose certificates clients
 * may or must have. Immutable; the files are read when the broker starts, not before, and again by {@link Broker#reloadTls}.
 *
 * <p>TLS 1.2 and 1.3 with the JDK's cipher suites, in its order, unless it is told otherwise. A client can't renegotiate. It
 * isn't asked for a certificate unless {@link #clientCertificates(Path)} says so.
 *
 * <pre>{@code
 * Tls.pem(chain, key).clientCertificates(authority).userName(CertificateName.COMMON_NAME)
 * }</pre>
 */
public final class Tls {
    private static final List<String> TLS_1_3_ONLY = List.of("TLSv1.3");
    private static final List<String> BOTH = List.of("TLSv1.3", "TLSv1.2");

    private final PemIdentity identity;
    private final @Nullable ClientTrust clients;
    private final Version minimum;

    /** Empty: the JDK's. */
    private final List<String> suites;

    private Tls(PemIdentity identity, @Nullable ClientTrust clients, Version minimum, List<String> suites) {
        this.identity = identity;
        this.clients = clients;
        this.minimum = minimum;
        this.suites = suites;
    }

    /** A version of TLS; there is none below 1.2 here. */
    public enum Version {
        /** TLS 1.2 [RFC 5246]. */
        TLS_1_2,
        /** TLS 1.3 [RFC 8446]. */
        TLS_1_3
    }

    /** Whether clients have to have a certificate. One that isn't trusted is refused in any case. */
    public enum ClientCertificates {
        /** A client without one is turned away in the handshake. */
        REQUIRED,
        /** A client may have one. Without, it is for the authenticator to say whether it comes in. */
        OPTIONAL
    }

    /**
     * A certificate and its key.
     *
     * @param chain the server's certificate, followed by those that lead to its root
     * @param key its private key, not encrypted: PKCS #8 ({@code BEGIN PRIVATE KEY}), PKCS #1 ({@code BEGIN RSA PRIVATE KEY}) or
     *     SEC 1 ({@code BEGIN EC PRIVATE KEY})
     */
    public static Tls pem(Path chain, Path key) {
        return of(new PemIdentity(chain, key, null));
    }

    /**
     * A certificate and its encrypted key.
     *
     * @param chain the server's certificate, followed by those that lead to its root
     * @param key its private key: PKCS #8, {@code BEGIN ENCRYPTED PRIVATE KEY}, or one that isn't encrypted after all
     * @param password opens the key
     */
    public static Tls pem(Path chain, Path key, String password) {
        return of(new PemIdentity(chain, key, Objects.requireNonNull(password, "password")));
    }

    private static Tls of(PemIdentity identity) {
        return new Tls(identity, null, Version.TLS_1_2, List.of());
    }

    /** This one, for clients that have a certificate: {@link ClientCertificates#REQUIRED}. */
    public Tls clientCertificates(Path trusted) {
        return clientCertificates(trusted, ClientCertificates.REQUIRED);
    }

    /**
     * This one, asking clients for a certificate. A listener that requires one may be reached by other machines without an
     * authenticator: nobody else comes in. Which name such a client has is another matter, see {@link #userName}.
     *
     * @param trusted the certificates of those who sign the clients' own: a PEM file, or a folder, where all files count that
     *     have a PEM certificate. A client's own certificate may be among them; then it is let in whoever has signed it,
     *     and no revocation list is asked
     */
    public Tls clientCertificates(Path trusted, ClientCertificates mode) {
        return clientCertificates(List.of(trusted), mode);
    }

    /**
     * As {@link #clientCertificates(Path, ClientCertificates)}, with several files and folders.
     *
     * @throws IllegalArgumentException without any
     */
    public Tls clientCertificates(List<Path> trusted, ClientCertificates mode) {
        if (trusted.isEmpty()) {
            throw new IllegalArgumentException("nobody is trusted");
        }
        boolean required = mode == ClientCertificates.REQUIRED;
        return new Tls(identity, new ClientTrust(List.copyOf(trusted), required, List.of(), null), minimum, suites);
    }

    /**
     * This one, with lists of certificates that don't count any more. Once there are any, each certificate between a client's
     * and the root needs a list of who has signed it, and one that is not out of date: without, the client is refused. Nothing
     * is ever fetched from the network.
     *
     * @param lists PEM files ({@code BEGIN X509 CRL}), or folders, where all files count that have a list
     * @throws IllegalStateException before {@link #clientCertificates(Path)}
     */
    public Tls revocationLists(Path... lists) {
        return new Tls(identity, trust().revocationLists(List.of(lists)), minimum, suites);
    }

    /**
     * This one, with the user name of a client taken from its certificate. Without an authenticator that is who it is;
     * with one, see {@link dev.dunlin.broker.spi.ConnectRequest#certificateName}. A client whose certificate has no such name is
     * refused with 0x87 (not authorized). The user name in its CONNECT is not looked at.
     *
     * @throws IllegalStateException before {@link #clientCertificates(Path)}
     */
    public Tls userName(CertificateName name) {
        return new Tls(identity, trust().userName(name), minimum, suites);
    }

    private ClientTrust trust() {
        if (clients == null) {
            throw new IllegalStateException("clientCertificates() comes first: no certificate is asked for");
        }
        return clients;
    }

    /** This one, for clients that speak this version or a later one; default {@link Version#TLS_1_2}. */
    public Tls minimum(Version version) {
        return new Tls(identity, clients, version, suites);
    }

    /**
     * This one, with these cipher suites only. The first one that the client has too is taken.
     *
     * @param names as the JDK calls them, such as "TLS_AES_256_GCM_SHA384"; none for the JDK's own choice. A start fails if the
     *     JDK doesn't know or doesn't allow one
     */
    public Tls cipherSuites(String... names) {
        return new Tls(identity, clients, minimum, List.of(names));
    }

    /** Says which files, never the password. */
    @Override
    public String toString() {
        return "Tls[" + identity + (clients == null ? "" : ", clients by " + clients.places()) + "]";
    }

    /** Whether nobody comes in without a certificate. */
    boolean requiresCertificates() {
        return clients != null && clients.required();
    }

    /** Whether clients need a certificate, may have one, and take their user names from it as with {@code other}. */
    boolean asksAs(Tls other) {
        if (clients == null || other.clients == null) {
            return clients == null && other.clients == null;
        }
        return clients.required() == other.clients.required() && clients.userName() == other.clients.userName();
    }

    /** Reads the files. Blocks. @throws BrokerStartException as {@link #present} */
    TlsLayer layer() throws BrokerStartException {
        return new TlsLayer(present(), clients == null ? null : clients.userName());
    }

    /** Reads the files. Blocks. @throws BrokerStartException CONFIG, in a sentence, if there is anything wrong with them */
    TlsLayer.Present present() throws BrokerStartException {
        PemIdentity.Pair pair = identity.read();
        checkSuites();
        try {
            SslContextBuilder builder = SslContextBuilder.forServer(
                            pair.key(), pair.certificates().toArray(X509Certificate[]::new))
                    .sslProvider(SslProvider.JDK)
                    .protocols(minimum == Version.TLS_1_3 ? TLS_1_3_ONLY : BOTH)
                    .ciphers(suites.isEmpty() ? null : suites);
            X509TrustManager trust = clients == null ? null : clients.trust();
            if (clients != null && trust != null) {
                builder.trustManager(trust).clientAuth(clients.required() ? ClientAuth.REQUIRE : ClientAuth.OPTIONAL);
            }
            return new TlsLayer.Present(builder.build(), trust);
        } catch (SSLException | IllegalArgumentException e) {
            throw PemFiles.config(
                    "the certificate " + identity.chain() + " can't be used for TLS: " + e.getMessage(), e);
        }
    }

    /** With a suite that can't be, each handshake would fail, but not the start. */
    private void checkSuites() throws BrokerStartException {
        if (suites.isEmpty()) {
            return;
        }
        List<String> known;
        try {
            SSLContext jdk = SSLContext.getInstance("TLS");
            jdk.init(null, new TrustManager[0], null);
            known = List.of(jdk.getSupportedSSLParameters().getCipherSuites());
        } catch (GeneralSecurityException e) {
            throw PemFiles.config("the JDK has no TLS: " + e.getMessage(), e);
        }
        for (String suite : suites) {
            if (!known.contains(suite)) {
                throw PemFiles.config("the JDK doesn't know, or doesn't allow, the cipher suite " + suite, null);
            }
        }
        // Those of earlier versions name how keys are exchanged, and what WITH.
        if (minimum == Version.TLS_1_3 && suites.stream().allMatch(suite -> suite.contains("_WITH_"))) {
            throw PemFiles.config("none of the cipher suites is for TLS 1.3: " + String.join(", ", suites), null);
        }
    }
}
