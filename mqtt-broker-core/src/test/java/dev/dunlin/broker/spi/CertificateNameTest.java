package dev.dunlin.broker.spi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.testkit.TestAuthority;
import java.security.cert.X509Certificate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What counts as the name in a certificate, and what doesn't. */
final class CertificateNameTest {
    private static final TestAuthority AUTHORITY = TestAuthority.create();

    private static X509Certificate certificate(String subject, String... alternativeNames) {
        return AUTHORITY.client(subject, alternativeNames).certificate();
    }

    /** A subject is written here from its end to its begin: of two names the last one is the first in the certificate. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            CN=ann                            | ann
            O=home, CN=ann                    | ann
            CN=ann\\, the first\\, O\\=home, O=x | ann, the first, O=home
            CN=Ann Müller                     | Ann Müller
            CN=ann, CN=Users, DC=example      | Users
            CN=bob, O=home, CN=ann            | ann
            OU=a+CN=ann, O=home               | ann
            CN=ann+CN=bob, O=home             |
            CN=carl, CN=ann+CN=bob            |
            O=CN\\=ann                         |
            OU=ann                            |
            """)
    void commonName(String subject, String name) {
        assertThat(CertificateName.COMMON_NAME.of(certificate(subject))).isEqualTo(name);
    }

    @Test
    void aNameWithControlCharactersIsNone() {
        X509Certificate certificate = certificate("CN=ann\\0A.example, O=home");
        assertThat(CertificateName.COMMON_NAME.of(certificate)).isNull();
    }

    @Test
    void firstAlternativeNameOfItsKind() {
        X509Certificate certificate = certificate(
                "CN=ann",
                "ip:127.0.0.1",
                "email:a@b.example",
                "dns:one.example",
                "dns:two.example",
                "uri:urn:dev:a",
                "email:c@d.example",
                "uri:urn:dev:b");
        assertThat(CertificateName.SAN_DNS.of(certificate)).isEqualTo("one.example");
        assertThat(CertificateName.SAN_EMAIL.of(certificate)).isEqualTo("a@b.example");
        assertThat(CertificateName.SAN_URI.of(certificate)).isEqualTo("urn:dev:a");
    }

    @Test
    void noAlternativeNameOfItsKind() {
        for (X509Certificate certificate : new X509Certificate[] {certificate("CN=a"), certificate("CN=a", "ip:::1")}) {
            assertThat(CertificateName.SAN_DNS.of(certificate)).isNull();
            assertThat(CertificateName.SAN_EMAIL.of(certificate)).isNull();
            assertThat(CertificateName.SAN_URI.of(certificate)).isNull();
        }
    }

    @Test
    void wholeSubject() {
        assertThat(CertificateName.SUBJECT.of(certificate("CN=ann, OU=a\\, b, O=home")))
                .isEqualTo("CN=ann,OU=a\\, b,O=home");
    }
}
