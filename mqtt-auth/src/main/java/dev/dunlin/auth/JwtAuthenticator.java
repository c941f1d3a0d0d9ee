package dev.dunlin.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.spi.Printable;
import dev.dunlin.broker.spi.Validity;
import dev.dunlin.codec.ReasonCode;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Date;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets in who has a JSON Web Token [RFC 7519], which it sends as its password. Needs nimbus-jose-jwt on the class path.
 *
 * <pre>{@code
 * JwtAuthenticator tokens = JwtAuthenticator.keysAt(Path.of("keys.pem"), "ES256")
 *         .issuer("https://login.example.org")
 *         .audience("mqtt")
 *         .build();
 * }</pre>
 *
 * <p>The token must be signed by one of the keys and by one of the algorithms that are named here, whatever it says itself; it
 * must not have expired ({@code exp}), must be valid already ({@code nbf}), and be from the issuer and for the audience, if
 * those are named. Its {@code sub} is the client's name. A user name in CONNECT, and one in a certificate, must be the same.
 * Whoever is wrong, in whichever way, is refused with 0x86 (bad user name or password); with 0x88 (server unavailable) if there
 * are no keys and they can't be fetched, and 0x89 (server busy) if 200 wait already, or 8 of its address, or it has waited for 10 s.
 *
 * <p>When the token has expired, the client is disconnected. What it may do can be in the token: see {@link TokenRules}.
 *
 * <p>Any thread. Checks run on one or two threads of its own, as keys may have to be fetched.
 */
public final class JwtAuthenticator implements Authenticator, AutoCloseable {
    /** Checked before anything is decoded. */
    static final int TOKEN_BYTES_MAX = 16 << 10;

    private static final CompletionStage<AuthResult> WRONG =
            CompletableFuture.completedFuture(AuthResult.refuse(ReasonCode.BAD_USER_NAME_OR_PASSWORD));
    private static final CompletionStage<AuthResult> BUSY =
            CompletableFuture.completedFuture(AuthResult.refuse(ReasonCode.SERVER_BUSY));
    private static final Logger LOG = LoggerFactory.getLogger(JwtAuthenticator.class);

    private final CheckPool pool =
            new CheckPool("dunlin-tokens", CheckPool.THREADS, CheckPool.WAITING_MAX, System::nanoTime);
    private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
    private final TokenClaims claims;
    private final TokenSource keys;
    private final RareLine unavailable = new RareLine(System::nanoTime);

    JwtAuthenticator(TokenSource keys, TokenClaims claims) {
        this.keys = keys;
        this.claims = claims;
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(keys.algorithms(), keys));
        processor.setJWSTypeVerifier(
                new DefaultJOSEObjectTypeVerifier<>(JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
        processor.setJWTClaimsSetVerifier(claims.verifier());
    }

    /**
     * Tokens that are signed with a secret.
     *
     * @param secret at least as long as the hash: 32 bytes for HS256; copied
     * @param algorithms some of HS256, HS384 and HS512
     * @throws IllegalArgumentException for another algorithm or none, or a secret that is too short
     */
    public static JwtBuilder secret(byte[] secret, String... algorithms) {
        return new JwtBuilder(TokenSource.secret(secret, algorithms));
    }

    /**
     * Tokens that are signed with a key, whose public half is in a file: in PEM, a key or a certificate or several, or in JSON,
     * a JSON Web Key or a set of them.
     *
     * @param algorithms some of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and ES512
     * @throws AuthFileException if the file can't be read, or has no key
     * @throws IllegalArgumentException for another algorithm or none
     */
    public static JwtBuilder keysAt(Path file, String... algorithms) throws AuthFileException {
        return new JwtBuilder(TokenSource.file(file, algorithms));
    }

    /**
     * Tokens that are signed with a key, whose public half is in a set of JSON Web Keys that is fetched when it is needed: kept
     * for five minutes, for an hour if it can't be fetched again, and fetched for unknown keys twice in 30 s at most. A connect to where they are
     * may take 5 s, as may each wait for more of the answer, which is 1 MiB at most; redirects aren't followed. RSA keys of less
     * than 2,048 bits aren't used.
     *
     * @param url https, or http on this machine
     * @param algorithms as of {@link #keysAt}
     * @throws IllegalArgumentException for another URL, another algorithm or none
     */
    public static JwtBuilder keysFrom(URI url, String... algorithms) {
        return new JwtBuilder(TokenSource.url(url, algorithms));
    }

    @Override
    public CompletionStage<AuthResult> authenticate(ConnectRequest request) {
        byte @Nullable [] password = request.password();
        if (password == null || password.length == 0 || password.length > TOKEN_BYTES_MAX) {
            return WRONG;
        }
        String token = new String(password, StandardCharsets.ISO_8859_1); // of base64 and dots
        Arrays.fill(password, (byte) 0);
        try {
            CheckPool.Place place = pool.place(request.remoteAddress());
            return pool.answer(place, () -> check(token, request.userName(), request.certificateName()));
        } catch (RejectedExecutionException e) {
            return BUSY;
        }
    }

    private AuthResult check(String token, @Nullable String userName, @Nullable String certificateName) {
        try {
            JWTClaimsSet set = processor.process(SignedJWT.parse(token), null); // nothing that isn't signed
            Identity identity = claims.identity(set);
            if (isOther(userName, identity) || isOther(certificateName, identity)) {
                throw new BadJOSEException("the token is for another user");
            }
            return AuthResult.accept(identity).withValidity(validity(set.getExpirationTime()));
        } catch (KeySourceException e) {
            int refused = unavailable.due();
            if (refused > 0) {
                LOG.warn(
                        "keys for tokens can't be had: {}; {} refused since the last such line",
                        e.getMessage(),
                        refused);
            }
            return AuthResult.refuse(ReasonCode.SERVER_UNAVAILABLE);
        } catch (ParseException | BadJOSEException | JOSEException e) {
            LOG.debug("a token is refused: {}", Printable.text(String.valueOf(e.getMessage())));
            return AuthResult.refuse(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
        }
    }

    private static boolean isOther(@Nullable String name, Identity identity) {
        return name != null && !name.isEmpty() && !name.equals(identity.name());
    }

    private Validity validity(@Nullable Date expires) {
        if (expires == null) {
            return Validity.UNLIMITED;
        }
        long untilMs = expires.toInstant().toEpochMilli() + claims.leeway().toMillis();
        return nowMs -> nowMs < untilMs;
    }

    /**
     * Reads a file with keys again, all at once. Does nothing for keys from elsewhere. May block. Clients that are connected
     * stay, for as long as their tokens say.
     *
     * @throws AuthFileException if it can't be read, or has no key; the keys are as before then. Logged
     */
    public void reload() throws AuthFileException {
        keys.reload();
    }

    /**
     * Reads a file with keys again whenever it has changed, as {@link PasswordFile#watch}.
     *
     * @param every how often to look, from 1 ms
     * @return this
     * @throws IllegalStateException if the keys aren't from a file
     */
    public JwtAuthenticator watch(Duration every) {
        keys.watch(every);
        return this;
    }

    /** Ends the watch and the threads: from now on, who comes is refused. */
    @Override
    public void close() {
        keys.close();
        pool.close();
    }
}
