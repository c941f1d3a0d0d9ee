package dev.dunlin.broker.net;

import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import javax.net.SocketFactory;

/** Sockets that lead to one broker without leaving its process, wherever they are connected to. Any thread. */
public final class InProcessSockets extends SocketFactory {
    private final Acceptor acceptor;
    private final ByteBufAllocator allocator;

    /** They lead to this acceptor. */
    public InProcessSockets(Acceptor acceptor, ByteBufAllocator allocator) {
        this.acceptor = acceptor;
        this.allocator = allocator;
    }

    @Override
    public Socket createSocket() throws SocketException {
        return new InProcessSocket(new MemorySocket(acceptor, allocator));
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        return connected(new InetSocketAddress(host, port));
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress localHost, int localPort) throws IOException {
        return createSocket(host, port);
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        return connected(new InetSocketAddress(host, port));
    }

    @Override
    public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort)
            throws IOException {
        return createSocket(address, port);
    }

    private Socket connected(InetSocketAddress address) throws IOException {
        Socket socket = createSocket();
        socket.connect(address);
        return socket;
    }

    /** The JDK's, which keeps what state a socket has, on ours. */
    private static final class InProcessSocket extends Socket {
        InProcessSocket(MemorySocket socket) throws SocketException {
            super(socket);
        }
    }
}
