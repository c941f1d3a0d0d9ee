package dev.dunlin.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.X509EncodedKeySpec;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The public keys in a file: PEM, with as many as there are, or a JWK or a set of them in JSON. */
final class TokenKeys {
    /** With a secret that both sides have. */
    static final Set<JWSAlgorithm> SECRET = Set.of(JWSAlgorithm.HS256, JWSAlgorithm.HS384, JWSAlgorithm.HS512);

    /** With a key of which we have the public half. */
    static final Set<JWSAlgorithm> PUBLIC = Set.of(
            JWSAlgorithm.RS256,
            JWSAlgorithm.RS384,
            JWSAlgorithm.RS512,
            JWSAlgorithm.PS256,
            JWSAlgorithm.PS384,
            JWSAlgorithm.PS512,
            JWSAlgorithm.ES256,
            JWSAlgorithm.ES384,
            JWSAlgorithm.ES512);

    static final int RSA_BITS_MIN = 2048;
    private static final Pattern PEM =
            Pattern.compile("-----BEGIN (PUBLIC KEY|CERTIFICATE)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");

    private TokenKeys() {}

    static JWKSet of(Path file, List<String> lines) throws AuthFileException {
        String text = String.join("\n", lines).strip();
        List<JWK> keys = new ArrayList<>();
        try {
            for (JWK key : text.startsWith("{") ? json(text) : pem(text)) {
                keys.add(checked(file, key));
            }
        } catch (ParseException | GeneralSecurityException | JOSEException | IllegalArgumentException e) {
            throw new AuthFileException(file, 0, "has a key that can't be read: " + e.getMessage());
        }
        if (keys.isEmpty()) {
            throw new AuthFileException(file, 0, "has no public key, in PEM or as a JSON Web Key");
        }
        return new JWKSet(keys);
    }

    private static List<JWK> json(String text) throws ParseException {
        return text.contains("\"keys\"") ? JWKSet.parse(text).getKeys() : List.of(JWK.parse(text));
    }

    private static JWK checked(Path file, JWK key) throws AuthFileException {
        if (!(key instanceof RSAKey || key instanceof ECKey)) {
            throw new AuthFileException(file, 0, "has a key of type " + key.getKeyType() + ", which is no public key");
        }
        if (key instanceof RSAKey && key.size() < RSA_BITS_MIN) {
            throw new AuthFileException(
                    file, 0, "has an RSA key of " + key.size() + " bits, which is less than " + RSA_BITS_MIN);
        }
        return key.toPublicJWK();
    }

    private static List<JWK> pem(String text) throws GeneralSecurityException, JOSEException {
        List<JWK> keys = new ArrayList<>();
        Matcher blocks = PEM.matcher(text);
        while (blocks.find()) {
            byte[] der = Base64.getMimeDecoder().decode(blocks.group(2));
            keys.add(blocks.group(1).equals("CERTIFICATE") ? key(certificate(der)) : key(publicKey(der)));
        }
        return keys;
    }

    private static PublicKey certificate(byte[] der) throws GeneralSecurityException {
        return ((X509Certificate)
                        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der)))
                .getPublicKey();
    }

    private static PublicKey publicKey(byte[] der) throws GeneralSecurityException {
        X509EncodedKeySpec spec = new X509EncodedKeySpec(der);
        try {
            return KeyFactory.getInstance("RSA").generatePublic(spec);
        } catch (InvalidKeySpecException e) {
            return KeyFactory.getInstance("EC").generatePublic(spec);
        }
    }

    private static JWK key(PublicKey key) throws GeneralSecurityException {
        if (key instanceof RSAPublicKey rsa) {
            return new RSAKey.Builder(rsa).build();
        }
        if (key instanceof ECPublicKey ec) {
            return new ECKey.Builder(Curve.forECParameterSpec(ec.getParams()), ec).build();
        }
        throw new InvalidKeySpecException("a key for " + key.getAlgorithm());
    }
}
