package dev.dunlin.codec.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A certificate and its key, in files of a folder that goes with the JVM. Those made here are for localhost and 127.0.0.1,
 * signed by themselves; see {@link TestAuthority} for others. None is ever part of the sources.
 */
public final class TestCertificate {
    private static final char[] PASSWORD = {'p'};

    private final Path chain;
    private final Path key;
    private final KeyStore.PrivateKeyEntry entry;

    private TestCertificate(Path chain, Path key, KeyStore.PrivateKeyEntry entry) {
        this.chain = chain;
        this.key = key;
        this.entry = entry;
    }

    /** The one that the tests of this JVM share. */
    public static TestCertificate shared() {
        return Shared.INSTANCE;
    }

    /**
     * A new one.
     *
     * @param algorithm EC, RSA or Ed25519
     */
    public static TestCertificate of(String algorithm) {
        return TestAuthority.selfSigned(algorithm);
    }

    /** Writes the files. */
    static TestCertificate of(Path folder, KeyStore.PrivateKeyEntry entry)
            throws IOException, CertificateEncodingException {
        StringBuilder certificates = new StringBuilder();
        for (Certificate certificate : entry.getCertificateChain()) {
            certificates.append(TestAuthority.pem("CERTIFICATE", certificate.getEncoded()));
        }
        String secret = TestAuthority.pem("PRIVATE KEY", entry.getPrivateKey().getEncoded());
        return new TestCertificate(
                TestAuthority.write(folder.resolve("cert.pem"), certificates.toString()),
                TestAuthority.write(folder.resolve("key.pem"), secret),
                entry);
    }

    KeyStore.PrivateKeyEntry entry() {
        return entry;
    }

    /** The certificate, followed by those that have signed it, as a PEM file. */
    public Path chain() {
        return chain;
    }

    /** Its private key as a PEM file, PKCS #8. */
    public Path key() {
        return key;
    }

    /** The certificate itself. */
    public X509Certificate certificate() {
        return (X509Certificate) entry.getCertificate();
    }

    /** Writes the key, encrypted with a password by openssl: PKCS #8 with PBES2. The test needs the tool. */
    public Path encryptedKey(Path file, String password) throws IOException, InterruptedException {
        Process openssl = new ProcessBuilder(List.of(
                        "openssl",
                        "pkcs8",
                        "-topk8",
                        "-in",
                        key.toString(),
                        "-out",
                        file.toString(),
                        "-passout",
                        "pass:" + password))
                .redirectErrorStream(true)
                .start();
        String said = new String(openssl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (openssl.waitFor() != 0) {
            throw new IllegalStateException("openssl: " + said);
        }
        return file;
    }

    /** For a client that trusts this certificate and no other. */
    public SSLContext trusting() {
        return context(null);
    }

    /** For a client that trusts this certificate and no other, and shows one of its own. */
    public SSLContext trusting(TestCertificate own) {
        return context(own.keys().getKeyManagers());
    }

    private SSLContext context(KeyManager[] keys) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys, trust().getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Trust in this certificate and no other. */
    public TrustManagerFactory trust() {
        try {
            KeyStore trusted = empty();
            trusted.setCertificateEntry("broker", entry.getCertificate());
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            return trust;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** This certificate, to be shown. */
    public KeyManagerFactory keys() {
        try {
            KeyStore own = empty();
            own.setEntry("own", entry, new KeyStore.PasswordProtection(PASSWORD));
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(own, PASSWORD);
            return keys;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static KeyStore empty() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    /** Made when the first test needs it. */
    private static final class Shared {
        static final TestCertificate INSTANCE = of("EC");
    }
}
