package dev.dunlin.auth;

import java.security.SecureRandom;
import java.util.Base64;

/** What a password is checked against: one entry of a password file behind the colon. Immutable. */
sealed interface PasswordHash permits Sha512Hash, Pbkdf2Hash, Argon2idHash {
    /** Mosquitto's. */
    int SALT_BYTES = 12;

    /** What SHA-512 gives. */
    int SHA512_BYTES = 64;

    /** Fewer are no salt. */
    int SALT_BYTES_MIN = 8;

    SecureRandom RANDOM = new SecureRandom();

    /** Whether this is the hash of the password; takes the same time if not. Any thread; may take long. */
    boolean matches(byte[] password);

    /** One that costs the same and that no password is known for. */
    PasswordHash decoy();

    /** Kind and cost, such as {@code $7$101}. */
    String cost();

    /** As it stands in a file. */
    String text();

    /** What makes a text no hash, to be put behind "user ann has ". */
    final class Unusable extends Exception {
        private static final long serialVersionUID = 1;

        private final boolean forLackOfALibrary;

        Unusable(String what) {
            this(what, false);
        }

        Unusable(String what, boolean forLackOfALibrary) {
            super(what);
            this.forLackOfALibrary = forLackOfALibrary;
        }

        /** Whether it may be right, and only nothing here can check it. */
        boolean isForLackOfALibrary() {
            return forLackOfALibrary;
        }
    }

    /** Reads an entry. */
    static PasswordHash of(String text) throws Unusable {
        if (text.isEmpty()) {
            throw new Unusable("no password hash");
        }
        String[] parts = text.split("\\$", -1);
        if (parts.length < 3 || !parts[0].isEmpty()) {
            throw new Unusable("a password that isn't hashed");
        }
        return switch (parts[1]) {
            case Sha512Hash.KIND -> Sha512Hash.of(parts);
            case Pbkdf2Hash.KIND -> Pbkdf2Hash.of(parts);
            case Argon2idHash.KIND -> Argon2idHash.of(parts);
            default -> throw new Unusable("a password hash of an unknown kind");
        };
    }

    static byte[] salt(int bytes) {
        byte[] salt = new byte[bytes];
        RANDOM.nextBytes(salt);
        return salt;
    }

    /** Base64 of at least so many bytes, and at most. */
    static byte[] bytes(String base64, int min, int max, String what) throws Unusable {
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new Unusable("a " + what + " that isn't in base64");
        }
        if (bytes.length < min || bytes.length > max) {
            throw new Unusable("a " + what + " of " + bytes.length + " bytes");
        }
        return bytes;
    }

    /** A number in that range. */
    static int number(String text, int min, int max, String what) throws Unusable {
        try {
            int number = Integer.parseInt(text);
            if (number >= min && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below, as for one that is out of range.
        }
        throw new Unusable("a password hash whose " + what + " isn't from " + min + " to " + max);
    }
}
