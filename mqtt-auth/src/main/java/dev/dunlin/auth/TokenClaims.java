package dev.dunlin.auth;

import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.BadJWTException;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.JWTClaimsSetVerifier;
import dev.dunlin.broker.spi.Identity;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is asked of the claims of a token, and what is taken from them. */
record TokenClaims(
        @Nullable String issuer,
        @Nullable String audience,
        Duration leeway,
        boolean mustExpire,
        String name,
        Rules rules,
        Clock clock) {

    static final TokenClaims DEFAULT = new TokenClaims(
            null,
            null,
            Duration.ofSeconds(10),
            true,
            "sub",
            new Rules("acl.pub", "acl.sub", "acl.all"),
            Clock.systemUTC());

    /** In which claims the topic filters are. */
    record Rules(String write, String read, String both) {}

    TokenClaims withIssuer(String value) {
        return new TokenClaims(value, audience, leeway, mustExpire, name, rules, clock);
    }

    TokenClaims withAudience(String value) {
        return new TokenClaims(issuer, value, leeway, mustExpire, name, rules, clock);
    }

    TokenClaims withLeeway(Duration value) {
        return new TokenClaims(issuer, audience, value, mustExpire, name, rules, clock);
    }

    TokenClaims withoutExpiry() {
        return new TokenClaims(issuer, audience, leeway, false, name, rules, clock);
    }

    TokenClaims withName(String claim) {
        return new TokenClaims(issuer, audience, leeway, mustExpire, claim, rules, clock);
    }

    TokenClaims withRules(String write, String read, String both) {
        return new TokenClaims(issuer, audience, leeway, mustExpire, name, new Rules(write, read, both), clock);
    }

    TokenClaims withClock(Clock other) {
        return new TokenClaims(issuer, audience, leeway, mustExpire, name, rules, other);
    }

    JWTClaimsSetVerifier<SecurityContext> verifier() {
        JWTClaimsSet exactly = issuer == null
                ? new JWTClaimsSet.Builder().build()
                : new JWTClaimsSet.Builder().issuer(issuer).build();
        Set<String> required = mustExpire ? Set.of(name, "exp") : Set.of(name);
        DefaultJWTClaimsVerifier<SecurityContext> verifier =
                new DefaultJWTClaimsVerifier<>(audience, exactly, required) {
                    @Override
                    protected Date currentTime() {
                        return Date.from(clock.instant());
                    }
                };
        verifier.setMaxClockSkew((int) leeway.toSeconds());
        return verifier;
    }

    /** Whom the token is for, with the rules in it as attributes. */
    Identity identity(JWTClaimsSet claims) throws BadJWTException {
        if (!(claims.getClaim(name) instanceof String user) || user.isEmpty()) {
            throw new BadJWTException("the claim " + name + " is no name");
        }
        Map<String, String> attributes = new HashMap<>();
        put(attributes, TokenRules.WRITE, claims, rules.write);
        put(attributes, TokenRules.READ, claims, rules.read);
        put(attributes, TokenRules.READ_WRITE, claims, rules.both);
        return new Identity(user, attributes);
    }

    private static void put(Map<String, String> attributes, String name, JWTClaimsSet claims, String path)
            throws BadJWTException {
        Object value = claim(claims.getClaims(), path);
        if (value == null) {
            return;
        }
        List<String> filters = new ArrayList<>();
        for (Object filter : value instanceof List<?> list ? list : List.of(value)) {
            boolean usable = filter instanceof String text
                    && Filters.fault(text) == null
                    && text.chars().noneMatch(Character::isISOControl);
            if (!usable) {
                throw new BadJWTException("the claim " + path + " has something that is no topic filter");
            }
            filters.add((String) filter);
        }
        attributes.put(name, String.join("\n", filters));
    }

    /** By its whole name, or along its dots. */
    private static @Nullable Object claim(Map<?, ?> in, String path) {
        Object whole = in.get(path);
        int dot = path.indexOf('.');
        if (whole != null || dot < 0) {
            return whole;
        }
        return in.get(path.substring(0, dot)) instanceof Map<?, ?> inner ? claim(inner, path.substring(dot + 1)) : null;
    }
}
