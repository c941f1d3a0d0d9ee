package dev.dunlin.broker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;

/** The PEM files that say who the broker is: a certificate chain and its private key. Reading blocks. */
final class PemIdentity {
    private static final Pattern PEM = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");
    private static final byte[] PROBE = "the same pair".getBytes(StandardCharsets.US_ASCII);

    private final Path chain;
    private final Path key;
    private final @Nullable String password;

    PemIdentity(Path chain, Path key, @Nullable String password) {
        this.chain = Objects.requireNonNull(chain, "chain");
        this.key = Objects.requireNonNull(key, "key");
        this.password = password;
    }

    /** What is in the files, the broker's own certificate first. */
    record Pair(List<X509Certificate> certificates, PrivateKey key) {}

    /** Says which files, never the password. */
    @Override
    public String toString() {
        return chain + ", " + key;
    }

    Path chain() {
        return chain;
    }

    /** Reads the files. @throws BrokerStartException CONFIG, in a sentence, if there is anything wrong with them */
    Pair read() throws BrokerStartException {
        List<X509Certificate> certificates = PemFiles.certificates(chain);
        PublicKey publicKey = certificates.get(0).getPublicKey();
        PrivateKey privateKey = privateKey(publicKey);
        checkPair(publicKey, privateKey);
        return new Pair(certificates, privateKey);
    }

    private PrivateKey privateKey(PublicKey of) throws BrokerStartException {
        String text = PemFiles.text("key", key);
        if (text.contains("Proc-Type: 4,ENCRYPTED")) { // RFC 1421, OpenSSL's own; nobody else reads it
            throw PemFiles.config(
                    "the key " + key
                            + " is encrypted in an old way: convert it with 'openssl pkcs8 -topk8 -in KEY -out NEW'",
                    null);
        }
        Matcher pem = PEM.matcher(text);
        while (pem.find()) {
            if (pem.group(1).endsWith("PRIVATE KEY")) {
                return privateKey(pem.group(1), pem.group(2), of);
            }
        }
        throw PemFiles.config("there is no private key in " + key, null);
    }

    private PrivateKey privateKey(String kind, String base64, PublicKey of) throws BrokerStartException {
        boolean encrypted = kind.equals("ENCRYPTED PRIVATE KEY");
        boolean bare = kind.equals("RSA PRIVATE KEY") || kind.equals("EC PRIVATE KEY");
        if (!encrypted && !bare && !kind.equals("PRIVATE KEY")) {
            throw PemFiles.config(
                    "the key " + key + " is a " + kind + ", not PKCS #8: convert it with"
                            + " 'openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW'",
                    null);
        }
        if (encrypted && password == null) {
            throw PemFiles.config("the key " + key + " is encrypted, and no password is given", null);
        }
        try {
            byte[] read = Base64.getMimeDecoder().decode(base64);
            byte[] der = bare ? BareKey.pkcs8(read, of) : read;
            PKCS8EncodedKeySpec spec = encrypted ? decrypt(der) : new PKCS8EncodedKeySpec(der);
            return KeyFactory.getInstance(of.getAlgorithm()).generatePrivate(spec);
        } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
            throw PemFiles.config(
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
            throw PemFiles.config("the certificate " + chain + " and the key " + key + " can't be used together", e);
        }
        if (!pair) {
            throw PemFiles.config("the key " + key + " doesn't belong to the certificate " + chain, null);
        }
    }
}
