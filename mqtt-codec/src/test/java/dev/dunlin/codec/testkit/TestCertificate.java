package dev.dunlin.codec.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A certificate for localhost and 127.0.0.1, signed by itself, and its key, made by the JDK's keytool in a folder that goes
 * with the JVM. None is ever part of the sources.
 */
public final class TestCertificate {
    private static final String PASSWORD = "changeit";

    private final Path chain;
    private final Path key;
    private final Certificate certificate;

    private TestCertificate(Path chain, Path key, Certificate certificate) {
        this.chain = chain;
        this.key = key;
        this.certificate = certificate;
    }

    /** The one that the tests of this JVM share. */
    public static TestCertificate shared() {
        return Shared.INSTANCE;
    }

    /**
     * A new one.
     *
     * @param algorithm as keytool calls it: EC, RSA, Ed25519
     */
    public static TestCertificate of(String algorithm) {
        try {
            Path folder = Files.createTempDirectory("dunlin-cert");
            folder.toFile().deleteOnExit();
            return make(folder, algorithm);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static TestCertificate make(Path folder, String algorithm)
            throws IOException, GeneralSecurityException, InterruptedException {
        Path store = folder.resolve("store");
        Process keytool = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keystore",
                        store.toString(),
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        PASSWORD,
                        "-alias",
                        "broker",
                        "-keyalg",
                        algorithm,
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "san=dns:localhost,ip:127.0.0.1",
                        "-validity",
                        "2"))
                .redirectErrorStream(true)
                .start();
        String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (keytool.waitFor() != 0) {
            throw new IllegalStateException("keytool: " + said);
        }
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        Certificate certificate = keys.getCertificate("broker");
        Path chain = write(folder.resolve("cert.pem"), "CERTIFICATE", certificate.getEncoded());
        Path key = write(
                folder.resolve("key.pem"),
                "PRIVATE KEY",
                keys.getKey("broker", PASSWORD.toCharArray()).getEncoded());
        store.toFile().deleteOnExit();
        return new TestCertificate(chain, key, certificate);
    }

    private static Path write(Path file, String kind, byte[] der) throws IOException {
        String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        Files.writeString(file, "-----BEGIN " + kind + "-----\n" + base64 + "\n-----END " + kind + "-----\n");
        file.toFile().deleteOnExit();
        return file;
    }

    /** The certificate as a PEM file. */
    public Path chain() {
        return chain;
    }

    /** Its private key as a PEM file, PKCS #8. */
    public Path key() {
        return key;
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
        try {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("broker", certificate);
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Made when the first test needs it. */
    private static final class Shared {
        static final TestCertificate INSTANCE = of("EC");
    }
}
