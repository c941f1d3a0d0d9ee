package dev.dunlin.auth;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * {@code $7$iterations$salt$hash}: PBKDF2 with HMAC-SHA-512 [RFC 8018 section 5.2]. The JDK's own takes passwords as text only,
 * and those of MQTT are bytes.
 */
final class Pbkdf2Hash implements PasswordHash {
    static final String KIND = "7";

    /** Some seconds of one processor: more would be a mistake. */
    static final int ITERATIONS_MAX = 10_000_000;

    private static final String MAC = "HmacSHA512";

    private final int iterations;
    private final byte[] salt;
    private final byte[] hash;

    private Pbkdf2Hash(int iterations, byte[] salt, byte[] hash) {
        this.iterations = iterations;
        this.salt = salt;
        this.hash = hash;
    }

    static Pbkdf2Hash of(String[] parts) throws Unusable {
        if (parts.length != 5) {
            throw new Unusable("a password hash that isn't $7$iterations$salt$hash");
        }
        return new Pbkdf2Hash(
                PasswordHash.number(parts[2], 1, ITERATIONS_MAX, "iterations"),
                PasswordHash.bytes(parts[3], SALT_BYTES_MIN, 64, "salt"),
                PasswordHash.bytes(parts[4], SHA512_BYTES, SHA512_BYTES, "password hash"));
    }

    static Pbkdf2Hash make(byte[] password, int iterations) {
        byte[] salt = PasswordHash.salt(SALT_BYTES);
        return new Pbkdf2Hash(iterations, salt, derive(password, salt, iterations));
    }

    @Override
    public boolean matches(byte[] password) {
        return MessageDigest.isEqual(hash, derive(password, salt, iterations));
    }

    /** The first block, which is as long as what is wanted. */
    private static byte[] derive(byte[] password, byte[] salt, int iterations) {
        try {
            Mac mac = Mac.getInstance(MAC);
            // A key of no bytes is the same as one of a zero byte, and a SecretKeySpec can't be empty.
            mac.init(new SecretKeySpec(password.length == 0 ? new byte[1] : password, MAC));
            mac.update(salt);
            byte[] last = mac.doFinal(new byte[] {0, 0, 0, 1});
            byte[] sum = last.clone();
            for (int i = 1; i < iterations; i++) {
                mac.update(last);
                mac.doFinal(last, 0);
                for (int j = 0; j < sum.length; j++) {
                    sum[j] ^= last[j];
                }
            }
            return sum;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java can't do " + MAC, e);
        }
    }

    @Override
    public PasswordHash decoy() {
        return decoy(iterations);
    }

    /** One that no password is known for. */
    static PasswordHash decoy(int iterations) {
        return new Pbkdf2Hash(iterations, PasswordHash.salt(SALT_BYTES), PasswordHash.salt(SHA512_BYTES));
    }

    @Override
    public String cost() {
        return "$" + KIND + "$" + iterations;
    }

    @Override
    public String text() {
        Base64.Encoder base64 = Base64.getEncoder();
        return cost() + "$" + base64.encodeToString(salt) + "$" + base64.encodeToString(hash);
    }
}
