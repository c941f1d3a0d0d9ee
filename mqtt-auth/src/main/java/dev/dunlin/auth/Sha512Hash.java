package dev.dunlin.auth;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** {@code $6$salt$hash}: SHA-512 of password and salt, once. What Mosquitto made until 1.6. */
final class Sha512Hash implements PasswordHash {
    static final String KIND = "6";

    private final byte[] salt;
    private final byte[] hash;

    private Sha512Hash(byte[] salt, byte[] hash) {
        this.salt = salt;
        this.hash = hash;
    }

    static Sha512Hash of(String[] parts) throws Unusable {
        if (parts.length != 4) {
            throw new Unusable("a password hash that isn't $6$salt$hash");
        }
        return new Sha512Hash(
                PasswordHash.bytes(parts[2], SALT_BYTES_MIN, 64, "salt"),
                PasswordHash.bytes(parts[3], SHA512_BYTES, SHA512_BYTES, "password hash"));
    }

    static Sha512Hash make(byte[] password) {
        byte[] salt = PasswordHash.salt(SALT_BYTES);
        return new Sha512Hash(salt, digest(password, salt));
    }

    @Override
    public boolean matches(byte[] password) {
        return MessageDigest.isEqual(hash, digest(password, salt));
    }

    private static byte[] digest(byte[] password, byte[] salt) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-512");
            digest.update(password);
            return digest.digest(salt);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-512", e);
        }
    }

    @Override
    public PasswordHash decoy() {
        return new Sha512Hash(PasswordHash.salt(salt.length), PasswordHash.salt(SHA512_BYTES));
    }

    @Override
    public String cost() {
        return "$" + KIND;
    }

    @Override
    public String text() {
        Base64.Encoder base64 = Base64.getEncoder();
        return "$" + KIND + "$" + base64.encodeToString(salt) + "$" + base64.encodeToString(hash);
    }
}
