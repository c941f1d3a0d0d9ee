package dev.dunlin.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.codec.ReasonCode;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.util.Base64;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Enhanced authentication of MQTT 5.0 with SCRAM-SHA-256 (RFC 5802, RFC 7677): client and broker prove to each other that they
 * know the password, which never travels, and which the broker can't tell from what it stores.
 *
 * <pre>
 * client                                        broker
 * CONNECT  n,,n=user,r=nonce              --->
 *                                         <---  AUTH     r=nonce+its own, s=salt, i=iterations
 * AUTH     c=biws, r=both nonces, p=proof --->
 *                                         <---  CONNACK  v=signature
 * </pre>
 *
 * A user that doesn't exist is asked for a proof like any other, with a salt that stays the same, and is refused like one whose
 * proof is wrong. Without channel binding: use it over TLS. Names and passwords are normalised (NFKC) as SASLprep asks; that
 * they hold no prohibited characters is up to who enters them.
 *
 * <p>{@code main} runs a broker with one user, ann, whose password is "a secret". Enter ends it.
 */
public final class ScramSha256 implements Authenticator {
    /** The name of the method. */
    public static final String METHOD = "SCRAM-SHA-256";

    private static final int ITERATIONS = 10_000;
    private static final int SALT_BYTES = 16;
    private static final int NONCE_BYTES = 18;
    private static final int KEY_BITS = 256;
    private static final String NO_CHANNEL_BINDING = "[ny],,";

    private static final Pattern CLIENT_FIRST =
            Pattern.compile("(" + NO_CHANNEL_BINDING + ")(n=([^,]+),r=([!-+\\--~]+)(?:,[^,]+)*)");
    private static final Pattern CLIENT_FINAL = Pattern.compile("(c=([^,]+),r=([^,]+)(?:,[^,]+)*),p=([^,]+)");

    private final Map<String, Credentials> users;
    private final Supplier<String> nonces;
    private final byte[] secret = random(SALT_BYTES);

    /**
     * Lets these users in.
     *
     * @param users by name; copied
     */
    public ScramSha256(Map<String, Credentials> users) {
        this(users, () -> Base64.getEncoder().encodeToString(random(NONCE_BYTES)));
    }

    ScramSha256(Map<String, Credentials> users, Supplier<String> nonces) {
        this.users = Map.copyOf(users);
        this.nonces = nonces;
    }

    public static void main(String[] args) throws Exception {
        ScramSha256 scram = new ScramSha256(Map.of("ann", Credentials.of("a secret")));
        try (Broker broker = Broker.builder().authenticator(scram).tcp(0).start()) {
            System.out.println("clients connect to port " + broker.port("tcp"));
            System.in.read();
        }
    }

    /**
     * What is stored of a password.
     *
     * @param salt random, one for each user
     * @param iterations at least 4,096; the client's work at each connect
     * @param storedKey proves that the client knows the password
     * @param serverKey proves to the client that the broker knows this
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Credentials(byte[] salt, int iterations, byte[] storedKey, byte[] serverKey) {

        /** Made from a password that was chosen, with a new salt. */
        public static Credentials of(String password) {
            return of(password, random(SALT_BYTES), ITERATIONS);
        }

        static Credentials of(String password, byte[] salt, int iterations) {
            byte[] salted = salted(password, salt, iterations);
            return new Credentials(salt, iterations, sha256(hmac(salted, "Client Key")), hmac(salted, "Server Key"));
        }
    }

    @Override
    public Set<String> methods() {
        return Set.of(METHOD);
    }

    /** Begins an exchange, with CONNECT or anew; a client without a method is refused. Nothing here takes long. */
    @Override
    public CompletionStage<AuthResult> authenticate(ConnectRequest request) {
        Matcher first = CLIENT_FIRST.matcher(new String(request.authenticationData(), UTF_8));
        if (request.authenticationMethod() == null || !first.matches()) {
            return answer(AuthResult.refuse(ReasonCode.NOT_AUTHORIZED));
        }
        String name = normalized(first.group(3).replace("=2C", ",").replace("=3D", "="));
        Credentials user = users.getOrDefault(name, nobody(name)); // which is made for each, and costs each the same
        String nonce = first.group(4) + nonces.get();
        String serverFirst = "r=" + nonce + ",s=" + base64(user.salt) + ",i=" + user.iterations;
        Proof proof = new Proof(first.group(1), nonce, first.group(2) + "," + serverFirst);
        return answer(AuthResult.challenge(
                serverFirst.getBytes(UTF_8), data -> answer(proof.check(data, user, new Identity(name)))));
    }

    /** What the client's proof has to fit. */
    private record Proof(String channelBinding, String nonce, String messages) {

        AuthResult check(byte[] data, Credentials user, Identity identity) {
            Matcher last = CLIENT_FINAL.matcher(new String(data, UTF_8));
            if (!last.matches()
                    || !last.group(2).equals(base64(channelBinding.getBytes(UTF_8)))
                    || !last.group(3).equals(nonce)) {
                return AuthResult.refuse(ReasonCode.NOT_AUTHORIZED);
            }
            String signed = messages + "," + last.group(1);
            byte[] clientKey = xor(hmac(user.storedKey, signed), decoded(last.group(4)));
            if (!MessageDigest.isEqual(sha256(clientKey), user.storedKey)) {
                return AuthResult.refuse(ReasonCode.NOT_AUTHORIZED);
            }
            return AuthResult.accept(identity).withData(("v=" + base64(hmac(user.serverKey, signed))).getBytes(UTF_8));
        }
    }

    /** For a name that doesn't exist: nobody has the key that fits, and the salt is always the same. */
    private Credentials nobody(String name) {
        byte[] salt = xor(new byte[SALT_BYTES], hmac(secret, name));
        return new Credentials(salt, ITERATIONS, random(KEY_BITS / 8), random(KEY_BITS / 8));
    }

    private static CompletionStage<AuthResult> answer(AuthResult result) {
        return CompletableFuture.completedFuture(result);
    }

    // ---- the functions of RFC 5802, section 2.2

    private static byte[] salted(String password, byte[] salt, int iterations) {
        PBEKeySpec spec = new PBEKeySpec(normalized(password).toCharArray(), salt, iterations, KEY_BITS);
        try {
            return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                    .generateSecret(spec)
                    .getEncoded();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every JDK has it
        } finally {
            spec.clearPassword();
        }
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, mac.getAlgorithm()));
            return mac.doFinal(text.getBytes(UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }

    private static byte[] sha256(byte[] data) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(data);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }

    /** As long as the first; the second is cut off or filled up with zeros. */
    private static byte[] xor(byte[] first, byte[] second) {
        byte[] both = first.clone();
        for (int i = 0; i < Math.min(both.length, second.length); i++) {
            both[i] ^= second[i];
        }
        return both;
    }

    private static String normalized(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFKC);
    }

    private static String base64(byte[] data) {
        return Base64.getEncoder().encodeToString(data);
    }

    /** Nothing for what isn't Base64: no proof is that. */
    private static byte[] decoded(String base64) {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }

    private static byte[] random(int bytes) {
        byte[] made = new byte[bytes];
        new SecureRandom().nextBytes(made);
        return made;
    }
}
