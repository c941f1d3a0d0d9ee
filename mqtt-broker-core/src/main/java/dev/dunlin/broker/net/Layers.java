package dev.dunlin.broker.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import org.jspecify.annotations.Nullable;

/**
 * What lies between a socket and MQTT on the connections of one listener: nothing, TLS, WebSocket, or both.
 *
 * @param tls null without TLS
 * @param webSocketPath null without WebSocket
 */
public record Layers(@Nullable TlsLayer tls, @Nullable String webSocketPath) {

    /** Builds the pipeline of a new channel, which ends in {@code connection}. */
    void build(Channel channel, Connection connection) {
        ChannelPipeline pipeline = channel.pipeline();
        if (tls != null) {
            TlsHandler handler = tls.newHandler(channel.alloc());
            handler.setHandshakeTimeoutMillis(0); // the connection's own covers all until it is authenticated
            pipeline.addLast(handler, new TlsEnd(connection));
        }
        if (webSocketPath != null) {
            WebSocketUpgrade.addTo(pipeline, webSocketPath, connection);
        }
        pipeline.addLast(connection);
    }
}
