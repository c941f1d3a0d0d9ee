package dev.dunlin.broker.net;

import dev.dunlin.codec.ReasonCode;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import org.jspecify.annotations.Nullable;

/**
 * WebSocket frames around MQTT [RFC 6455 section 5]. MQTT packets need not be aligned with frames [5.0:MQTT-6.0.0-2],
 * [3.1.1:MQTT-6.0.0-2], so this is a layer that only takes headers off and puts them on: payload goes to the connection as
 * it comes, unmasked in place, and nothing but a header and the payload of a control frame is ever held. Frames of any
 * length pass; what a packet may have is the decoder's to check. (Netty's own decoder waits for whole frames: an
 * unknown client could make it hold as much as one frame may have.)
 *
 * <pre>
 *   0        1        2              2, 4 or 10   +4
 *   +--------+--------+--------------+------------+---------
 *   |F...oooo|Mlllllll| longer length | mask key   | payload    F final, o opcode, M masked: a client's always are
 *   +--------+--------+--------------+------------+---------
 * </pre>
 *
 * On the way out, every buffer that is written becomes one binary frame: a batch of packets, or a large payload.
 */
final class WebSocketFrames extends ChannelDuplexHandler {
    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;

    private static final int FINAL = 0x80;
    private static final int RESERVED = 0x70;
    private static final int MASKED = 0x80;
    private static final int HEADER_BYTES_MAX = 14;
    private static final int CONTROL_BYTES_MAX = 125;

    /** Status codes of a close [RFC 6455 section 7.4.1]. */
    private static final int NORMAL = 1000;

    private static final int PROTOCOL_ERROR = 1002;
    private static final int UNACCEPTABLE_DATA = 1003;

    private final Connection connection;

    /** The header of the current frame, as far as it has come; its length is known with the second byte. */
    private final byte[] header = new byte[HEADER_BYTES_MAX];

    private int headerBytes;
    private int headerLength = 2;

    private int opcode;
    private long payloadLeft;
    private int mask;
    private int maskAt;
    private boolean inFrame;

    /** Between the first and the last frame of a message in fragments. */
    private boolean fragmented;

    private byte @Nullable [] control;
    private int controlBytes;

    /** The payload of the last ping that isn't answered yet. */
    private byte @Nullable [] ping;

    private int closeStatus = NORMAL;
    private boolean ended;

    WebSocketFrames(Connection connection) {
        this.connection = connection;
    }

