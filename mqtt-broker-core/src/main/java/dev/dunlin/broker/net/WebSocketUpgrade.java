package dev.dunlin.broker.net;

import dev.dunlin.codec.ReasonCode;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one HTTP request of a connection: the upgrade to WebSocket [RFC 6455 section 4.2]. When it is answered, HTTP is gone
 * from the pipeline. Any other request gets an answer with an error, and the connection is closed.
 */
final class WebSocketUpgrade extends ChannelInboundHandlerAdapter {
    private static final int REQUEST_LINE_BYTES_MAX = 4 << 10;
    private static final int KEY_BYTES = 16;
    private static final Logger LOG = LoggerFactory.getLogger(WebSocketUpgrade.class);
    private static final String ANY_PATH = "/*";
    private static final String ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /** The old name is what early clients for MQTT 3.1 ask for. */
    private static final List<String> SUBPROTOCOLS = List.of("mqtt", "mqttv3.1");

    private final String path;
    private final List<String> origins;
    private final Connection connection;
    private @Nullable HttpRequest request;
    private boolean refused;

    private WebSocketUpgrade(String path, List<String> origins, Connection connection) {
        this.path = path;
        this.origins = origins;
        this.connection = connection;
    }

    /**
     * Adds HTTP and the upgrade to a pipeline, in front of the connection.
     *
     * @param origins of which web pages may ask; empty for all
     */
    static void addTo(ChannelPipeline pipeline, String path, List<String> origins, Connection connection) {
        HttpDecoderConfig bounds = new HttpDecoderConfig()
                .setMaxInitialLineLength(REQUEST_LINE_BYTES_MAX)
                .setMaxHeaderSize(connection.limits().webSocketHeaderBytesMax());
        pipeline.addBefore(Connection.NAME, null, new HttpRequestDecoder(bounds));
        pipeline.addBefore(Connection.NAME, null, new WebSocketUpgrade(path, origins, connection));
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            if (refused) {
                return;
            }
            if (message instanceof HttpRequest head) {
                request = head;
                check(ctx, head);
            } else if (message instanceof LastHttpContent && request != null) {
                upgrade(ctx, request);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void check(ChannelHandlerContext ctx, HttpRequest head) {
        HttpHeaders headers = head.headers();
        String uri = head.uri();
        int query = uri.indexOf('?');
        if (head.decoderResult().isFailure()) {
            refuse(ctx, "400 Bad Request", "", "not an HTTP request");
        } else if (!path.equals(ANY_PATH) && !path.equals(query < 0 ? uri : uri.substring(0, query))) {
            refuse(ctx, "404 Not Found", "", "asked for another path than " + path);
        } else if (!headers.containsValue(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true)
                || !headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true)) {
            refuse(ctx, "426 Upgrade Required", "Upgrade: websocket\r\n", "asked for HTTP, not WebSocket");
        } else if (!"13".equals(headers.get(HttpHeaderNames.SEC_WEBSOCKET_VERSION))) {
            refuse(ctx, "426 Upgrade Required", "Sec-WebSocket-Version: 13\r\n", "asked for an old WebSocket");
        } else if (!head.method().equals(HttpMethod.GET)
                || !head.protocolVersion().equals(HttpVersion.HTTP_1_1)
                || HttpUtil.isTransferEncodingChunked(head)
                || HttpUtil.getContentLength(head, 0L) > 0
                || !isKey(headers.get(HttpHeaderNames.SEC_WEBSOCKET_KEY))) {
            refuse(ctx, "400 Bad Request", "", "not a request for WebSocket");
        } else if (!mayAsk(headers)) {
            refuse(ctx, "403 Forbidden", "", "asked from a web page of another origin");
        } else if (!offered(headers).isEmpty() && subprotocol(headers) == null) {
            refuse(ctx, "400 Bad Request", "", "offered only unknown subprotocols");
        }
    }

    /** Only browsers have to say where they are from [RFC 6455 section 10.2]. */
    private boolean mayAsk(HttpHeaders headers) {
        return origins.isEmpty()
                || headers.getAll(HttpHeaderNames.ORIGIN).stream()
                        .allMatch(origin -> origins.contains(origin.toLowerCase(Locale.ROOT)));
    }

    private static boolean isKey(@Nullable String key) {
        try {
            return key != null && Base64.getDecoder().decode(key.strip()).length == KEY_BYTES;
        } catch (IllegalArgumentException e) {
            return false; // not even Base64: that is the answer
        }
    }

    private static List<String> offered(HttpHeaders headers) {
        return headers.getAll(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL).stream()
                .flatMap(line -> Stream.of(line.split(",")))
                .map(String::strip)
                .filter(name -> !name.isEmpty())
                .toList();
    }

    private static @Nullable String subprotocol(HttpHeaders headers) {
        List<String> offered = offered(headers);
        return SUBPROTOCOLS.stream().filter(offered::contains).findFirst().orElse(null);
    }

    /** No extension is ever agreed to: what is offered of them goes without an answer. */
    private void upgrade(ChannelHandlerContext ctx, HttpRequest head) {
        request = null;
        String key = head.headers().get(HttpHeaderNames.SEC_WEBSOCKET_KEY).strip();
        LOG.debug("client {}: speaks WebSocket from now on", connection.name());
        String subprotocol = subprotocol(head.headers());
        String chosen = subprotocol == null // [5.0:MQTT-6.0.0-4], [3.1.1:MQTT-6.0.0-4]
                ? ""
                : "Sec-WebSocket-Protocol: " + subprotocol + "\r\n";
        send(
                ctx,
                "101 Switching Protocols",
                "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept(key) + "\r\n" + chosen);
        ChannelPipeline pipeline = ctx.pipeline();
        pipeline.addAfter(ctx.name(), null, new WebSocketFrames(connection));
        pipeline.remove(this);
        pipeline.remove(HttpRequestDecoder.class); // hands on what it has of the first frames
    }

    private static String accept(String key) {
        try {
            byte[] answer =
                    MessageDigest.getInstance("SHA-1").digest((key + ACCEPT_GUID).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(answer);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }

    private void refuse(ChannelHandlerContext ctx, String status, String headers, String why) {
        refused = true;
        send(ctx, status, headers + "Content-Length: 0\r\nConnection: close\r\n");
        connection.close(ReasonCode.PROTOCOL_ERROR, why);
    }

    private static void send(ChannelHandlerContext ctx, String status, String headers) {
        String response = "HTTP/1.1 " + status + "\r\n" + headers + "\r\n";
        ctx.write(ByteBufUtil.writeAscii(ctx.alloc(), response), ctx.voidPromise());
        ctx.flush();
    }
}
