package dev.dunlin.server.admin;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.dunlin.broker.Broker;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP by which a server is administered; see docs/admin-http.md. Bound before the broker starts, so that a port that is
 * taken ends the start, and answers from {@link #start} on. Requests have threads of their own, in a bounded number: event loops
 * see nothing of them but what {@link dev.dunlin.broker.Administration} asks.
 */
public final class AdminHttp implements AutoCloseable {
    private static final int TOKEN_BYTES = 16;
    private static final int BACKLOG = 64;

    /** Of which some write streams, see {@link Streams}. */
    private static final int THREADS = 16 + Streams.STREAMS_MAX;

    private static final int WAITING_MAX = 64;
    private static final int REQUEST_SECONDS_MAX = 10;
    private static final Logger LOG = LoggerFactory.getLogger(AdminHttp.class);

    static {
        // The server of the JDK has no other way to be told.
        Map.of(
                        "maxReqTime",
                        REQUEST_SECONDS_MAX,
                        "maxRspTime",
                        Streams.SECONDS_MAX + 60,
                        "maxReqHeaders",
                        64,
                        "maxReqHeaderSize",
                        32 << 10,
                        "maxIdleConnections",
                        64,
                        "idleInterval",
                        60)
                .forEach((name, value) -> set("sun.net.httpserver." + name, value.toString()));
        set("sun.net.httpserver.nodelay", "true");
        set("jdk.httpserver.maxConnections", "256");
    }

    private static void set(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    private final AdminSettings settings;
    private final String token;
    private final HttpServer server;
    private final ThreadPoolExecutor threads;
    private final Stopping stopping = new Stopping();
    private volatile @Nullable Sampler sampler;

    /** Whether the server is about to end. */
    static final class Stopping {
        private volatile boolean begun;

        boolean hasBegun() {
            return begun;
        }
    }

    private AdminHttp(AdminSettings settings, HttpServer server) {
        this.settings = settings;
        this.server = server;
        String given = settings.token();
        token = given == null ? randomToken() : given;
        AtomicInteger number = new AtomicInteger();
        threads = new ThreadPoolExecutor(
                THREADS, THREADS, 30, TimeUnit.SECONDS, new ArrayBlockingQueue<>(WAITING_MAX), task -> {
                    Thread made = new Thread(task, "dunlin-admin-" + number.incrementAndGet());
                    made.setDaemon(true);
                    return made;
                });
        threads.allowCoreThreadTimeOut(true);
    }

    private static String randomToken() {
        byte[] bytes = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /**
     * Takes the port.
     *
     * @param settings without a fault
     * @throws IOException with a sentence, if it can't be had, or the files for TLS can't be used
     */
    public static AdminHttp bind(AdminSettings settings) throws IOException {
        InetSocketAddress address = new InetSocketAddress(settings.host(), settings.port());
        AdminSettings.Identity tls = settings.tls();
        try {
            if (tls == null) {
                return new AdminHttp(settings, HttpServer.create(address, BACKLOG));
            }
            HttpsConfigurator identity = new HttpsConfigurator(identity(tls).context());
            HttpsServer server = HttpsServer.create(address, BACKLOG);
            server.setHttpsConfigurator(identity);
            return new AdminHttp(settings, server);
        } catch (BindException e) {
            throw new IOException(
                    "the admin HTTP can't listen on " + settings.host() + ":" + settings.port() + ": " + e.getMessage(),
                    e);
        }
    }

    /** Why the files for TLS can't be used, in a sentence; null if they can, or there are none. Binds nothing. Blocks. */
    public static @Nullable String fault(AdminSettings settings) {
        AdminSettings.Identity tls = settings.tls();
        try {
            if (tls != null) {
                identity(tls);
            }
            return null;
        } catch (IOException e) {
            return e.getMessage();
        }
    }

    private static JdkSslContext identity(AdminSettings.Identity tls) throws IOException {
        try {
            return (JdkSslContext)
                    SslContextBuilder.forServer(tls.chain().toFile(), tls.key().toFile())
                            .sslProvider(SslProvider.JDK)
                            .build();
        } catch (SSLException | IllegalArgumentException e) {
            throw new IOException(
                    "the admin HTTP can't use " + tls.chain() + " with " + tls.key() + ": " + e.getMessage(), e);
        }
    }

    /** Answers from now on. */
    public void start(Broker broker, ServerTraits traits) {
        Sampler made = new Sampler(broker::stats, System::nanoTime);
        Door door = new Door(token, settings, System::nanoTime);
        Routes routes = new Routes(broker, traits, made, stopping);
        server.createContext(
                "/", exchange -> handle(new Conversation(exchange, door, routes, broker, stopping), exchange));
        server.setExecutor(threads);
        server.start();
        made.start();
        sampler = made;
    }

    private void handle(Conversation conversation, HttpExchange exchange) {
        try (exchange) {
            Answer answer;
            try {
                answer = conversation.answer(settings.metricsWithoutToken());
            } catch (Problem e) {
                answer = e.answer();
            } catch (RuntimeException | Error e) { // our bug, or no memory: who asked is told, the thread goes on
                LOG.error("admin: a request has failed", e);
                answer = new Problem(500, "the request has failed; the log says why").answer();
            }
            send(exchange, conversation.headers(), answer);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.debug("admin: nobody hears the answer: {}", e.toString());
        } catch (RuntimeException | Error e) {
            LOG.error("admin: an answer can't be written", e);
        }
    }

    private static void send(HttpExchange exchange, Map<String, String> fixed, Answer answer)
            throws IOException, InterruptedException {
        Headers headers = exchange.getResponseHeaders();
        fixed.forEach(headers::set);
        answer.headers().forEach(headers::set);
        headers.set("Content-Type", answer.type());
        boolean empty = answer.length() == 0 || exchange.getRequestMethod().equals("HEAD");
        boolean begun = false;
        try {
            long length = answer.length() == Answer.STREAM ? 0 : answer.length();
            exchange.sendResponseHeaders(answer.status(), empty ? -1 : length);
            begun = !empty;
        } finally {
            if (!begun) {
                answer.body().lost();
            }
        }
        if (begun) {
            OutputStream out = exchange.getResponseBody();
            answer.body().writeTo(out);
            out.close();
        }
    }

    // ---- where it is

    /** The port that it has. */
    public int port() {
        return server.getAddress().getPort();
    }

    /** Where a browser finds it; with the token, if nobody but us knows it. */
    public String uri() {
        return origin(settings.host()) + "/" + (settings.token() == null ? "#token=" + token : "");
    }

    /** The origins that its page has in a browser [RFC 6454]. */
    public List<String> origins() {
        return List.of(origin("127.0.0.1"), origin("::1"), origin("localhost"));
    }

    private String origin(String host) {
        String bracketed = host.contains(":") ? "[" + host + "]" : host;
        return (settings.tls() == null ? "http://" : "https://") + bracketed + ":" + port();
    }

    // ---- the end

    /** The broker is about to close: whoever asks whether it is ready is told, streams end, and nothing is changed any more. */
    public void stopping() {
        stopping.begun = true;
        Sampler looking = sampler;
        if (looking != null) {
            looking.close();
        }
    }

    /** Answers no more. */
    @Override
    public void close() {
        stopping();
        server.stop(0);
        threads.shutdownNow();
    }
}
