package dev.dunlin.broker.simulation;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * A connection in memory. What one side has sent arrives at the other in pieces, when {@link #carryUp} and {@link #carryDown}
 * say so, or not at all. Towards the client only so many bytes are under way; then the broker has to wait.
 */
final class Wire implements Connection {
    private final ByteBuf up = Unpooled.buffer();
    private final ByteBuf down = Unpooled.buffer();
    private final int downBytesMax;
    private final End client;
    private int arrivedUp;
    private boolean clientEnded;
    private boolean endArrivedUp;
    private boolean brokerEnded;
    private boolean clientDeaf;
    private boolean over;

    Wire(End client, int downBytesMax) {
        this.client = client;
        this.downBytesMax = downBytesMax;
    }

    // ---- the client's side

    @Override
    public void send(ByteBuf bytes) {
        if (!clientEnded) {
            up.writeBytes(bytes);
        }
    }

    @Override
    public void end() {
        clientEnded = true;
        clientDeaf = true;
    }

    @Override
    public void cut() {
        up.writerIndex(arrivedUp);
        end();
    }

    @Override
    public void abandon() {
        up.writerIndex(arrivedUp);
        clientDeaf = true;
    }

    // ---- the network

    /** Bytes, or an end, that could arrive at the broker. */
    int underWayUp() {
        return over || brokerEnded ? 0 : up.writerIndex() - arrivedUp + (clientEnded && !endArrivedUp ? 1 : 0);
    }

    /** Lets some bytes arrive at the broker, and the end behind the last one. */
    void carryUp(int bytes) {
        int left = up.writerIndex() - arrivedUp;
        arrivedUp += Math.min(bytes, left);
        endArrivedUp = clientEnded && bytes > left;
    }

    /** Bytes, or an end, that could arrive at the client. */
    int underWayDown() {
        return over ? 0 : (clientDeaf ? 0 : down.readableBytes()) + (brokerEnded ? 1 : 0);
    }

    /** Lets some bytes arrive at the client, and the end behind the last one. */
    void carryDown(int bytes) {
        boolean all = bytes > down.readableBytes();
        if (!clientDeaf && down.isReadable()) {
            client.received(down.readSlice(Math.min(bytes, down.readableBytes())));
            down.discardReadBytes();
        }
        if (brokerEnded && (all || clientDeaf) && !over) {
            over = true;
            client.ended(this);
        }
    }

    /** Whether nothing can come of it any more. */
    boolean isOver() {
        return over;
    }

    // ---- the broker's side

    /** Bytes that have arrived at the broker. */
    int readable() {
        return arrivedUp - up.readerIndex();
    }

    /** Whether everything that the client has sent has been read, and its end has come. */
    boolean isAtEnd() {
        return endArrivedUp && readable() == 0;
    }

    void read(ByteBuf into, int bytes) {
        into.writeBytes(up, bytes);
        int read = up.readerIndex();
        up.discardReadBytes();
        arrivedUp -= read - up.readerIndex();
    }

    /** Bytes that the broker may send at present. */
    int room() {
        return Math.max(0, downBytesMax - down.readableBytes());
    }

    void write(ByteBuf from, int bytes) {
        down.writeBytes(from, bytes);
    }

    /** The broker has closed it, or is dead: what it has sent still arrives. */
    void brokerEnded() {
        brokerEnded = true;
    }

    @Override
    public boolean isBrokerEnded() {
        return brokerEnded;
    }
}
