package dev.dunlin.broker.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.SocketTimeoutException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** A Unix domain socket as a {@link Socket}, which the JDK has only as a channel. One thread at a time. */
final class UnixSocket extends Socket {

    private UnixSocket(Channel channel) throws SocketException {
        super(channel);
    }

    static Socket connect(Path path) throws IOException {
        Channel channel = new Channel(SocketChannel.open(UnixDomainSocketAddress.of(path)));
        Socket socket = new UnixSocket(channel);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), 1)); // it is, already
        return socket;
    }

    private static final class Channel extends SocketImpl {
        private final SocketChannel channel;
        private final Selector selector = Selector.open();
        private final ByteBuffer ahead = ByteBuffer.allocate(8 << 10).flip();
        private int timeoutMs;

        Channel(SocketChannel channel) throws IOException {
            this.channel = channel;
            channel.configureBlocking(false);
            channel.register(selector, 0);
        }

        private void await(int operation, int forMs) throws IOException {
            channel.keyFor(selector).interestOps(operation);
            if (selector.select(forMs) == 0) {
                throw new SocketTimeoutException("nothing for " + forMs + " ms");
            }
            selector.selectedKeys().clear();
        }

        private int read(byte[] into, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (ahead.hasRemaining()) {
                int bytes = Math.min(length, ahead.remaining());
                ahead.get(into, offset, bytes);
                return bytes;
            }
            ByteBuffer buffer = ByteBuffer.wrap(into, offset, length);
            int bytes = channel.read(buffer);
            while (bytes == 0) {
                await(SelectionKey.OP_READ, timeoutMs);
                bytes = channel.read(buffer);
            }
            return bytes;
        }

        private void write(byte[] bytes, int offset, int length) throws IOException {
            ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
            while (buffer.hasRemaining()) {
                if (channel.write(buffer) == 0) {
                    await(SelectionKey.OP_WRITE, 0);
                }
            }
        }

        @Override
        protected int available() throws IOException {
            if (!ahead.hasRemaining()) {
                ahead.clear();
                channel.read(ahead);
                ahead.flip();
            }
            return ahead.remaining();
        }

        @Override
        protected InputStream getInputStream() {
            return new InputStream() {
                @Override
                public int read() throws IOException {
                    byte[] one = new byte[1];
                    return Channel.this.read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
                }

                @Override
                public int read(byte[] into, int offset, int length) throws IOException {
                    return Channel.this.read(into, offset, length);
                }

                @Override
                public int available() throws IOException {
                    return Channel.this.available();
                }
            };
        }

        @Override
        protected OutputStream getOutputStream() {
            return new OutputStream() {
                @Override
                public void write(int b) throws IOException {
                    Channel.this.write(new byte[] {(byte) b}, 0, 1);
                }

                @Override
                public void write(byte[] bytes, int offset, int length) throws IOException {
                    Channel.this.write(bytes, offset, length);
                }
            };
        }

        @Override
        public void setOption(int option, Object value) {
            if (option == SO_TIMEOUT) {
                timeoutMs = (int) value;
            }
        }

        @Override
        public Object getOption(int option) {
            return option == SO_TIMEOUT ? timeoutMs : (Object) false;
        }

        @Override
        protected void shutdownOutput() throws IOException {
            channel.shutdownOutput();
        }

        @Override
        protected void close() throws IOException {
            channel.close();
            selector.close();
        }

        @Override
        protected void create(boolean stream) {}

        @Override
        protected void connect(String host, int port) {}

        @Override
        protected void connect(InetAddress address, int port) {}

        @Override
        protected void connect(SocketAddress address, int timeout) {}

        @Override
        protected void bind(InetAddress host, int port) {}

        @Override
        protected void listen(int backlog) {}

        @Override
        protected void accept(SocketImpl socket) {}

        @Override
        protected void sendUrgentData(int data) {}
    }
}
