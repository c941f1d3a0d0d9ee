package dev.dunlin.codec.testkit;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.security.auth.x500.X500Principal;

/**
 * One who signs certificates, and takes them back [RFC 5280]: its own is signed by itself, or by another authority. What it
 * makes is in files of a folder that goes with the JVM.
 */
public final class TestAuthority {
    private static final AtomicInteger MADE = new AtomicInteger();
    private static final Duration DAY = Duration.ofDays(1);

    private final TestCertificate own;

    private TestAuthority(TestCertificate own) {
        this.own = own;
    }

    /** A new root. All have the same name, so that clients show their certificates also to those that trust another one. */
    public static TestAuthority create() {
        return new TestAuthority(make(null, "EC", "CN=Authority", DAY, authority()));
    }

    /** A certificate that is signed by itself, for localhost and 127.0.0.1. */
    static TestCertificate selfSigned(String algorithm) {
        return make(null, algorithm, "CN=localhost", DAY, alternatives("dns:localhost", "ip:127.0.0.1"));
    }

    /** One that this one has signed. */
    public TestAuthority intermediate() {
        return new TestAuthority(make(own, "EC", "CN=Intermediate " + MADE.get(), DAY, authority()));
    }

    /** Its certificate, followed by those that have signed it. */
    public Path chain() {
        return own.chain();
    }

    /**
     * A certificate for a client.
     *
     * @param subject as in {@code CN=ann,O=home}
     * @param alternativeNames as in {@code dns:a.example}; dns, email, uri or ip
     */
    public TestCertificate client(String subject, String... alternativeNames) {
        byte[][] extensions = alternativeNames.length == 0 ? new byte[0][] : alternatives(alternativeNames);
        return make(own, "EC", subject, DAY, extensions);
    }

    /** A certificate for a client that is out of date. */
    public TestCertificate expiredClient(String subject) {
        return make(own, "EC", subject, DAY.negated());
    }

    /** A list, in a PEM file, of certificates that don't count any more. */
    public Path revocationList(TestCertificate... revoked) {
        return revocationList(DAY, revoked);
    }

    /** As {@link #revocationList}, one that is out of date. */
    public Path expiredRevocationList(TestCertificate... revoked) {
        return revocationList(DAY.negated(), revoked);
    }

    // ---- certificates

    private static TestCertificate make(
            TestCertificate signer, String algorithm, String subject, Duration until, byte[]... extensions) {
        try {
            KeyPair pair = KeyPairGenerator.getInstance(algorithm).generateKeyPair();
            X500Principal name = new X500Principal(subject);
            X500Principal issuer = signer == null ? name : signer.certificate().getSubjectX500Principal();
            PrivateKey key = signer == null ? pair.getPrivate() : signer.entry().getPrivateKey();
            Instant now = Instant.now();
            List<byte[]> parts = new ArrayList<>(List.of(
                    Der.wrapped(0, Der.integer(BigInteger.TWO)), // version 3
                    Der.integer(BigInteger.valueOf(MADE.incrementAndGet())),
                    algorithmOf(key),
                    issuer.getEncoded(),
                    Der.sequence(Der.time(now.minus(DAY.multipliedBy(10))), Der.time(now.plus(until))),
                    name.getEncoded(),
                    pair.getPublic().getEncoded()));
            if (extensions.length > 0) {
                parts.add(Der.wrapped(3, Der.sequence(extensions)));
            }
            byte[] der = signed(key, Der.sequence(parts.toArray(byte[][]::new)));
            List<Certificate> chain = new ArrayList<>();
            chain.add(CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der)));
            if (signer != null) {
                chain.addAll(List.of(signer.entry().getCertificateChain()));
            }
            return TestCertificate.of(
                    folder(), new KeyStore.PrivateKeyEntry(pair.getPrivate(), chain.toArray(Certificate[]::new)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[][] authority() {
        byte[] basic = Der.sequence(Der.yes());
        return new byte[][] {Der.sequence(Der.oid(2, 5, 29, 19), Der.yes(), Der.octets(basic))};
    }

    private static byte[][] alternatives(String... names) {
        byte[] all = Der.sequence(
                List.of(names).stream().map(TestAuthority::alternative).toArray(byte[][]::new));
        return new byte[][] {Der.sequence(Der.oid(2, 5, 29, 17), Der.octets(all))};
    }

    private static byte[] alternative(String name) {
        String value = name.substring(name.indexOf(':') + 1);
        byte[] text = value.getBytes(StandardCharsets.US_ASCII);
        return switch (name.substring(0, name.indexOf(':'))) {
            case "email" -> Der.tagged(1, text);
            case "dns" -> Der.tagged(2, text);
            case "uri" -> Der.tagged(6, text);
            case "ip" -> Der.tagged(7, address(value));
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static byte[] address(String numeric) {
        try {
            return InetAddress.getByName(numeric).getAddress();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- lists

    private Path revocationList(Duration until, TestCertificate... revoked) {
        Instant now = Instant.now();
        Instant before = now.minus(DAY.multipliedBy(2));
        List<byte[]> entries = new ArrayList<>();
        for (TestCertificate certificate : revoked) {
            BigInteger serial = certificate.certificate().getSerialNumber();
            entries.add(Der.sequence(Der.integer(serial), Der.time(before)));
        }
        PrivateKey key = own.entry().getPrivateKey();
        List<byte[]> parts = new ArrayList<>(List.of(
                Der.integer(BigInteger.ONE), // version 2
                algorithmOf(key),
                own.certificate().getSubjectX500Principal().getEncoded(),
                Der.time(before),
                Der.time(now.plus(until))));
        if (!entries.isEmpty()) {
            parts.add(Der.sequence(entries.toArray(byte[][]::new)));
        }
        try {
            byte[] der = signed(key, Der.sequence(parts.toArray(byte[][]::new)));
            return write(folder().resolve("revoked.pem"), pem("X509 CRL", der));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- signatures and files

    private static byte[] algorithmOf(PrivateKey key) {
        return switch (key.getAlgorithm()) {
            case "EC" -> Der.sequence(Der.oid(1, 2, 840, 10045, 4, 3, 2)); // ECDSA with SHA-256
            case "RSA" -> Der.sequence(Der.oid(1, 2, 840, 113549, 1, 1, 11), new byte[] {5, 0}); // RSA with SHA-256
            default -> Der.sequence(Der.oid(1, 3, 101, 112)); // Ed25519
        };
    }

    private static byte[] signed(PrivateKey key, byte[] content) throws GeneralSecurityException {
        String name = switch (key.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> "Ed25519";
        };
        Signature signature = Signature.getInstance(name);
        signature.initSign(key);
        signature.update(content);
        return Der.sequence(content, algorithmOf(key), Der.bits(signature.sign()));
    }

    private static Path folder() throws IOException {
        Path folder = Files.createTempDirectory("dunlin-cert");
        folder.toFile().deleteOnExit();
        return folder;
    }

    static Path write(Path file, String text) throws IOException {
        Files.writeString(file, text);
        file.toFile().deleteOnExit();
        return file;
    }

    static String pem(String kind, byte[] der) {
        String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + kind + "-----\n" + base64 + "\n-----END " + kind + "-----\n";
    }
}
