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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP by which a server is administered; see docs/admin-http.md. Bound before the broker starts, so that a port that is
 * taken ends the start, and says from then on that it starts; all else is answered from {@link #start} on. Requests have threads of their own, in a bounded number: event loops
 * see nothing of them but what {@link dev.dunlin.broker.Administration} asks.
 */
public final class AdminHttp implements AutoCloseable {
    private static final int TOKEN_BYTES = 16;
    private static final int BACKLOG = 64;

    /** One for each connection: who sends half a request, or reads no answer, holds nobody's but his own. */
    private static final int CONNECTIONS_MAX = 256;

    /** Answers at a time to who shows no token; what is about health doesn't count. */
    private static final int FREE_MAX = 16;

    /** Answers at a time that need the token, of which some are streams, see {@link Streams}. */
    private static final int WITH_TOKEN_MAX = 16 + Streams.STREAMS_MAX;

    private static final int PLACE_SECONDS = 1;
    private static final int REQUEST_SECONDS_MAX = 10;

    /** For writing an answer that is no stream. */
    private static final int ANSWER_SECONDS_MAX = 10;

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
        set("jdk.httpserver.maxConnections", Integer.toString(CONNECTIONS_MAX));
    }

    private static void set(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    private final AdminSettings settings;
    private final String token;
    private final HttpServer server;
    private final Door door;
    private final ThreadPoolExecutor threads;
    private final Cutter cutter = new Cutter(ANSWER_SECONDS_MAX);
    private final Semaphore free = new Semaphore(FREE_MAX);
    private final Semaphore withToken = new Semaphore(WITH_TOKEN_MAX);
    private final Stopping stopping = new Stopping();
    private volatile @Nullable Sampler sampler;
    private volatile @Nullable Serving serving;

    /** What answers when the broker has started. */
    record Serving(Broker broker, Routes routes) {}

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
        door = new Door(token, settings, System::nanoTime);
        AtomicInteger number = new AtomicInteger();
        threads = new ThreadPoolExecutor(1, CONNECTIONS_MAX, 30, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
            Thread made = new Thread(task, "dunlin-admin-" + number.incrementAndGet());
            made.setDaemon(true);
            return made;
        });
        threads.allowCoreThreadTimeOut(true);
    }

    private AdminHttp listening() {
        server.createContext("/", this::handle);
        server.setExecutor(threads);
        server.start();
        return this;
    }

    private static String randomToken() {
        byte[] bytes = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /**
     * Takes the port, and says there that the process lives and the broker isn't ready.
     *
     * @param settings without a fault
     * @throws IOException with a sentence, if it can't be had, or the files for TLS can't be used
     */
    public static AdminHttp bind(AdminSettings settings) throws IOException {
        InetSocketAddress address = new InetSocketAddress(settings.host(), settings.port());
        AdminSettings.Identity tls = settings.tls();
        try {
            if (tls == null) {
                return new AdminHttp(settings, HttpServer.create(address, BACKLOG)).listening();
            }
            HttpsConfigurator identity = new HttpsConfigurator(identity(tls).context());
            HttpsServer server = HttpsServer.create(address, BACKLOG);
            server.setHttpsConfigurator(identity);
            return new AdminHttp(settings, server).listening();
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

    /** Answers everything from now on. */
    public void start(Broker broker, ServerTraits traits) {
        Sampler made = new Sampler(broker::stats, System::nanoTime);
        made.start();
        sampler = made;
        serving = new Serving(broker, new Routes(broker, traits, made, stopping));
    }

    private void handle(HttpExchange exchange) {
        try (exchange) {
            Conversation conversation = new Conversation(exchange, door, serving, stopping);
            Answer refusal = refusal(conversation);
            if (refusal
                    != null) { // takes no place: whoever is refused may leave us waiting for the rest of what he sends
                send(exchange, conversation.headers(), refusal);
            } else if (conversation.isAboutHealth()) {
                send(exchange, conversation.headers(), answer(conversation));
            } else {
                sendInTurn(exchange, conversation);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.debug("admin: nobody hears the answer: {}", e.toString());
        } catch (RuntimeException | Error e) {
            LOG.error("admin: an answer can't be written", e);
        }
    }

    private static @Nullable Answer refusal(Conversation conversation) {
        try {
            conversation.admit();
            return null;
        } catch (Problem e) {
            return e.answer();
        }
    }

    private void sendInTurn(HttpExchange exchange, Conversation conversation) throws IOException, InterruptedException {
        Semaphore places = conversation.isForTheToken() ? withToken : free;
        if (!places.tryAcquire(PLACE_SECONDS, TimeUnit.SECONDS)) {
            Answer busy = Problem.busy("too much is asked for at a time").answer();
            send(exchange, conversation.headers(), busy);
            return;
        }
        try {
            send(exchange, conversation.headers(), answer(conversation));
        } finally {
            places.release();
        }
    }

    private Answer answer(Conversation conversation) throws IOException, InterruptedException {
        try {
            return conversation.answer(settings.metricsWithoutToken());
        } catch (Problem e) {
            return e.answer();
        } catch (RuntimeException | Error e) { // our bug, or no memory: who asked is told, the thread goes on
            LOG.error("admin: a request has failed", e);
            return new Problem(500, "the request has failed; the log says why").answer();
        }
    }

    /** A stream is bounded by what the server of the JDK is told, and all else by us. */
    private void send(HttpExchange exchange, Map<String, String> fixed, Answer answer)
            throws IOException, InterruptedException {
        if (answer.length() == Answer.STREAM) {
            write(exchange, fixed, answer);
            return;
        }
        Cutter.Watch watch = cutter.watch();
        try (watch) {
            write(exchange, fixed, answer);
        }
    }

    private static void write(HttpExchange exchange, Map<String, String> fixed, Answer answer)
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

    /** The origins that its page has in a browser [RFC 6454]: of this machine, and of what the settings name. */
    public List<String> origins() {
        Set<String> hosts = new LinkedHashSet<>(List.of("127.0.0.1", "::1", "localhost"));
        if (!server.getAddress().getAddress().isAnyLocalAddress()) {
            hosts.add(settings.host().toLowerCase(Locale.ROOT));
        }
        settings.names().forEach(name -> hosts.add(name.toLowerCase(Locale.ROOT)));
        return hosts.stream().map(this::origin).toList();
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
        cutter.close();
    }
}
