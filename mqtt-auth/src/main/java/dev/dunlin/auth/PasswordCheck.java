package dev.dunlin.auth;

import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.codec.ReasonCode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Checks passwords against hashes, off the event loops: on few threads, as each check keeps a processor busy for as long as the
 * hash is meant to take, with a bounded queue in front of them.
 *
 * <p>A name that nobody has is checked against a decoy of the same cost. Where a file has hashes of several costs, which of them
 * a name's decoy has is drawn by a keyed hash of the name: names that nobody has then cost what those of users cost, and always
 * the same.
 *
 * <p>The last good password of a user is remembered for a minute as a keyed hash: a user with many clients that all come back at
 * once would take a check for each. It is forgotten with the entry, and doesn't wait behind those who guess.
 */
final class PasswordCheck implements AutoCloseable {
    static final long REMEMBERED_NS = TimeUnit.MINUTES.toNanos(1);

    private static final String MAC = "HmacSHA256";
    private static final CompletionStage<AuthResult> WRONG =
            CompletableFuture.completedFuture(AuthResult.refuse(ReasonCode.BAD_USER_NAME_OR_PASSWORD));
    private static final CompletionStage<AuthResult> BUSY =
            CompletableFuture.completedFuture(AuthResult.refuse(ReasonCode.SERVER_BUSY));

    private final Pace pace;
    private final CheckPool pool;
    private final SecretKeySpec key = new SecretKeySpec(PasswordHash.salt(32), MAC);

    private volatile Entries entries = new Entries(Map.of());
    private volatile boolean anonymous;

    /** What differs in a test: how much at once, by which clock, and what a check is. */
    record Pace(int threads, int waitingMax, LongSupplier nanoTime, Check check) {
        Pace() {
            this(CheckPool.THREADS, CheckPool.WAITING_MAX, System::nanoTime, PasswordHash::matches);
        }
    }

    @FunctionalInterface
    interface Check {
        boolean matches(PasswordHash hash, byte[] password);
    }

    PasswordCheck(Pace pace) {
        this.pace = pace;
        pool = new CheckPool("dunlin-passwords", pace.threads, pace.waitingMax, pace.nanoTime);
    }

    /** Takes users into use, in the place of those before. Who has the same hash as before stays the same. */
    synchronized void users(Map<String, PasswordHash> hashes) {
        Map<String, Entry> before = entries.byName;
        Map<String, Entry> now = new HashMap<>();
        hashes.forEach((name, hash) -> {
            Entry old = before.get(name);
            now.put(name, old != null && old.hash.text().equals(hash.text()) ? old : new Entry(hash));
        });
        entries = new Entries(now);
    }

    /** From now on, clients without a user name get in or not; those that are in go when it is no. */
    void anonymous(boolean allowed) {
        anonymous = allowed;
    }

    /** As {@link dev.dunlin.broker.spi.Authenticator#authenticate}: on an event loop. */
    CompletionStage<AuthResult> authenticate(ConnectRequest request) {
        byte[] password = request.password() == null ? new byte[0] : request.password();
        String name = request.certificateName() == null ? request.userName() : request.certificateName();
        boolean pending = false;
        try {
            if (request.certificateName() != null) {
                return CompletableFuture.completedFuture(AuthResult.accept(new Identity(request.certificateName())));
            }
            if (name == null || name.isEmpty()) {
                return withoutName();
            }
            if (password.length == 0) {
                return WRONG; // whoever it is
            }
            Entry entry = entries.byName.get(name);
            if (entry != null && entry.remembers(mac(password), pace.nanoTime.getAsLong())) {
                return CompletableFuture.completedFuture(accepted(name, entry));
            }
            CompletionStage<AuthResult> answer = pool.answer(() -> check(name, password));
            pending = true;
            return answer;
        } catch (RejectedExecutionException e) {
            return BUSY;
        } finally {
            if (!pending) {
                Arrays.fill(password, (byte) 0);
            }
        }
    }

    private CompletionStage<AuthResult> withoutName() {
        return anonymous
                ? CompletableFuture.completedFuture(
                        AuthResult.accept(Identity.ANONYMOUS).withValidity(nowMs -> anonymous))
                : WRONG;
    }

    /** On a thread of its own. The password is cleared. */
    private AuthResult check(String name, byte[] password) {
        try {
            Entries now = entries;
            Entry entry = now.byName.get(name);
            boolean right = pace.check.matches(entry == null ? now.decoy(mac(bytes(name))) : entry.hash, password);
            if (entry == null || !right) {
                return AuthResult.refuse(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
            }
            entry.remember(mac(password), pace.nanoTime.getAsLong() + REMEMBERED_NS);
            return accepted(name, entry);
        } finally {
            Arrays.fill(password, (byte) 0);
        }
    }

    /** For as long as the user's entry is the same. */
    private AuthResult accepted(String name, Entry entry) {
        return AuthResult.accept(new Identity(name)).withValidity(nowMs -> entries.byName.get(name) == entry);
    }

    private static byte[] bytes(String name) {
        return name.getBytes(StandardCharsets.UTF_8);
    }

    private byte[] mac(byte[] of) {
        try {
            Mac mac = Mac.getInstance(MAC);
            mac.init(key);
            return mac.doFinal(of);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java can't do " + MAC, e);
        }
    }

    /** See {@link CheckPool#close}. */
    @Override
    public void close() {
        pool.close();
    }

    /** A user. The same object for as long as its hash is the same. */
    private static final class Entry {
        final PasswordHash hash;
        private volatile @Nullable Remembered last;

        Entry(PasswordHash hash) {
            this.hash = hash;
        }

        boolean remembers(byte[] mac, long nowNs) {
            Remembered known = last;
            if (known == null) {
                return false;
            }
            if (nowNs - known.untilNs >= 0) {
                last = null;
                return false;
            }
            return MessageDigest.isEqual(known.mac, mac);
        }

        void remember(byte[] mac, long untilNs) {
            last = new Remembered(mac, untilNs);
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared as a record
    private record Remembered(byte[] mac, long untilNs) {}

    /** All users, and as many decoys as there are costs among their hashes, each as often as that cost. */
    private static final class Entries {
        final Map<String, Entry> byName;
        private final List<PasswordHash> decoys;

        Entries(Map<String, Entry> byName) {
            this.byName = byName;
            Map<String, PasswordHash> perCost = new HashMap<>();
            decoys = byName.isEmpty()
                    ? List.of(Pbkdf2Hash.decoy(Passwords.ITERATIONS))
                    : byName.values().stream()
                            .map(entry -> perCost.computeIfAbsent(entry.hash.cost(), cost -> entry.hash.decoy()))
                            .sorted(Comparator.comparing(PasswordHash::cost))
                            .toList();
        }

        PasswordHash decoy(byte[] mac) {
            return decoys.get(Math.floorMod(ByteBuffer.wrap(mac).getInt(), decoys.size()));
        }
    }
}
