package dev.dunlin.broker.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;

/**
 * One read per readiness, into one buffer of a fixed size. As Netty's {@code FixedRecvByteBufAllocator} with one message per
 * read, whose handles count what nobody asks for: with these a connection is 48 bytes smaller.
 */
final class ReceiveBuffers implements RecvByteBufAllocator {
    private final int bytes;

    /** Buffers of this size. */
    ReceiveBuffers(int bytes) {
        this.bytes = bytes;
    }

    @Override
    public OneRead newHandle() {
        return new OneRead(bytes);
    }

    /** Of one channel, on its loop. */
    static final class OneRead implements ExtendedHandle {
        private final int bytes;
        private int attempted;
        private int read;

        private OneRead(int bytes) {
            this.bytes = bytes;
        }

        @Override
        public ByteBuf allocate(ByteBufAllocator allocator) {
            return allocator.ioBuffer(bytes);
        }

        @Override
        public int guess() {
            return bytes;
        }

        @Override
        public void reset(ChannelConfig config) {
            attempted = 0;
            read = 0;
        }

        @Override
        public void incMessagesRead(int messages) {
            // one is all that is read
        }

        @Override
        public void lastBytesRead(int lastRead) {
            read = lastRead;
        }

        @Override
        public int lastBytesRead() {
            return read;
        }

        @Override
        public void attemptedBytesRead(int toRead) {
            attempted = toRead;
        }

        @Override
        public int attemptedBytesRead() {
            return attempted;
        }

        @Override
        public boolean continueReading() {
            return false;
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier maybeMoreData) {
            return false;
        }

        @Override
        public void readComplete() {
            // nothing is learnt from it
        }
    }
}
