package dev.dunlin.broker.net;

import io.netty.channel.ChannelPipeline;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What lies between a socket and MQTT on the connections of one listener: nothing, TLS, WebSocket, or both.
 *
 * @param tls null without TLS
 * @param webSocketPath null without WebSocket
 * @param webSocketOrigins of which web pages' clients come in; empty for all
 * @param proxies who has to say where its clients are, before all of this; null if nobody has
 * @param tcpNoDelay whether small packets leave at once, if the socket is one of TCP
 */
public record Layers(
        @Nullable TlsLayer tls,
        @Nullable String webSocketPath,
        List<String> webSocketOrigins,
        @Nullable TrustedProxies proxies,
        boolean tcpNoDelay) {

    /** Without proxies. */
    public Layers(@Nullable TlsLayer tls, @Nullable String webSocketPath) {
        this(tls, webSocketPath, List.of(), null, true);
    }

    /** Completes a pipeline that ends in {@code connection}. */
    void build(ChannelPipeline pipeline, Connection connection) {
        if (tls != null) {
            TlsHandler handler = tls.newHandler(pipeline.channel().alloc());
            handler.setHandshakeTimeoutMillis(0); // the connection's own covers all until it is authenticated
            pipeline.addBefore(Connection.NAME, null, handler);
            pipeline.addBefore(Connection.NAME, null, new TlsEnd(connection));
        }
        if (webSocketPath != null) {
            WebSocketUpgrade.addTo(pipeline, webSocketPath, webSocketOrigins, connection);
        }
    }
}
