package dev.dunlin.auth;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.crypto.opts.AllowWeakRSAKey;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.spi.Permissions;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.ReasonCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens: which are taken, and what whoever forges one tries. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class JwtAuthenticatorTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_800_000_000);
    private static final byte[] SECRET = "0123456789abcdef0123456789ABCDEF".getBytes(StandardCharsets.UTF_8);

    private static RSAKey rsa;
    private static ECKey ec;
    private static ECKey otherEc;

    @TempDir
    Path folder;

    @BeforeAll
    static void makeKeys() throws Exception {
        rsa = new RSAKeyGenerator(2048).keyID("r1").generate();
        ec = new ECKeyGenerator(Curve.P_256).keyID("e1").generate();
        otherEc = new ECKeyGenerator(Curve.P_256).keyID("e2").generate();
    }

    private static JWTClaimsSet.Builder ann() {
        return new JWTClaimsSet.Builder().subject("ann").expirationTime(at(60));
    }

    private static Date at(long seconds) {
        return Date.from(NOW.plusSeconds(seconds));
    }

    private static String signed(JWSHeader header, JWTClaimsSet.Builder claims, JWSSigner signer) throws Exception {
        SignedJWT token = new SignedJWT(header, claims.build());
        token.sign(signer);
        return token.serialize();
    }

    private static String hs256(JWTClaimsSet.Builder claims) throws Exception {
        return signed(new JWSHeader(JWSAlgorithm.HS256), claims, new MACSigner(SECRET));
    }

    private static String es256(ECKey key, JWTClaimsSet.Builder claims) throws Exception {
        JWSHeader header =
                new JWSHeader.Builder(JWSAlgorithm.ES256).keyID(key.getKeyID()).build();
        return signed(header, claims, new ECDSASigner(key));
    }

    private static JwtBuilder secret() {
        return JwtAuthenticator.secret(SECRET, "HS256").clock(Clock.fixed(NOW, ZoneOffset.UTC));
    }

    private JwtBuilder keys(String... algorithms) throws Exception {
        Path file = Files.writeString(
                folder.resolve("keys.json"),
                new JWKSet(List.of(rsa, ec)).toPublicJWKSet().toString());
        return JwtAuthenticator.keysAt(file, algorithms).clock(Clock.fixed(NOW, ZoneOffset.UTC));
    }

    private static AuthResult ask(JwtAuthenticator tokens, String token, @Nullable String user, @Nullable String cert) {
        byte[] password = token.getBytes(StandardCharsets.UTF_8);
        ConnectRequest request = new ConnectRequest(
                "c",
                MqttVersion.V5,
                true,
                user,
                password,
                Properties.EMPTY,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 1),
                "tcp",
                List.of(),
                cert);
        AuthResult answer = tokens.authenticate(request).toCompletableFuture().join();
        assertThat(password.length > JwtAuthenticator.TOKEN_BYTES_MAX || allZero(password))
                .as("cleared")
                .isTrue();
        return answer;
    }

    private static boolean allZero(byte[] bytes) {
        int or = 0;
        for (byte b : bytes) {
            or |= b;
        }
        return or == 0;
    }

    private static AuthResult ask(JwtAuthenticator tokens, String token) {
        return ask(tokens, token, null, null);
    }

    private static void assertIn(AuthResult answer) {
        assertThat(answer).isInstanceOf(AuthResult.Accepted.class);
    }

    private static void assertWrong(AuthResult answer) {
        assertThat(answer).isEqualTo(AuthResult.refuse(ReasonCode.BAD_USER_NAME_OR_PASSWORD));
    }

    // ---- what is taken

    @Test
    void takesWhatIsSignedByTheSecret() throws Exception {
        try (JwtAuthenticator tokens = secret().build()) {
            AuthResult.Accepted ann = (AuthResult.Accepted) ask(tokens, hs256(ann()));
            assertThat(ann.identity()).isEqualTo(new Identity("ann"));
        }
    }

    @Test
    void takesWhatIsSignedByAKeyOfTheFile() throws Exception {
        try (JwtAuthenticator tokens = keys("RS256", "ES256").build()) {
            assertIn(ask(tokens, es256(ec, ann())));
            assertIn(ask(tokens, signed(new JWSHeader(JWSAlgorithm.RS256), ann(), new RSASSASigner(rsa))));
            assertWrong(ask(tokens, es256(otherEc, ann())));
            assertWrong(ask(tokens, signed(new JWSHeader(JWSAlgorithm.PS256), ann(), new RSASSASigner(rsa))));
        }
    }

    @Test
    void readsPem() throws Exception {
        Path file = folder.resolve("keys.pem");
        Files.writeString(
                file,
                pem(rsa.toPublicKey().getEncoded()) + "\n# another\n"
                        + pem(ec.toPublicKey().getEncoded()));
        try (JwtAuthenticator tokens = JwtAuthenticator.keysAt(file, "RS256", "ES256")
                .clock(Clock.fixed(NOW, ZoneOffset.UTC))
                .build()) {
            assertIn(ask(tokens, es256(ec, ann())));
            assertIn(ask(tokens, signed(new JWSHeader(JWSAlgorithm.RS256), ann(), new RSASSASigner(rsa))));
        }
    }

    private static String pem(byte[] der) {
        return "-----BEGIN PUBLIC KEY-----\n"
                + Base64.getMimeEncoder().encodeToString(der)
                + "\n-----END PUBLIC KEY-----\n";
    }

    @Test
    void theNameMustBeThatOfTheToken() throws Exception {
        try (JwtAuthenticator tokens = secret().build()) {
            assertIn(ask(tokens, hs256(ann()), "ann", null));
            assertIn(ask(tokens, hs256(ann()), "", null));
            assertIn(ask(tokens, hs256(ann()), null, "ann"));
            assertWrong(ask(tokens, hs256(ann()), "bob", null));
            assertWrong(ask(tokens, hs256(ann()), "ann", "bob"));
        }
        try (JwtAuthenticator tokens = secret().nameClaim("client").build()) {
            AuthResult answer = ask(tokens, hs256(ann().claim("client", "dev 1")), "dev 1", null);
            assertThat(((AuthResult.Accepted) answer).identity().name()).isEqualTo("dev 1");
            assertWrong(ask(tokens, hs256(ann())));
            assertWrong(ask(tokens, hs256(ann().claim("client", 7))));
            assertWrong(ask(tokens, hs256(ann().claim("client", ""))));
        }
    }

    // ---- what isn't

    @Test
    void refusesWhatIsNoToken() throws Exception {
        try (JwtAuthenticator tokens = secret().build()) {
            for (String none : List.of("", ".", "a.b.c", "..", "secret", "\u00FC", "{}", "e30.e30.")) {
                assertWrong(ask(tokens, none));
            }
            assertWrong(ask(tokens, "a".repeat(JwtAuthenticator.TOKEN_BYTES_MAX + 1)));
            assertWrong(ask(tokens, new PlainJWT(ann().build()).serialize()));
        }
    }

    @Test
    void refusesATokenInWhichABitIsChanged() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        String token = es256(ec, ann());
        try (JwtAuthenticator tokens = keys("ES256").build()) {
            for (int i = 0; i < 200; i++) {
                char[] changed = token.toCharArray();
                // The last characters have bits that mean nothing.
                int place = random.nextInt(token.length() - 2);
                changed[place] = changed[place] == 'A' ? 'B' : 'A';
                if (!token.equals(new String(changed))
                        && place + 1 != token.indexOf('.')
                        && place + 1 != token.lastIndexOf('.')) {
                    assertThat(ask(tokens, new String(changed)))
                            .as("seed %d, place %d of %s", seed, place, token)
                            .isEqualTo(AuthResult.refuse(ReasonCode.BAD_USER_NAME_OR_PASSWORD));
                }
            }
            assertIn(ask(tokens, token));
        }
    }

    /** The public key, which everybody may have, taken for a secret. */
    @ParameterizedTest
    @ValueSource(strings = {"der", "pem", "json"})
    void refusesAPublicKeyAsASecret(String form) throws Exception {
        byte[] secret = switch (form) {
            case "der" -> rsa.toPublicKey().getEncoded();
            case "pem" -> pem(rsa.toPublicKey().getEncoded()).getBytes(StandardCharsets.UTF_8);
            default -> rsa.toPublicJWK().toString().getBytes(StandardCharsets.UTF_8);
        };
        JWSHeader header =
                new JWSHeader.Builder(JWSAlgorithm.HS256).keyID(rsa.getKeyID()).build();
        try (JwtAuthenticator tokens = keys("RS256").build()) {
            assertWrong(ask(tokens, signed(header, ann(), new MACSigner(secret))));
        }
    }

    /** Keys that the token brings along are no keys. */
    @Test
    void refusesAKeyThatTheTokenBrings() throws Exception {
        JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.ES256)
                .keyID("e1")
                .jwk(otherEc.toPublicJWK())
                .jwkURL(URI.create("http://127.0.0.1:1/keys"))
                .build();
        try (JwtAuthenticator tokens = keys("ES256").build()) {
            assertWrong(ask(tokens, signed(header, ann(), new ECDSASigner(otherEc))));
        }
    }

    @Test
    void algorithmsAreNamedHere() {
        for (String other : List.of("none", "RS256", "hs256", "", "HS256K", "ES256")) {
            assertThatThrownBy(() -> JwtAuthenticator.secret(SECRET, other))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        for (String other : List.of("none", "HS256", "ES256K")) {
            assertThatThrownBy(() -> keys(other)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> keys()).hasMessageContaining("no algorithm is named");
        assertThatThrownBy(() -> JwtAuthenticator.secret(SECRET, "HS256", "HS384"))
                .hasMessage("a secret for HS384 has 48 bytes or more, not 32");
        for (String url : List.of("http://keys.example.org/", "file:/keys", "keys", "ftp://127.0.0.1/")) {
            assertThatThrownBy(() -> JwtAuthenticator.keysFrom(URI.create(url), "ES256"))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    // ---- claims

    @Test
    void anExpiredTokenIsNone() throws Exception {
        try (JwtAuthenticator tokens = secret().leeway(Duration.ofSeconds(5)).build()) {
            assertIn(ask(tokens, hs256(ann().expirationTime(at(-4)))));
            assertWrong(ask(tokens, hs256(ann().expirationTime(at(-6)))));
            assertWrong(ask(tokens, hs256(ann().expirationTime(null))));
            assertIn(ask(tokens, hs256(ann().notBeforeTime(at(4)))));
            assertWrong(ask(tokens, hs256(ann().notBeforeTime(at(6)))));
        }
        try (JwtAuthenticator tokens = secret().withoutExpiry().build()) {
            AuthResult.Accepted forever = (AuthResult.Accepted) ask(tokens, hs256(ann().expirationTime(null)));
            assertThat(forever.validity().holds(Long.MAX_VALUE)).isTrue();
            assertWrong(ask(tokens, hs256(ann().expirationTime(at(-60)))));
        }
    }

    @Test
    void aClientStaysUntilItsTokenExpires() throws Exception {
        try (JwtAuthenticator tokens = secret().leeway(Duration.ofSeconds(5)).build()) {
            AuthResult.Accepted ann = (AuthResult.Accepted) ask(tokens, hs256(ann()));
            assertThat(ann.validity().holds(NOW.plusSeconds(65).toEpochMilli() - 1))
                    .isTrue();
            assertThat(ann.validity().holds(NOW.plusSeconds(65).toEpochMilli())).isFalse();
        }
    }

    @Test
    void issuerAndAudienceMustBeThoseThatAreNamed() throws Exception {
        try (JwtAuthenticator tokens =
                secret().issuer("https://login").audience("mqtt").build()) {
            assertIn(ask(tokens, hs256(ann().issuer("https://login").audience("mqtt"))));
            assertIn(ask(tokens, hs256(ann().issuer("https://login").audience(List.of("web", "mqtt")))));
            assertWrong(ask(tokens, hs256(ann().issuer("https://login").audience("web"))));
            assertWrong(ask(tokens, hs256(ann().issuer("https://login"))));
            assertWrong(ask(tokens, hs256(ann().issuer("https://other").audience("mqtt"))));
            assertWrong(ask(tokens, hs256(ann().audience("mqtt"))));
        }
    }

    // ---- keys that change

    @Test
    void keysOfAFileAreExchangedWhileItRuns() throws Exception {
        Path file = folder.resolve("keys.json");
        try (JwtAuthenticator tokens = keys("ES256").build()) {
            Files.writeString(file, otherEc.toPublicJWK().toString());
            tokens.reload();
            assertIn(ask(tokens, es256(otherEc, ann())));
            assertWrong(ask(tokens, es256(ec, ann())));

            Files.writeString(file, "{}");
            assertThatThrownBy(tokens::reload).isInstanceOf(AuthFileException.class);
            assertIn(ask(tokens, es256(otherEc, ann())));

            tokens.watch(Duration.ofMillis(2));
            Files.writeString(
                    file, new JWKSet(List.of(ec, otherEc)).toPublicJWKSet().toString());
            String old = es256(ec, ann());
            await().until(() -> ask(tokens, old) instanceof AuthResult.Accepted);
        }
    }

    @Test
    void refusesAFileWithoutKeys() throws Exception {
        Path file = folder.resolve("keys");
        OctetSequenceKey secret = new OctetSequenceKey.Builder(SECRET).build();
        RSAKey small = new RSAKeyGenerator(1024, true).generate();
        for (Map.Entry<String, String> fault : Map.of(
                        "",
                        "has no public key",
                        "nonsense",
                        "has no public key",
                        "{\"keys\":[]}",
                        "has no public key",
                        "{\"kty\":\"x\"}",
                        "has a key that can't be read",
                        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
                        "has a key that can't be read",
                        secret.toJSONString(),
                        "has a key of type oct",
                        small.toPublicJWK().toJSONString(),
                        "has an RSA key of 1024 bits")
                .entrySet()) {
            Files.writeString(file, fault.getKey());
            assertThatThrownBy(() -> JwtAuthenticator.keysAt(file, "RS256"))
                    .as(fault.getKey())
                    .isInstanceOf(AuthFileException.class)
                    .hasMessageStartingWith(file + " " + fault.getValue());
        }
    }

    @Test
    void keysAreFetchedOnceAndNotForEachTokenWithAnUnknownKey() throws Exception {
        AtomicInteger fetched = new AtomicInteger();
        AtomicReference<String> keys =
                new AtomicReference<>(new JWKSet(ec).toPublicJWKSet().toString());
        HttpServer server = served(exchange -> {
            fetched.incrementAndGet();
            answer(exchange, keys.get());
        });
        URI url = keysOf(server);
        try (JwtAuthenticator tokens = JwtAuthenticator.keysFrom(url, "ES256")
                .clock(Clock.fixed(NOW, ZoneOffset.UTC))
                .build()) {
            for (int i = 0; i < 5; i++) {
                assertIn(ask(tokens, es256(ec, ann())));
            }
            assertThat(fetched).hasValue(1);
            keys.set(new JWKSet(List.of(ec, otherEc)).toPublicJWKSet().toString());
            assertIn(ask(tokens, es256(otherEc, ann()))); // a new key is looked for
            for (int i = 0; i < 20; i++) {
                ECKey unknown = new ECKeyGenerator(Curve.P_256).keyID("u" + i).generate();
                assertWrong(ask(tokens, es256(unknown, ann())));
            }
            assertThat(fetched.get()).isLessThanOrEqualTo(2);
            assertIn(ask(tokens, es256(ec, ann())));
        } finally {
            server.stop(0);
        }
    }

    private static HttpServer served(HttpHandler handler) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", handler);
        server.start();
        return server;
    }

    private static URI keysOf(HttpServer server) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/keys");
    }

    private static void answer(HttpExchange exchange, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    @Test
    void goesNowhereElseForKeys() throws Exception {
        HttpServer elsewhere = served(
                exchange -> answer(exchange, new JWKSet(ec).toPublicJWKSet().toString()));
        HttpServer server = served(exchange -> {
            exchange.getResponseHeaders().set("Location", keysOf(elsewhere).toString());
            exchange.sendResponseHeaders(302, -1);
            exchange.close();
        });
        try (JwtAuthenticator tokens = JwtAuthenticator.keysFrom(keysOf(server), "ES256")
                .clock(Clock.fixed(NOW, ZoneOffset.UTC))
                .build()) {
            assertThat(ask(tokens, es256(ec, ann()))).isEqualTo(AuthResult.refuse(ReasonCode.SERVER_UNAVAILABLE));
        } finally {
            server.stop(0);
            elsewhere.stop(0);
        }
    }

    @Test
    void usesNoSmallKeyThatItFetches() throws Exception {
        RSAKey small = new RSAKeyGenerator(1024, true).keyID("small").generate();
        JWKSet keys = new JWKSet(List.of(small, rsa)).toPublicJWKSet();
        HttpServer server = served(exchange -> answer(exchange, keys.toString()));
        try (JwtAuthenticator tokens = JwtAuthenticator.keysFrom(keysOf(server), "RS256")
                .clock(Clock.fixed(NOW, ZoneOffset.UTC))
                .build()) {
            for (RSAKey key : List.of(small, rsa)) {
                JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.RS256)
                        .keyID(key.getKeyID())
                        .build();
                String token = signed(
                        header, ann(), new RSASSASigner(key.toPrivateKey(), Set.of(AllowWeakRSAKey.getInstance())));
                assertThat(ask(tokens, token) instanceof AuthResult.Accepted).isEqualTo(key.equals(rsa));
            }
        } finally {
            server.stop(0);
        }
    }

    @Test
    void takesWhatIsSignedByTheSecretWhateverTheTokenCallsIt() throws Exception {
        try (JwtAuthenticator tokens = secret().build()) {
            JWSHeader header =
                    new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("s1").build();
            assertIn(ask(tokens, signed(header, ann(), new MACSigner(SECRET))));
            byte[] other = SECRET.clone();
            other[0]++;
            assertWrong(ask(tokens, signed(header, ann(), new MACSigner(other))));
        }
    }

    @Test
    void keysThatCantBeFetchedAreNobodysFault() throws Exception {
        URI nowhere = URI.create("http://127.0.0.1:1/keys");
        try (JwtAuthenticator tokens =
                JwtAuthenticator.keysFrom(nowhere, "ES256").build()) {
            for (int i = 0; i < 5; i++) { // also when no more may be fetched for a while
                assertThat(ask(tokens, es256(ec, ann()))).isEqualTo(AuthResult.refuse(ReasonCode.SERVER_UNAVAILABLE));
            }
            assertThatThrownBy(() -> tokens.watch(Duration.ofSeconds(1))).isInstanceOf(IllegalStateException.class);
        }
    }

    // ---- rules

    private static Permissions permissions(TokenRules rules, AuthResult answer, String clientId) {
        return Asked.of(rules, ((AuthResult.Accepted) answer).identity(), clientId);
    }

    @Test
    void whatATokenGrantsItsClientMayDo() throws Exception {
        Map<String, Object> acl =
                Map.of("pub", List.of("dev/%c/#", "a b"), "sub", List.of("news/+"), "all", List.of("usr/%u"));
        try (JwtAuthenticator tokens = secret().build()) {
            Permissions ann = permissions(TokenRules.only(), ask(tokens, hs256(ann().claim("acl", acl))), "c1");
            assertThat(Asked.access(ann, "dev/c1/x")).isEqualTo("w");
            assertThat(Asked.access(ann, "dev/c2/x")).isEmpty();
            assertThat(Asked.access(ann, "a b")).isEqualTo("w");
            assertThat(Asked.access(ann, "news/x")).isEqualTo("r");
            assertThat(Asked.access(ann, "usr/ann")).isEqualTo("rw");
            assertThat(Asked.access(ann, "usr/bob")).isEmpty();

            AuthResult wild = ask(tokens, hs256(ann().subject("+").claim("acl", acl)));
            assertThat(Asked.access(permissions(TokenRules.only(), wild, "c1"), "dev/c1/x"))
                    .isEmpty();
            AuthResult ann2 = ask(tokens, hs256(ann().claim("acl", acl)));
            assertThat(Asked.access(permissions(TokenRules.only(), ann2, "c1/x"), "dev/c1/x"))
                    .isEmpty();
        }
        try (JwtAuthenticator tokens =
                secret().ruleClaims("publ", "subl", "none").build()) {
            AuthResult answer = ask(tokens, hs256(ann().claim("publ", "a").claim("subl", List.of("b"))));
            Permissions ann = permissions(TokenRules.only(), answer, "c1");
            assertThat(Asked.access(ann, "a") + Asked.access(ann, "b")).isEqualTo("wr");
        }
    }

    @Test
    void aTokenWithoutRulesIsForAnotherToDecide() throws Exception {
        TokenRules or =
                TokenRules.or(AccessRules.builder().user("ann").read("a").build());
        try (JwtAuthenticator tokens = secret().build()) {
            AuthResult without = ask(tokens, hs256(ann()));
            assertThat(Asked.access(permissions(or, without, "c"), "a")).isEqualTo("r");
            assertThat(Asked.access(permissions(TokenRules.only(), without, "c"), "a"))
                    .isEmpty();
            AuthResult empty = ask(tokens, hs256(ann().claim("acl", Map.of("pub", List.of()))));
            assertThat(Asked.access(permissions(or, empty, "c"), "a")).isEmpty();
        }
    }

    @Test
    void refusesATokenWhoseRulesAreNone() throws Exception {
        try (JwtAuthenticator tokens = secret().build()) {
            for (Object pub :
                    List.of("a/#/b", "", "a\nb", "a\rb", "a\0", 7, List.of(7), List.of("a", "+b"), Map.of())) {
                assertWrong(ask(tokens, hs256(ann().claim("acl", Map.of("pub", pub)))));
            }
        }
    }

    // ---- at a broker

    @Test
    void aBrokerAsksIt() throws Exception {
        try (JwtAuthenticator tokens = secret().build();
                Broker broker = Broker.builder().authenticator(tokens).tcp(0).start()) {
            for (MqttVersion version : MqttVersion.values()) {
                try (WireClient ann = WireClient.connect(broker.port("tcp"), version, TestTransport.TCP);
                        WireClient eve = WireClient.connect(broker.port("tcp"), version, TestTransport.TCP)) {
                    // In the time of the broker, which ends it at once, this token is of long ago or far ahead.
                    ann.send(connect("c")
                            .cleanStart()
                            .userName("ann")
                            .password(hs256(ann().expirationTime(Date.from(Instant.ofEpochSecond(9_999_999_999L))))));
                    ann.expect(connack());
                    eve.send(connect("d").cleanStart().userName("ann").password("ann"));
                    eve.expectRefusal(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
                }
            }
        }
    }
}
