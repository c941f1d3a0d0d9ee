package dev.dunlin.broker.testkit;

import dev.dunlin.codec.testkit.TestCertificate;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PushbackInputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * A client's socket with what lies on it: nothing, TLS, WebSocket or both, on plain Java sockets and what can be used as one. One thread at a time; a
 * read that waits longer than 10 s throws.
 */
public final class TestSocket implements AutoCloseable {

    /** For TLS: how long a record that has begun to come may take to be one with something in it. */
    private static final int PEEK_MS = 20;

    private static final String HOST = "127.0.0.1";

    private final Socket raw;
    private final Socket socket;
    private final PushbackInputStream in;
    private final TestTransport transport;
    private WebSocketPeer webSocket;

    private TestSocket(Socket raw, Socket socket, TestTransport transport) throws IOException {
        this.raw = raw;
        this.socket = socket;
        this.transport = transport;
        in = new PushbackInputStream(socket.getInputStream());
    }

    /** Connects to a port of this machine; TLS and WebSocket are open when this returns, unless the broker didn't want. */
    public static TestSocket open(int port, TestTransport transport) throws IOException {
        return open(port, transport, trustingIfTls(transport));
    }

    /** As {@link #open}, with another idea of whom to trust and what to show. */
    static TestSocket open(int port, TestTransport transport, @Nullable SSLContext context) throws IOException {
        TestSocket opened = connect(port, transport, context);
        if (transport.isWebSocket()) {
            opened.webSocket = new WebSocketPeer(opened.in, opened.socket.getOutputStream());
            opened.webSocket.open();
        }
        return opened;
    }

    /** As {@link #open}, but for WebSocket, which is the caller's to begin. */
    public static TestSocket connect(int port, TestTransport transport) throws IOException {
        return connect(port, transport, trustingIfTls(transport));
    }

    private static @Nullable SSLContext trustingIfTls(TestTransport transport) {
        return transport.isTls() ? TestCertificate.shared().trusting() : null;
    }

    private static TestSocket connect(int port, TestTransport transport, @Nullable SSLContext context)
            throws IOException {
        Socket raw = transport.connect(port);
        raw.setSoTimeout(WireClient.patienceMs());
        if (context == null) {
            return new TestSocket(raw, raw, transport);
        }
        SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(raw, HOST, port, true);
        tls.setSoTimeout(WireClient.patienceMs());
        try {
            tls.startHandshake();
        } catch (SocketTimeoutException e) {
            raw.close();
            throw e;
        } catch (IOException e) {
            raw.shutdownOutput(); // refused at once: the reader will see the end
        }
        return new TestSocket(raw, tls, transport);
    }

    /** What comes, without what lies around it. */
    public InputStream in() {
        return webSocket == null ? in : webSocket;
    }

    /** The WebSocket on it. */
    public WebSocketPeer webSocket() {
        return webSocket;
    }

    /** The way out, without anything of WebSocket. */
    public OutputStream out() throws IOException {
        return socket.getOutputStream();
    }

    /** Sends; over WebSocket in frames cut at random. */
    public void write(byte[] bytes) throws IOException {
        if (webSocket != null) {
            webSocket.sendInPieces(bytes);
        } else {
            socket.getOutputStream().write(bytes);
        }
    }

    /** Whether something has come by now that a read would return, be it the end. */
    public boolean hasInput() throws IOException {
        return webSocket == null ? isReady() : webSocket.hasInput(this::isReady);
    }

    private boolean isReady() throws IOException {
        if (in.available() > 0) {
            return true;
        }
        if (!transport.isTls() || raw.getInputStream().available() == 0) {
            return false;
        }
        socket.setSoTimeout(PEEK_MS); // TLS says what is in a record only when it is read
        try {
            int next = in.read();
            if (next >= 0) {
                in.unread(next);
            }
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } finally {
            socket.setSoTimeout(WireClient.patienceMs());
        }
    }

    /** Ends the way out without a word of TLS or WebSocket, as a client does that dies. */
    public void shutdownOutput() throws IOException {
        raw.shutdownOutput();
    }

    public boolean isClosed() {
        return raw.isClosed();
    }

    /** Cuts it off, without a word of TLS or WebSocket. */
    @Override
    public void close() throws IOException {
        raw.close();
    }

    /** For failures. */
    @Override
    public String toString() {
        return transport + (webSocket == null ? "" : ", frames cut with seed " + webSocket.seed());
    }
}
