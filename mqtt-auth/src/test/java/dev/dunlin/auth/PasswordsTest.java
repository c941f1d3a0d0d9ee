package dev.dunlin.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Hashes of passwords: made, checked, and refused if they are none. */
final class PasswordsTest {
    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void eachKindMatchesItsPasswordOnly() {
        for (Passwords kind : List.of(Passwords.sha512(), Passwords.pbkdf2(101), Passwords.argon2id(64, 1, 1))) {
            String hash = kind.hash(bytes("a s\u00E9cret"));
            assertThat(Passwords.matches(hash, bytes("a s\u00E9cret"))).as(hash).isTrue();
            for (String wrong : List.of("", "a", "a s\u00E9cret ", "A s\u00E9cret")) {
                assertThat(Passwords.matches(hash, bytes(wrong))).as(wrong).isFalse();
            }
            assertThat(kind.hash(bytes("a s\u00E9cret"))).as("another salt").isNotEqualTo(hash);
        }
    }

    @Test
    void aPasswordIsBytesAndNotText() {
        byte[] noText = {(byte) 0xFF, 0, (byte) 0xC3, 7};
        String hash = Passwords.pbkdf2(101).hash(noText);
        assertThat(noText).containsExactly(0xFF, 0, 0xC3, 7);
        assertThat(Passwords.matches(hash, noText)).isTrue();
        assertThat(Passwords.matches(hash, new byte[] {(byte) 0xFE, 0, (byte) 0xC3, 7}))
                .isFalse();
        assertThat(Passwords.matches(hash, new byte[] {(byte) 0xFF})).isFalse();
    }

    /** Made by mosquitto_passwd 2.0.11 and by the reference implementation of Argon2. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "secret $7$101$6nyciLvaB38HGKFp$6X4LONSLtQUZGrBMUHudc5mXzKI8IPKVb5JYT9h+G81fCTbJGp8vlpv2ETypkAkbKA11kvrunLukA6mIW2k3lA==",
                "secret $6$BLfzksNF9OIffX29$8gqIn+IEGYs7df7E2/mtwGBbdsPSF2oUWblK2TORZLlh5WoS97z1ooKqJD7JiZJZ4lDXjiXRIyjjXelEViQqTw==",
                "password $argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            })
    void matchesWhatOthersMade(String password, String hash) {
        assertThat(Passwords.matches(hash, bytes(password))).isTrue();
        assertThat(Passwords.matches(hash, bytes(password + "x"))).isFalse();
    }

    @Test
    void hashesSayHowTheyWereMade() {
        assertThat(Passwords.pbkdf2().hash(bytes("x"))).startsWith("$7$" + Passwords.ITERATIONS + "$");
        assertThat(Passwords.pbkdf2(7).hash(bytes("x"))).startsWith("$7$7$");
        assertThat(Passwords.sha512().hash(bytes("x"))).startsWith("$6$");
        assertThat(Passwords.argon2id().hash(bytes("x"))).startsWith("$argon2id$v=19$m=19456,t=2,p=1$");
    }

    @Test
    void refusesToHashAnEmptyPassword() {
        assertThatThrownBy(() -> Passwords.pbkdf2(1).hash(new byte[0])).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "plain",
                "$",
                "$7$",
                "$8$YWJjYWJjYWJj$YWJj",
                "$6$YWJjYWJjYWJj$YWJj", // a short hash
                "$6$YWJj$8gqIn+IEGYs7df7E2/mtwGBbdsPSF2oUWblK2TORZLlh5WoS97z1ooKqJD7JiZJZ4lDXjiXRIyjjXelEViQqTw==",
                "$7$0$YWJjYWJjYWJj$8gqIn+IEGYs7df7E2/mtwGBbdsPSF2oUWblK2TORZLlh5WoS97z1ooKqJD7JiZJZ4lDXjiXRIyjjXelEViQqTw==",
                "$7$99999999999$YWJjYWJjYWJj$8gqIn+IEGYs7df7E2/mtwGBbdsPSF2oUWblK2TORZLlh5WoS97z1ooKqJD7JiZJZ4lDXjiXRIyjjXelEViQqTw==",
                "$7$x$YWJjYWJjYWJj$8gqIn+IEGYs7df7E2/mtwGBbdsPSF2oUWblK2TORZLlh5WoS97z1ooKqJD7JiZJZ4lDXjiXRIyjjXelEViQqTw==",
                "$7$101$YWJjYWJjYWJj$8gqIn+IEGYs7df7E2/mtwGBbdsPSF2oUWblK2TORZLlh5WoS97z1ooKqJD7JiZJZ4lDXjiXRIyjjXelEViQqTw=$",
                "$7$101$YWJjYWJjYWJj$8gqIn!",
                "$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
                "$argon2id$v=19$m=7,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
                "$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
                "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            })
    void refusesWhatIsNoHash(String text) {
        assertThatThrownBy(() -> Passwords.matches(text, bytes("x")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("the text has ");
    }

    @Test
    void refusesACostThatIsNone() {
        assertThatThrownBy(() -> Passwords.pbkdf2(0)).hasMessage("iterations: 1 to 10000000, not 0");
        assertThatThrownBy(() -> Passwords.pbkdf2(10_000_001)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Passwords.argon2id(7, 1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Passwords.argon2id(64, 0, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Passwords.argon2id(64, 1, 65)).isInstanceOf(IllegalArgumentException.class);
    }

    /** A decoy must cost what the hash does that it stands for. */
    @Test
    void aDecoyCostsTheSameAndMatchesNothing() throws Exception {
        for (Passwords kind : List.of(Passwords.sha512(), Passwords.pbkdf2(101), Passwords.argon2id(64, 1, 1))) {
            PasswordHash hash = PasswordHash.of(kind.hash(bytes("x")));
            PasswordHash decoy = hash.decoy();
            assertThat(decoy.cost()).isEqualTo(hash.cost());
            assertThat(decoy.text()).isNotEqualTo(hash.text()).hasSameSizeAs(hash.text());
            assertThat(decoy.matches(bytes("x"))).isFalse();
            assertThat(PasswordHash.of(decoy.text()).text()).isEqualTo(decoy.text());
        }
    }
}
