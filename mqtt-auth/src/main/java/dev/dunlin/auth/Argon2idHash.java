package dev.dunlin.auth;

import com.password4j.Argon2Function;
import com.password4j.types.Argon2;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code $argon2id$v=19$m=19456,t=2,p=1$salt$hash} [RFC 9106]: m KiB of memory, t passes over it, p lanes. By password4j, where
 * that is on the class path. Not in Mosquitto.
 */
final class Argon2idHash implements PasswordHash {
    static final String KIND = "argon2id";
    static final int MEMORY_KIB_MAX = 1 << 20;
    static final int PASSES_MAX = 1_000;
    static final int LANES_MAX = 64;

    private static final int VERSION = 19;
    private static final int HASH_BYTES = 32;
    private static final int ARGON2ID_SALT_BYTES = 16;
    private static final Pattern PARAMETERS = Pattern.compile("m=([0-9]+),t=([0-9]+),p=([0-9]+)");

    private final Cost cost;
    private final byte[] salt;
    private final byte[] hash;

    /** What it takes. */
    record Cost(int memoryKib, int passes, int lanes) {
        String text() {
            return "$" + KIND + "$v=" + VERSION + "$m=" + memoryKib + ",t=" + passes + ",p=" + lanes;
        }

        byte[] derive(byte[] password, byte[] salt, int bytes) {
            return Argon2Function.getInstance(memoryKib, passes, lanes, bytes, Argon2.ID, VERSION)
                    .hash(password, salt)
                    .getBytes();
        }
    }

    private Argon2idHash(Cost cost, byte[] salt, byte[] hash) {
        this.cost = cost;
        this.salt = salt;
        this.hash = hash;
    }

    static Argon2idHash of(String[] parts) throws Unusable {
        Matcher parameters = PARAMETERS.matcher(parts.length == 6 ? parts[3] : "");
        if (!parameters.matches() || !parts[2].equals("v=" + VERSION)) {
            throw new Unusable("a password hash that isn't $argon2id$v=19$m=..,t=..,p=..$salt$hash");
        }
        int lanes = PasswordHash.number(parameters.group(3), 1, LANES_MAX, "lanes (p)");
        Cost cost = new Cost(
                PasswordHash.number(parameters.group(1), 8 * lanes, MEMORY_KIB_MAX, "memory (m)"),
                PasswordHash.number(parameters.group(2), 1, PASSES_MAX, "passes (t)"),
                lanes);
        requireLibrary();
        return new Argon2idHash(
                cost,
                PasswordHash.bytes(parts[4], SALT_BYTES_MIN, 64, "salt"),
                PasswordHash.bytes(parts[5], 16, 128, "password hash"));
    }

    private static void requireLibrary() throws Unusable {
        try {
            Class.forName("com.password4j.Argon2Function", false, Argon2idHash.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new Unusable(
                    "an argon2id hash, and the library password4j, which checks those, isn't on the class path", true);
        }
    }

    static Argon2idHash make(byte[] password, Cost cost) {
        byte[] salt = PasswordHash.salt(ARGON2ID_SALT_BYTES);
        return new Argon2idHash(cost, salt, cost.derive(password, salt, HASH_BYTES));
    }

    @Override
    public boolean matches(byte[] password) {
        return MessageDigest.isEqual(hash, cost.derive(password, salt, hash.length));
    }

    @Override
    public PasswordHash decoy() {
        return new Argon2idHash(cost, PasswordHash.salt(salt.length), PasswordHash.salt(hash.length));
    }

    @Override
    public String cost() {
        return cost.text();
    }

    @Override
    public String text() {
        Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
        return cost() + "$" + base64.encodeToString(salt) + "$" + base64.encodeToString(hash);
    }
}
