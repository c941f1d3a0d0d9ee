package dev.dunlin.broker.net;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelFuture;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.SocketTimeoutException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The client's end of a connection within the process: what {@link java.net.Socket} needs under it, on a pair of
 * {@link MemoryPipe}s. Options are remembered; the read timeout is the only one that means something.
 */
final class MemorySocket extends SocketImpl {
    private static final int CONNECT_MS_MAX = 10_000;

    private final Acceptor acceptor;
    private final ByteBufAllocator allocator;
    private final MemoryChannel channel = new MemoryChannel();
    private final MemoryPipe in = channel.toClient();
    private final MemoryPipe out = channel.fromClient();
    private final Map<Integer, Object> options = new ConcurrentHashMap<>();
    private final AtomicBoolean tried = new AtomicBoolean();
    private volatile int readTimeoutMs;

    MemorySocket(Acceptor acceptor, ByteBufAllocator allocator) {
        this.acceptor = acceptor;
        this.allocator = allocator;
    }

    // ---- connecting

    @Override
    protected void create(boolean stream) {
        assert stream : "only streams";
    }

    @Override
    protected void connect(String to, int toPort) throws IOException {
        connect(new InetSocketAddress(to, toPort), 0);
    }

    @Override
    protected void connect(InetAddress to, int toPort) throws IOException {
        connect(new InetSocketAddress(to, toPort), 0);
    }

    @Override
    protected void connect(SocketAddress to, int timeoutMs) throws IOException {
        if (tried.getAndSet(true)) {
            throw new SocketException("it was connected, or failed to be, before");
        }
        address = ((InetSocketAddress) to).getAddress();
        port = ((InetSocketAddress) to).getPort();
        boolean connected = false;
        try {
            await(adopted(), timeoutMs > 0 ? timeoutMs : CONNECT_MS_MAX);
            connected = true;
        } finally {
            if (!connected) {
                close(); // for the broker, who may take it in yet
            }
        }
    }

    private static void await(ChannelFuture adopted, int timeoutMs) throws IOException {
        try {
            if (!adopted.await(timeoutMs, TimeUnit.MILLISECONDS)) {
                throw new SocketTimeoutException("the broker is busy");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
        if (!adopted.isSuccess()) {
            throw closed();
        }
    }

    private ChannelFuture adopted() throws ConnectException {
        try {
            if (!acceptor.isClosing()) {
                return acceptor.adopt(channel, allocator);
            }
        } catch (RejectedExecutionException e) {
            // Said below.
        }
        throw closed();
    }

    private static ConnectException closed() {
        return new ConnectException("the broker is closed");
    }

    @Override
    protected void bind(InetAddress host, int toPort) {
        localport = toPort;
    }

    @Override
    protected void listen(int backlog) throws SocketException {
        throw new SocketException("only clients");
    }

    @Override
    protected void accept(SocketImpl from) throws SocketException {
        throw new SocketException("only clients");
    }

    // ---- reading and writing

    @Override
    protected InputStream getInputStream() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return in.read(one, 0, 1, readTimeoutMs) < 0 ? -1 : one[0] & 0xFF;
            }

            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                return in.read(into, offset, length, readTimeoutMs);
            }

            @Override
            public int available() {
                return in.available();
            }

            @Override
            public void close() throws IOException {
                MemorySocket.this.close();
            }
        };
    }

    @Override
    protected OutputStream getOutputStream() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                out.write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                out.write(bytes, offset, length);
            }

            @Override
            public void close() throws IOException {
                MemorySocket.this.close();
            }
        };
    }

    @Override
    protected int available() {
        return in.available();
    }

    @Override
    protected void sendUrgentData(int data) throws SocketException {
        throw new SocketException("nothing is urgent");
    }

    // ---- options

    @Override
    public void setOption(int option, Object value) {
        if (option == SO_TIMEOUT) {
            readTimeoutMs = (int) value;
        } else {
            options.put(option, value);
        }
    }

    @Override
    public Object getOption(int option) {
        return switch (option) {
            case SO_TIMEOUT -> readTimeoutMs;
            case SO_BINDADDR -> InetAddress.getLoopbackAddress();
            case SO_RCVBUF, SO_SNDBUF -> MemoryPipe.BYTES_MAX;
            case IP_TOS -> options.getOrDefault(option, 0);
            default -> options.getOrDefault(option, false);
        };
    }

    // ---- the end

    @Override
    protected void shutdownInput() {
        in.endReader();
    }

    @Override
    protected void shutdownOutput() {
        out.closeWriter();
    }

    /** Its threads that wait are woken, and what has come is gone; the broker sees the end behind what was written. */
    @Override
    protected void close() throws IOException {
        out.closeWriter();
        in.closeReader();
    }
}
