package dev.dunlin.broker.spi;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import javax.naming.InvalidNameException;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/** Which part of a client's certificate is its user name. */
public enum CertificateName {
    /**
     * The common name (CN) of the subject; if it has several, the first one as the certificate has them, which is the last as
     * RFC 2253 writes it. None if two are in one part of the subject ({@code CN=ann+CN=bob}).
     */
    COMMON_NAME(0),

    /** The first DNS name among the subject's alternative names. */
    SAN_DNS(2),

    /** The first e-mail address among the subject's alternative names. */
    SAN_EMAIL(1),

    /** The first URI among the subject's alternative names. */
    SAN_URI(6),

    /** The whole subject as RFC 2253 writes it: {@code CN=ann,OU=sensors,O=home}. */
    SUBJECT(0);

    /** The kind of the alternative name [RFC 5280 section 4.2.1.6]; 0 if it is none. */
    private final int kind;

    CertificateName(int kind) {
        this.kind = kind;
    }

    /**
     * The name in a certificate, which isn't checked here. Any thread.
     *
     * @return never empty and without control characters; null if the certificate has no such name
     */
    public @Nullable String of(X509Certificate certificate) {
        String name = switch (this) {
            case COMMON_NAME -> commonName(certificate.getSubjectX500Principal());
            case SUBJECT -> certificate.getSubjectX500Principal().getName(X500Principal.RFC2253);
            case SAN_DNS, SAN_EMAIL, SAN_URI -> alternativeName(certificate);
        };
        boolean usable = name != null && !name.isEmpty() && name.chars().noneMatch(Character::isISOControl);
        return usable ? name : null;
    }

    private static @Nullable String commonName(X500Principal subject) {
        try {
            // In the order of the certificate, the other way round than RFC 2253 writes them.
            for (Rdn part : new LdapName(subject.getName(X500Principal.RFC2253)).getRdns()) {
                Attribute name = part.toAttributes().get("CN");
                if (name != null) {
                    return name.size() == 1 && name.get() instanceof String text ? text : null;
                }
            }
        } catch (InvalidNameException e) {
            return null; // not a name that can be written
        } catch (NamingException e) {
            throw new IllegalStateException("an attribute in memory can't be read", e);
        }
        return null;
    }

    private @Nullable String alternativeName(X509Certificate certificate) {
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            if (names != null) {
                for (List<?> name : names) {
                    if (name.get(0).equals(kind)) {
                        return (String) name.get(1);
                    }
                }
            }
        } catch (CertificateParsingException e) {
            return null; // not names that can be read
        }
        return null;
    }
}
