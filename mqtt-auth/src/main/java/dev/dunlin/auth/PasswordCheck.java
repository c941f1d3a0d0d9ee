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
 * a name's decoy has is drawn by a keyed hash of the name: names that nobody has then cost what those of users cost, each the same
 * until the program is started again, or so many users come or go that the shares of the costs change.
 *
 * <p>The last good password of a user is remembered for a minute as a keyed hash: a user with many clients that all come back at
 * once would take a check for each. It is forgotten with the entry, and doesn't wait behind those who guess. Nothing is compared
 * with it before there is a place in the pool, which a wrong password then takes: nobody guesses faster than hashes are computed,
 * nor learns anything while there is no place. What happens on an event loop doesn't depend on who is known, and hashes {@link
 * #REMEMBERED_BYTES_MAX} bytes at most.
 */
final class PasswordCheck implements AutoCloseable {
    static final long REMEMBERED_NS = TimeUnit.MINUTES.toNanos(1);

    /** A longer password isn't remembered: to hash it is nothing for an event loop. */
    static final int REMEMBERED_BYTES_MAX = 1024;

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
            CompletionStage<AuthResult> answer = answer(name, password, pool.place(request.remoteAddress()));
            pending = true;
            return answer.whenComplete((result, failure) -> Arrays.fill(password, (byte) 0));
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

    /** At once if it is remembered, else by a check in that place. */
    private CompletionStage<AuthResult> answer(String name, byte[] password, CheckPool.Place place) {
        byte[] mac = rememberable(password);
        Entry entry = entries.byName.get(name);
        if (entry != null && entry.remembers(mac, pace.nanoTime.getAsLong())) {
            place.giveBack();
            return CompletableFuture.completedFuture(accepted(name, entry));
        }
        return pool.answer(place, () -> check(name, password, mac));
    }

    /** On a thread of its own. */
    private AuthResult check(String name, byte[] password, byte[] mac) {
        Entries now = entries;
        Entry entry = now.byName.get(name);
        PasswordHash decoy = now.decoy(mac(bytes(name))); // for those who are known too: it takes time
        if (entry != null && entry.remembers(mac, pace.nanoTime.getAsLong())) {
            return accepted(name, entry); // another client of this user was right meanwhile
        }
        boolean right = pace.check.matches(entry == null ? decoy : entry.hash, password);
        if (entry == null || !right) {
            return AuthResult.refuse(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
        }
        if (mac.length > 0) {
            entry.remember(mac, pace.nanoTime.getAsLong() + REMEMBERED_NS);
        }
        return accepted(name, entry);
    }

    /** For as long as the user's entry is the same. */
    private AuthResult accepted(String name, Entry entry) {
        return AuthResult.accept(new Identity(name)).withValidity(nowMs -> entries.byName.get(name) == entry);
    }

    private static byte[] bytes(String name) {
        return name.getBytes(StandardCharsets.UTF_8);
    }

    /** By what it is remembered; empty if it is too long for that. */
    private byte[] rememberable(byte[] password) {
        return password.length <= REMEMBERED_BYTES_MAX ? mac(password) : new byte[0];
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

        /** By its share of the whole: few names get another one when a user comes or goes. */
        PasswordHash decoy(byte[] mac) {
            long share = Integer.toUnsignedLong(ByteBuffer.wrap(mac).getInt());
            return decoys.get((int) ((share * decoys.size()) >>> Integer.SIZE));
        }
    }
}
