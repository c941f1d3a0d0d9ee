package dev.dunlin.auth;

import java.util.Locale;
import java.util.function.Function;

/**
 * A way to hash passwords, for password files and for {@link Users}. Immutable; any thread. To hash may take long: not on an
 * event loop.
 */
public final class Passwords {
    /**
     * Iterations of PBKDF2 unless it is said otherwise. Mosquitto's {@value #MOSQUITTO_ITERATIONS} keep nobody from trying a
     * dictionary; these take some 15 ms of a processor, once per connection.
     */
    public static final int ITERATIONS = 20_000;

    /** What mosquitto_passwd takes unless it is told otherwise. */
    public static final int MOSQUITTO_ITERATIONS = 101;

    private final Function<byte[], PasswordHash> make;

    private Passwords(Function<byte[], PasswordHash> make) {
        this.make = make;
    }

    /** PBKDF2 with {@link #ITERATIONS}. */
    public static Passwords pbkdf2() {
        return pbkdf2(ITERATIONS);
    }

    /**
     * PBKDF2 with HMAC-SHA-512: {@code $7$iterations$salt$hash}. Mosquitto from 2.0 on reads it.
     *
     * @param iterations 1 to 10,000,000
     * @throws IllegalArgumentException for any other
     */
    public static Passwords pbkdf2(int iterations) {
        require("iterations", iterations, 1, Pbkdf2Hash.ITERATIONS_MAX);
        return new Passwords(password -> Pbkdf2Hash.make(password, iterations));
    }

    /** One round of SHA-512: {@code $6$salt$hash}. Mosquitto before 2.0 reads it. For nothing else: it is fast to guess. */
    public static Passwords sha512() {
        return new Passwords(Sha512Hash::make);
    }

    /** Argon2id with 19 MiB of memory, two passes and one lane. */
    public static Passwords argon2id() {
        return argon2id(19 << 10, 2, 1);
    }

    /**
     * Argon2id: {@code $argon2id$v=19$m=..,t=..,p=..$salt$hash}. Needs password4j on the class path. Mosquitto reads none of it.
     *
     * @param memoryKib KiB of memory for each check, from 8 times the lanes to 1,048,576
     * @param passes 1 to 1,000
     * @param lanes 1 to 64
     * @throws IllegalArgumentException for any other
     */
    public static Passwords argon2id(int memoryKib, int passes, int lanes) {
        require("lanes", lanes, 1, Argon2idHash.LANES_MAX);
        require("KiB of memory", memoryKib, 8 * lanes, Argon2idHash.MEMORY_KIB_MAX);
        require("passes", passes, 1, Argon2idHash.PASSES_MAX);
        Argon2idHash.Cost cost = new Argon2idHash.Cost(memoryKib, passes, lanes);
        return new Passwords(password -> Argon2idHash.make(password, cost));
    }

    private static void require(String what, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(
                    String.format(Locale.ROOT, "%s: %d to %d, not %d", what, min, max, value));
        }
    }

    /**
     * Hashes a password with a new salt.
     *
     * @param password not kept, not changed
     * @return what stands in a password file behind the colon
     * @throws IllegalArgumentException for an empty password: nobody gets in with one
     */
    public String hash(byte[] password) {
        if (password.length == 0) {
            throw new IllegalArgumentException("the password is empty");
        }
        return make.apply(password).text();
    }

    /**
     * Whether a password is the one that was hashed. Takes as long if it isn't.
     *
     * @param hash one of the three kinds
     * @throws IllegalArgumentException if it is no hash, or one of a kind whose library isn't there
     */
    public static boolean matches(String hash, byte[] password) {
        try {
            return PasswordHash.of(hash).matches(password);
        } catch (PasswordHash.Unusable e) {
            throw new IllegalArgumentException("the text has " + e.getMessage(), e);
        }
    }

    /** Whether a text is a hash of one of the three kinds, and can be checked here. */
    public static boolean isHash(String text) {
        try {
            PasswordHash.of(text);
            return true;
        } catch (PasswordHash.Unusable e) {
            return false;
        }
    }
}
