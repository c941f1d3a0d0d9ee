package dev.dunlin.codec.testkit;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** One who signs certificates, and takes them back: its own is signed by itself, or by another authority. */
public final class TestAuthority {
    private static final String SELF = "authority";

    private final Keytool keytool;
    private final String alias;
    private final AtomicInteger made;

    private TestAuthority(Keytool keytool, String alias, AtomicInteger made) {
        this.keytool = keytool;
        this.alias = alias;
        this.made = made;
    }

    /** A new root. */
    public static TestAuthority create() {
        Keytool keytool = Keytool.create();
        keytool.run(
                "-genkeypair",
                "-alias",
                SELF,
                "-keyalg",
                "EC",
                "-dname",
                "CN=Test Authority",
                "-ext",
                "bc:c",
                "-validity",
                "30");
        return new TestAuthority(keytool, SELF, new AtomicInteger());
    }

    /** One that this one has signed. */
    public TestAuthority intermediate() {
        return new TestAuthority(keytool, sign("CN=Intermediate", "-ext", "bc:c", "-validity", "20"), made);
    }

    /** Its certificate, followed by those that have signed it. */
    public Path chain() {
        return keytool.certificate(alias).chain();
    }

    /**
     * A certificate for a client, valid for some days.
     *
     * @param subject as {@code CN=ann,O=home}
     * @param alternativeNames as keytool has them, {@code dns:a.example}
     */
    public TestCertificate client(String subject, String... alternativeNames) {
        List<String> options = new ArrayList<>(List.of("-validity", "10"));
        if (alternativeNames.length > 0) {
            options.addAll(List.of("-ext", "san=" + String.join(",", alternativeNames)));
        }
        return keytool.certificate(sign(subject, options.toArray(String[]::new)));
    }

    /** A certificate for a client that is out of date. */
    public TestCertificate expiredClient(String subject) {
        return keytool.certificate(sign(subject, "-startdate", "-10d", "-validity", "5"));
    }

    private String sign(String subject, String... options) {
        String name = "signed" + made.incrementAndGet();
        List<String> all =
                new ArrayList<>(List.of("-alias", name, "-signer", alias, "-keyalg", "EC", "-dname", subject));
        all.addAll(List.of(options));
        keytool.run("-genkeypair", all.toArray(String[]::new));
        return name;
    }

    /** A list, in a PEM file, of certificates that don't count any more. */
    public Path revocationList(TestCertificate... revoked) {
        return revocationList(List.of("-validity", "30"), revoked);
    }

    /** As {@link #revocationList}, one that is out of date. */
    public Path expiredRevocationList(TestCertificate... revoked) {
        return revocationList(List.of("-startdate", "-10d", "-validity", "5"), revoked);
    }

    private Path revocationList(List<String> days, TestCertificate... revoked) {
        Path file = keytool.folder().resolve("revoked" + made.incrementAndGet() + ".pem");
        List<String> options = new ArrayList<>(List.of("-alias", alias, "-rfc", "-file", file.toString()));
        options.addAll(List.of("-id", "1")); // keytool asks for one at least
        for (TestCertificate certificate : revoked) {
            options.addAll(
                    List.of("-id", certificate.certificate().getSerialNumber().toString()));
        }
        options.addAll(days);
        keytool.run("-gencrl", options.toArray(String[]::new));
        file.toFile().deleteOnExit();
        return file;
    }
}
