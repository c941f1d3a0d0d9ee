package dev.dunlin.broker.interop;

import dev.dunlin.broker.Listener;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.codec.QoS;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** How a client connects, and what it subscribes to when it has. Immutable: every change makes another one. */
final class Setup {
    /** What a client means by a session that it keeps, if it wants a number. */
    static final long KEPT_SECONDS = 3_600;

    static final int KEEP_ALIVE_SECONDS = 60;

    /** The Topic Alias Maximum of a client that wants aliases. */
    static final int ALIASES = 10;

    private final TestTransport transport;
    private int port;
    private final String clientId;
    private long sessionExpirySeconds;
    private int keepAliveSeconds = KEEP_ALIVE_SECONDS;
    private boolean usesAliases;
    private @Nullable TestMessage will;
    private long willDelaySeconds;
    private @Nullable Login login;
    private List<TestSubscription> subscriptions = List.of();

    private Setup(TestTransport transport, int port, String clientId) {
        this.transport = transport;
        this.port = port;
        this.clientId = clientId;
    }

    /** A client with a clean session that only connects. An empty client id leaves it to the broker. */
    static Setup of(TestTransport transport, int port, String clientId) {
        return new Setup(transport, port, clientId);
    }

    private Setup copy() {
        Setup copy = new Setup(transport, port, clientId);
        copy.sessionExpirySeconds = sessionExpirySeconds;
        copy.keepAliveSeconds = keepAliveSeconds;
        copy.usesAliases = usesAliases;
        copy.will = will;
        copy.willDelaySeconds = willDelaySeconds;
        copy.login = login;
        copy.subscriptions = subscriptions;
        return copy;
    }

    /** Not straight to the broker. */
    Setup through(Relay relay) {
        Setup copy = copy();
        copy.port = relay.port();
        return copy;
    }

    Setup keepingSession() {
        return keepingSession(KEPT_SECONDS);
    }

    /** Before 5.0 a session is kept for as long as the broker likes. */
    Setup keepingSession(long seconds) {
        Setup copy = copy();
        copy.sessionExpirySeconds = seconds;
        return copy;
    }

    Setup keepAlive(int seconds) {
        Setup copy = copy();
        copy.keepAliveSeconds = seconds;
        return copy;
    }

    /** Uses the aliases that the broker offers, and offers some. */
    Setup usingAliases() {
        Setup copy = copy();
        copy.usesAliases = true;
        return copy;
    }

    Setup will(TestMessage message) {
        return will(message, 0);
    }

    Setup will(TestMessage message, long delaySeconds) {
        Setup copy = copy();
        copy.will = message;
        copy.willDelaySeconds = delaySeconds;
        return copy;
    }

    Setup login(String userName, String password) {
        Setup copy = copy();
        copy.login = new Login(userName, password);
        return copy;
    }

    Setup subscribing(QoS maximum, String... filters) {
        return subscribing(Stream.of(filters)
                .map(filter -> TestSubscription.of(filter, maximum))
                .toArray(TestSubscription[]::new));
    }

    /** All with the same identifier and options. */
    Setup subscribing(TestSubscription... to) {
        Setup copy = copy();
        copy.subscriptions = List.of(to);
        return copy;
    }

    int port() {
        return port;
    }

    boolean isTls() {
        return transport == TestTransport.TLS || transport == TestTransport.WSS;
    }

    boolean isWebSocket() {
        return transport == TestTransport.WS || transport == TestTransport.WSS;
    }

    /**
     * Where it connects to.
     *
     * @param tcp what the library calls MQTT over TCP
     * @param tls what it calls that with TLS
     */
    String uri(String tcp, String tls) {
        String place = "://127.0.0.1:" + port;
        return switch (transport) {
            case TCP -> tcp + place;
            case TLS -> tls + place;
            case WS -> "ws" + place + Listener.DEFAULT_PATH;
            case WSS -> "wss" + place + Listener.DEFAULT_PATH;
            case PROXY, UNIX, IN_PROCESS -> throw new IllegalStateException("no library has a URI for " + transport);
        };
    }

    String clientId() {
        return clientId;
    }

    /** Whether its session outlives the connection, and is resumed if there is one. */
    boolean persistent() {
        return sessionExpirySeconds > 0;
    }

    long sessionExpirySeconds() {
        return sessionExpirySeconds;
    }

    int keepAliveSeconds() {
        return keepAliveSeconds;
    }

    boolean usesAliases() {
        return usesAliases;
    }

    @Nullable
    TestMessage will() {
        return will;
    }

    long willDelaySeconds() {
        return willDelaySeconds;
    }

    @Nullable
    Login login() {
        return login;
    }

    List<TestSubscription> subscriptions() {
        return subscriptions;
    }

    /** Nothing to hear, nothing to keep, no will: it only publishes. */
    boolean onlyPublishes() {
        return subscriptions.isEmpty() && !persistent() && will == null;
    }

    /** What a client shows to be let in. */
    record Login(String userName, String password) {}
}
