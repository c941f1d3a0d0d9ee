package dev.dunlin.broker.net;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslCloseCompletionEvent;

/** Behind TLS: the client's close_notify is its end, whether it closes the socket or not. */
final class TlsEnd extends ChannelInboundHandlerAdapter {
    private final Connection connection;

    TlsEnd(Connection connection) {
        this.connection = connection;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslCloseCompletionEvent) {
            connection.lost("TLS closed");
        }
        ctx.fireUserEventTriggered(event);
    }
}