    // ---- in

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object received) {
        ByteBuf in = (ByteBuf) received;
        try {
            while (!ended && (inFrame || readHeader(in)) && (in.isReadable() || payloadLeft == 0)) {
                if (opcode < CLOSE) {
                    readData(ctx, in);
                } else {
                    readControl(in);
                }
            }
        } finally {
            in.release();
        }
    }

    /** Reads a header as far as it is there. Returns whether it is complete and right. */
    private boolean readHeader(ByteBuf in) {
        while (headerBytes < headerLength) {
            if (!in.isReadable()) {
                return false;
            }
            header[headerBytes++] = in.readByte();
            if (headerBytes == 2 && !checkHeader(header[0], header[1])) {
                return false;
            }
        }
        int lengthBytes = headerLength - 6;
        payloadLeft = lengthBytes == 0 ? header[1] & 0x7F : number(2, lengthBytes);
        mask = (int) number(2 + lengthBytes, 4);
        maskAt = 0;
        headerBytes = 0;
        headerLength = 2;
        inFrame = true;
        if (payloadLeft < 0) {
            return violated(PROTOCOL_ERROR, "a WebSocket frame longer than can be");
        }
        return true;
    }

    private long number(int at, int bytes) {
        long number = 0;
        for (int i = at; i < at + bytes; i++) {
            number = (number << 8) | (header[i] & 0xFF);
        }
        return number;
    }

    /** What can be said of a frame from its first two bytes. */
    private boolean checkHeader(int first, int second) {
        boolean last = (first & FINAL) != 0;
        int length = second & 0x7F;
        opcode = first & 0xF;
        headerLength = 6 + (length == 126 ? 2 : length == 127 ? 8 : 0);
        if ((first & RESERVED) != 0) {
            return violated(PROTOCOL_ERROR, "a WebSocket frame with reserved bits");
        }
        if ((second & MASKED) == 0) {
            return violated(PROTOCOL_ERROR, "a WebSocket frame without a mask");
        }
        switch (opcode) {
            case BINARY, CONTINUATION -> {
                if (fragmented != (opcode == CONTINUATION)) {
                    return violated(PROTOCOL_ERROR, "a WebSocket fragment out of place");
                }
                fragmented = !last;
            }
            case CLOSE, PING, PONG -> {
                if (!last || length > CONTROL_BYTES_MAX) {
                    return violated(PROTOCOL_ERROR, "a WebSocket control frame in fragments or too long");
                }
            }
            case TEXT -> { // [5.0:MQTT-6.0.0-1], [3.1.1:MQTT-6.0.0-1]
                return violated(UNACCEPTABLE_DATA, "a WebSocket text frame");
            }
            default -> {
                return violated(PROTOCOL_ERROR, "a WebSocket frame of an unknown kind");
            }
        }
        return true;
    }

    private void readData(ChannelHandlerContext ctx, ByteBuf in) {
        int bytes = (int) Math.min(payloadLeft, in.readableBytes());
        unmask(in, in.readerIndex(), bytes);
        payloadLeft -= bytes;
        inFrame = payloadLeft > 0;
        if (bytes > 0) {
            ctx.fireChannelRead(in.readRetainedSlice(bytes));
        }
    }

    /** The buffer is ours alone: fresh from the socket, or from TLS. */
    private void unmask(ByteBuf in, int from, int bytes) {
        int at = from;
        int end = from + bytes;
        while (at < end && (maskAt & 3) != 0) {
            unmaskByte(in, at++);
        }
        long once = mask & 0xFFFF_FFFFL;
        long twice = (once << 32) | once;
        for (; end - at >= Long.BYTES; at += Long.BYTES) {
            in.setLong(at, in.getLong(at) ^ twice);
        }
        while (at < end) {
            unmaskByte(in, at++);
        }
    }

    private void unmaskByte(ByteBuf in, int at) {
        in.setByte(at, in.getByte(at) ^ (mask >> (24 - 8 * (maskAt++ & 3))));
    }

    private void readControl(ByteBuf in) {
        if (control == null) {
            control = new byte[(int) payloadLeft];
        }
        int bytes = (int) Math.min(payloadLeft, in.readableBytes());
        unmask(in, in.readerIndex(), bytes);
        in.readBytes(control, controlBytes, bytes);
        controlBytes += bytes;
        payloadLeft -= bytes;
        if (payloadLeft == 0) {
            byte[] whole = control;
            control = null;
            controlBytes = 0;
            inFrame = false;
            handleControl(whole);
        }
    }

    private void handleControl(byte[] payload) {
        if (opcode == PING) {
            ping = payload;
        } else if (opcode == CLOSE) {
            closedByClient(payload);
        }
    }

    private void closedByClient(byte[] payload) {
        int status = payload.length < 2 ? NORMAL : ((payload[0] & 0xFF) << 8) | (payload[1] & 0xFF);
        boolean known = status >= 1000 && status < 5000 && status != 1004 && status != 1005 && status != 1006;
        ended = true;
        closeStatus = known && payload.length != 1 ? status : PROTOCOL_ERROR;
        connection.lost("WebSocket closed by the client with " + status);
    }

    private boolean violated(int status, String text) {
        ended = true;
        closeStatus = status;
        connection.close(ReasonCode.PROTOCOL_ERROR, text);
        return false;
    }

    /** Answers the last ping of what was read: the ones before it need no answer [RFC 6455 section 5.5.3]. */
    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        pong(ctx);
        ctx.fireChannelReadComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        pong(ctx);
        ctx.fireChannelWritabilityChanged();
    }

    /** Who pings and never reads gets no pongs: they wait for room. */
    private void pong(ChannelHandlerContext ctx) {
        byte[] payload = ping;
        if (payload != null && !ended && ctx.channel().isWritable()) {
            ping = null;
            ctx.write(frame(ctx, PONG, payload), ctx.voidPromise());
            ctx.flush();
        }
    }

    // ---- out

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        int bytes = ((ByteBuf) message).readableBytes();
        ByteBuf head = ctx.alloc().directBuffer(10).writeByte(FINAL | BINARY);
        if (bytes <= CONTROL_BYTES_MAX) {
            head.writeByte(bytes);
        } else if (bytes <= 0xFFFF) {
            head.writeByte(126).writeShort(bytes);
        } else {
            head.writeByte(127).writeLong(bytes);
        }
        ctx.write(head, ctx.voidPromise());
        ctx.write(message, promise);
    }

    private static ByteBuf frame(ChannelHandlerContext ctx, int opcode, byte[] payload) {
        return ctx.alloc()
                .directBuffer(2 + payload.length)
                .writeByte(FINAL | opcode)
                .writeByte(payload.length)
                .writeBytes(payload);
    }

    /** Says goodbye behind everything that was written. */
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        ended = true;
        byte[] status = {(byte) (closeStatus >> 8), (byte) closeStatus};
        ctx.write(frame(ctx, CLOSE, status), ctx.voidPromise());
        ctx.flush();
        ctx.close(promise);
    }
}
