package dev.dunlin.broker;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * What a listener needs to speak TLS: a certificate chain and its private key, in PEM files. Immutable; the files are read
 * when the broker starts, not before. TLS 1.2 and 1.3, with the JDK's cipher suites; clients aren't asked for certificates.
 */
public final class Tls {
    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
    private static final Pattern PEM = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");
    private static final byte[] PROBE = "the same pair".getBytes(StandardCharsets.US_ASCII);

    private final Path chain;
    private final Path key;
    private final @Nullable String password;

    private Tls(Path chain, Path key, @Nullable String password) {
        this.chain = Objects.requireNonNull(chain, "chain");
        this.key = Objects.requireNonNull(key, "key");
        this.password = password;
    }

    /**
     * A certificate and its key.
     *
     * @param chain the server's certificate, followed by those that lead to its root
     * @param key its private key, not encrypted: PKCS #8, which is what {@code BEGIN PRIVATE KEY} says
     */
    public static Tls pem(Path chain, Path key) {
        return new Tls(chain, key, null);
    }

    /**
     * A certificate and its encrypted key.
     *
     * @param chain the server's certificate, followed by those that lead to its root
     * @param key its private key: PKCS #8, {@code BEGIN ENCRYPTED PRIVATE KEY}, or one that isn't encrypted after all
     * @param password opens the key
     */
    public static Tls pem(Path chain, Path key, String password) {
        return new Tls(chain, key, Objects.requireNonNull(password, "password"));
    }

    /** Says which files, never the password. */
    @Override
    public String toString() {
        return "Tls[" + chain + ", " + key + "]";
    }

    /** Reads the files. @throws BrokerStartException CONFIG, in a sentence, if there is anything wrong with them */
    SslContext context() throws BrokerStartException {
        X509Certificate[] certificates = certificates();
        PrivateKey privateKey = privateKey(certificates[0].getPublicKey());
        checkPair(certificates[0].getPublicKey(), privateKey);
        try {
            return SslContextBuilder.forServer(privateKey, certificates)
                    .sslProvider(SslProvider.JDK)
                    .protocols(PROTOCOLS)
                    .build();
        } catch (SSLException e) {
            throw config("the certificate " + chain + " can't be used for TLS: " + e.getMessage(), e);
        }
    }

    private X509Certificate[] certificates() throws BrokerStartException {
        try (var in = Files.newInputStream(chain)) {
            X509Certificate[] certificates = CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
                    .map(X509Certificate.class::cast)
                    .toArray(X509Certificate[]::new);
            if (certificates.length == 0) {
                throw config("there is no certificate in " + chain, null);
            }
            return certificates;
        } catch (IOException e) {
            throw unreadable("certificate", chain, e);
        } catch (CertificateException e) {
            throw config("the certificate file " + chain + " doesn't hold PEM certificates", e);
        }
    }

    private PrivateKey privateKey(PublicKey of) throws BrokerStartException {
        String text;
        try {
            text = Files.readString(key, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw unreadable("key", key, e);
        }
        Matcher pem = PEM.matcher(text);
        while (pem.find()) {
            if (pem.group(1).endsWith("PRIVATE KEY")) {
                return privateKey(pem.group(1), pem.group(2), of);
            }
        }
        throw config("there is no private key in " + key, null);
    }

    private PrivateKey privateKey(String kind, String base64, PublicKey of) throws BrokerStartException {
        boolean encrypted = kind.equals("ENCRYPTED PRIVATE KEY");
        if (!encrypted && !kind.equals("PRIVATE KEY")) {
            throw config(
                    "the key " + key + " is a " + kind + ", not PKCS #8: convert it with"
                            + " 'openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW'",
                    null);
        }
        if (encrypted && password == null) {
            throw config("the key " + key + " is encrypted, and no password is given", null);
        }
        try {
            byte[] der = Base64.getMimeDecoder().decode(base64);
            PKCS8EncodedKeySpec spec = encrypted ? decrypt(der) : new PKCS8EncodedKeySpec(der);
            return KeyFactory.getInstance(of.getAlgorithm()).generatePrivate(spec);
        } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
            throw config(
                    encrypted
                            ? "the key " + key + " can't be opened with the password that was given"
                            : "the key " + key + " can't be read as a key of kind " + of.getAlgorithm()
                                    + ", which the certificate has",
                    e);
        }
    }

    private PKCS8EncodedKeySpec decrypt(byte[] der) throws GeneralSecurityException, IOException {
        EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(der);
        AlgorithmParameters parameters = info.getAlgParameters();
        // PBES2 only names the family; its parameters know which one it is.
        String algorithm = info.getAlgName().equals("PBES2") ? parameters.toString() : info.getAlgName();
        PBEKeySpec secret = new PBEKeySpec(Objects.requireNonNull(password).toCharArray());
        SecretKey opens = SecretKeyFactory.getInstance(algorithm).generateSecret(secret);
        Cipher cipher = Cipher.getInstance(algorithm);
        cipher.init(Cipher.DECRYPT_MODE, opens, parameters);
        return info.getKeySpec(cipher);
    }

    /** A key of another certificate would start well and fail every handshake. */
    private void checkPair(PublicKey publicKey, PrivateKey privateKey) throws BrokerStartException {
        String algorithm = switch (publicKey.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> publicKey.getAlgorithm(); // those of Edwards curves sign under their own names
        };
        boolean pair;
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(privateKey);
            signature.update(PROBE);
            byte[] signed = signature.sign();
            signature.initVerify(publicKey);
            signature.update(PROBE);
            pair = signature.verify(signed);
        } catch (GeneralSecurityException e) {
            throw config("the certificate " + chain + " and the key " + key + " can't be used together", e);
        }
        if (!pair) {
            throw config("the key " + key + " doesn't belong to the certificate " + chain, null);
        }
    }

    private static BrokerStartException unreadable(String what, Path file, IOException e) {
        String why = e instanceof NoSuchFileException ? "there is no such file" : String.valueOf(e.getMessage());
        return config("the " + what + " " + file + " can't be read: " + why, e);
    }

    private static BrokerStartException config(String message, @Nullable Throwable cause) {
        return new BrokerStartException(BrokerStartException.Kind.CONFIG, message, cause);
    }
}
