package dev.dunlin.broker.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandler;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * TLS on one connection, with one handshake: a client of 1.2 that begins another one is cut off. The JDK would go along, at
 * the price of a handshake each time, and with another certificate if the client likes; it can be told not to, but only for
 * all of the process.
 */
final class TlsHandler extends SslHandler { // hot
    /** The kind of a record [RFC 5246 section 6.2.1]; in 1.3 it is never seen behind the handshake. */
    private static final byte HANDSHAKE = 22;

    private static final int CAUSE_CHARS_MAX = 300;

    private final TlsLayer.Present present;

    /** @param present where the engine is from */
    TlsHandler(SSLEngine engine, TlsLayer.Present present) {
        super(engine);
        this.present = present;
    }

    /** What a connection's handshake went by; null without TLS. */
    static TlsLayer.@Nullable Present presentOf(Channel channel) {
        TlsHandler tls = channel.pipeline().get(TlsHandler.class);
        return tls == null ? null : tls.present;
    }

    /** Called at the beginning of each record, whole or not. */
    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws SSLException {
        if (in.getByte(in.readerIndex()) == HANDSHAKE && handshakeFuture().isSuccess()) {
            in.skipBytes(in.readableBytes());
            throw new SSLException("the client asked for renegotiation");
        }
        super.decode(ctx, in, out);
    }

    /** The certificates by which a client has proved who it is, its own first; empty if it has not, or not by TLS. */
    static List<X509Certificate> certificatesOf(Channel channel) {
        TlsHandler tls = channel.pipeline().get(TlsHandler.class);
        if (tls == null) {
            return List.of();
        }
        try {
            return Arrays.stream(tls.engine().getSession().getPeerCertificates())
                    .map(X509Certificate.class::cast)
                    .toList();
        } catch (SSLPeerUnverifiedException e) { // it didn't need to
            return List.of();
        }
    }

    /**
     * For a log line, what has gone wrong: what TLS says, and what is behind that. Both may hold what the client has sent, so
     * they are cut off, and the bytes of one that doesn't speak TLS are left out.
     */
    static String cause(Throwable failure) {
        Throwable said = failure.getCause() == null ? failure : failure.getCause();
        if (said instanceof NotSslRecordException) {
            return "TLS failed: this is not TLS";
        }
        Throwable root = said;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = String.valueOf(said.getMessage());
        String behind = String.valueOf(root.getMessage());
        String all = message.contains(behind) ? message : message + ": " + behind;
        return "TLS failed: " + all.substring(0, Math.min(all.length(), CAUSE_CHARS_MAX));
    }
}
