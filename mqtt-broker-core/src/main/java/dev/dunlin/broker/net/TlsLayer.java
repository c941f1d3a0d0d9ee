package dev.dunlin.broker.net;

import dev.dunlin.broker.spi.CertificateName;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * TLS as one listener speaks it. Its certificates may be replaced while it does: connections that are open keep what they
 * have, the next handshake begins with the new ones. Sessions that clients could resume go with the old ones, so that nobody
 * comes back by a certificate which isn't trusted any more. Any thread.
 */
public final class TlsLayer {
    private final @Nullable CertificateName userName;
    private volatile Present present;

    /**
     * What was read last.
     *
     * @param clients whom clients' certificates are trusted by; null if none are asked for
     */
    public record Present(SslContext context, @Nullable X509TrustManager clients) {}

    /**
     * TLS with these certificates.
     *
     * @param userName where in a client's certificate its user name is; null if there is none to look for
     */
    public TlsLayer(Present present, @Nullable CertificateName userName) {
        this.present = present;
        this.userName = userName;
    }

    /** Replaces the certificates, all at once. */
    public void present(Present next) {
        present = next;
    }

    /**
     * Whether certificates that were trusted by what was read then are trusted now: a handshake may end, or even begin, long
     * after its connection was accepted.
     */
    boolean trusts(List<X509Certificate> certificates, @Nullable Present then) {
        Present now = present;
        if (now.equals(then) || now.clients == null) {
            return true;
        }
        try {
            X509Certificate[] chain = certificates.toArray(X509Certificate[]::new);
            now.clients.checkClientTrusted(chain, chain[0].getPublicKey().getAlgorithm());
            return true;
        } catch (CertificateException e) {
            return false;
        }
    }

    boolean namesByCertificate() {
        return userName != null;
    }

    /** The user name in a client's certificate; null if there is none, or none to look for. */
    @Nullable
    String nameIn(X509Certificate certificate) {
        return userName == null ? null : userName.of(certificate);
    }

    /** For one connection. */
    TlsHandler newHandler(ByteBufAllocator allocator) {
        Present now = present;
        SSLEngine engine = now.context.newEngine(allocator);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setUseCipherSuitesOrder(true); // ours
        engine.setSSLParameters(parameters);
        return new TlsHandler(engine, now);
    }
}
