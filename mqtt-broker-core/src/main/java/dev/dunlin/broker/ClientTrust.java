package dev.dunlin.broker;

import dev.dunlin.broker.spi.CertificateName;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertStore;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CRL;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Whose certificates a listener takes from clients.
 *
 * @param trusted PEM files or folders of them, at least one: those who sign
 * @param required whether a client without a certificate is turned away
 * @param revocationLists PEM files or folders of them; empty if nothing is checked
 * @param userName where in the certificate the user name is; null if nowhere
 */
record ClientTrust(
        List<Path> trusted,
        boolean required,
        List<Path> revocationLists,
        @Nullable CertificateName userName) {

    ClientTrust revocationLists(List<Path> places) {
        return new ClientTrust(trusted, required, places, userName);
    }

    ClientTrust userName(CertificateName name) {
        return new ClientTrust(trusted, required, revocationLists, name);
    }

    /** Where those are who sign, as a sentence has it. */
    String places() {
        return trusted.stream().map(Path::toString).collect(Collectors.joining(" and "));
    }

    /**
     * Reads the files. The JDK's PKIX then takes a path of certificates only if a list that is of today covers each but the
     * root. It looks nowhere else: a check by the network would hold up an event loop.
     */
    X509TrustManager trust() throws BrokerStartException {
        Set<TrustAnchor> anchors = new HashSet<>();
        for (Path place : trusted) {
            PemFiles.certificatesAt(place).forEach(certificate -> anchors.add(new TrustAnchor(certificate, null)));
        }
        List<X509CRL> lists = new ArrayList<>();
        for (Path place : revocationLists) {
            lists.addAll(PemFiles.revocationListsAt(place));
        }
        try {
            PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, null);
            parameters.setRevocationEnabled(!lists.isEmpty());
            parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(lists)));
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(new CertPathTrustManagerParameters(parameters));
            return (X509TrustManager) factory.getTrustManagers()[0]; // PKIX has one, of this kind
        } catch (GeneralSecurityException e) {
            throw PemFiles.config("the certificates in " + places() + " can't be used to check others", e);
        }
    }
}
