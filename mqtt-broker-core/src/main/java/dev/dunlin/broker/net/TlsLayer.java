package dev.dunlin.broker.net;

import dev.dunlin.broker.spi.CertificateName;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * TLS as one listener speaks it. Its certificates may be replaced while it does: connections that are open keep what they
 * have, the next handshake begins with the new ones. Sessions that clients could resume go with the old ones, so that nobody
 * comes back by a certificate which isn't trusted any more. Any thread.
 */
public final class TlsLayer {
    private final @Nullable CertificateName userName;
    private volatile SslContext context;

    /**
     * TLS with these certificates.
     *
     * @param userName where in a client's certificate its user name is; null if there is none to look for
     */
    public TlsLayer(SslContext context, @Nullable CertificateName userName) {
        this.context = context;
        this.userName = userName;
    }

    /** Replaces the certificates, all at once. */
    public void context(SslContext next) {
        context = next;
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
        SSLEngine engine = context.newEngine(allocator);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setUseCipherSuitesOrder(true); // ours
        engine.setSSLParameters(parameters);
        return new TlsHandler(engine);
    }
}
