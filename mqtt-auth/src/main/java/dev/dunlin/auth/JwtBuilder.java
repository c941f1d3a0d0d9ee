package dev.dunlin.auth;

import java.time.Clock;
import java.time.Duration;

/** What a {@link JwtAuthenticator} asks of tokens, beside their signature. One thread. */
public final class JwtBuilder {
    private final TokenSource keys;
    private TokenClaims claims = TokenClaims.DEFAULT;

    JwtBuilder(TokenSource keys) {
        this.keys = keys;
    }

    /** Who must have issued it ({@code iss}); anybody with a key if it isn't said. */
    public JwtBuilder issuer(String issuer) {
        claims = claims.withIssuer(issuer);
        return this;
    }

    /** Whom it must be for ({@code aud}), among others; anybody if it isn't said. */
    public JwtBuilder audience(String audience) {
        claims = claims.withAudience(audience);
        return this;
    }

    /**
     * How far clocks may differ; 10 s if it isn't said.
     *
     * @throws IllegalArgumentException unless from 0 to an hour
     */
    public JwtBuilder leeway(Duration leeway) {
        if (leeway.isNegative() || leeway.compareTo(Duration.ofHours(1)) > 0) {
            throw new IllegalArgumentException("a leeway is from 0 to an hour, not " + leeway);
        }
        claims = claims.withLeeway(leeway);
        return this;
    }

    /** Takes tokens that never expire, without {@code exp}. They are refused unless this is said. */
    public JwtBuilder withoutExpiry() {
        claims = claims.withoutExpiry();
        return this;
    }

    /** The claim that has the client's name, a text; {@code sub} if it isn't said. */
    public JwtBuilder nameClaim(String claim) {
        claims = claims.withName(claim);
        return this;
    }

    /**
     * The claims that have topic filters, a text or a list: to publish to, to be sent, and for both. A dot leads into an
     * object. {@code acl.pub}, {@code acl.sub} and {@code acl.all} if it isn't said, as EMQX has them; the JWT plug-in of
     * Mosquitto has {@code publ} and {@code subl}.
     */
    public JwtBuilder ruleClaims(String write, String read, String both) {
        claims = claims.withRules(write, read, both);
        return this;
    }

    JwtBuilder clock(Clock clock) {
        claims = claims.withClock(clock);
        return this;
    }

    /** The authenticator. */
    public JwtAuthenticator build() {
        return new JwtAuthenticator(keys, claims);
    }
}
