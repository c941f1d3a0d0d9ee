package dev.dunlin.broker.net;

import dev.dunlin.codec.ReasonCode;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyProtocolException;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol.AddressFamily;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol.TransportProtocol;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * The first bytes of a connection from a trusted proxy: a PROXY header of version 1 or 2, which says where the client
 * connects from. It is obligatory. When it has come, the connection {@linkplain Acceptor#enter enters}, and nothing of this
 * is left in the pipeline; TLS and WebSocket come behind it. Until then the CONNECT timeout bounds its time, and the decoder
 * its length.
 */
final class ProxyHeader extends ChannelInboundHandlerAdapter {

    /** What a proxy may say beside the addresses, such as the name that TLS was asked for. */
    private static final int EXTRA_BYTES_MAX = 2 << 10;

    private final Acceptor acceptor;
    private final Connection connection;

    private ProxyHeader(Acceptor acceptor, Connection connection) {
        this.acceptor = acceptor;
        this.connection = connection;
    }

    /** Puts what reads the header in front of the connection, which is in the pipeline. */
    static void addTo(ChannelPipeline pipeline, Acceptor acceptor, Connection connection) {
        pipeline.addBefore(Connection.NAME, null, new Decoder());
        pipeline.addBefore(Connection.NAME, null, new ProxyHeader(acceptor, connection));
    }

    static boolean isAvailable() {
        return new Decoder().isSingleDecode();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            if (message instanceof HAProxyMessage header) {
                came(ctx, header);
            } // else it lies behind a header that wasn't taken
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void came(ChannelHandlerContext ctx, HAProxyMessage header) {
        if (connection.isClosed()) {
            return;
        }
        if (header.proxiedProtocol().transportProtocol() == TransportProtocol.DGRAM) {
            refuse("its PROXY header is about datagrams");
            return;
        }
        if (isOfClient(header)) {
            InetAddress source = TrustedProxies.address(header.sourceAddress());
            if (source == null) {
                refuse("its PROXY header has no address that can be read");
                return;
            }
            connection.comesFrom(new InetSocketAddress(source, header.sourcePort()));
        }
        acceptor.enter(connection);
        if (!connection.isClosed()) {
            ctx.pipeline().remove(this);
        }
    }

    /** Else the proxy speaks for itself, or doesn't say for whom: it is the socket's own address that counts. */
    private static boolean isOfClient(HAProxyMessage header) {
        AddressFamily family = header.proxiedProtocol().addressFamily();
        return header.command() == HAProxyCommand.PROXY
                && (family == AddressFamily.AF_IPv4 || family == AddressFamily.AF_IPv6);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof HAProxyProtocolException) {
            refuse("no PROXY header, or a malformed one");
        } else {
            ctx.fireExceptionCaught(cause);
        }
    }

    private void refuse(String why) {
        connection.close(ReasonCode.PROTOCOL_ERROR, why);
    }

    /** Netty's, which would wait for more of what can't become a header any more. */
    private static final class Decoder extends HAProxyMessageDecoder {
        private static final byte[] TEXT = {'P', 'R', 'O', 'X', 'Y', ' '};
        private static final byte[] BINARY = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

        private static final int VERSION = 0xF0;
        private static final int VERSION_2 = 0x20;

        private byte[] expected = BINARY;
        private int seen;

        Decoder() {
            super(EXTRA_BYTES_MAX);
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
            if (!begins((ByteBuf) message)) {
                ReferenceCountUtil.release(message);
                throw new HAProxyProtocolException("these bytes begin no PROXY header");
            }
            super.channelRead(ctx, message);
        }

        private boolean begins(ByteBuf bytes) {
            for (int i = bytes.readerIndex(); i < bytes.writerIndex() && seen <= expected.length; i++) {
                byte next = bytes.getByte(i);
                if (seen == expected.length) {
                    seen++;
                    return expected == TEXT || (next & VERSION) == VERSION_2; // of another one it knows no length
                }
                if (seen == 0 && next == TEXT[0]) {
                    expected = TEXT;
                }
                if (next != expected[seen]) {
                    return false;
                }
                seen++;
            }
            return true;
        }
    }
}
