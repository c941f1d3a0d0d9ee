package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.spi.BlockingInterceptor;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.ConnectTerms;
import dev.dunlin.broker.spi.Disconnection;
import dev.dunlin.broker.spi.Interceptor;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.OnFailure;
import dev.dunlin.broker.spi.Printable;
import dev.dunlin.codec.SubscriptionRequest;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The interceptors of a broker, by hook: a field is null if nobody has that hook, which is all that it costs then. Immutable.
 */
public final class Interceptors {
    /** None at all. */
    public static final Interceptors NONE = new Interceptors(List.of(), 0, OnFailure.REJECT);

    private static final Logger LOG = LoggerFactory.getLogger(Interceptors.class);

    /** Of CONNECTs. */
    public final @Nullable InterceptorChain<ConnectTerms> connect;

    final @Nullable InterceptorChain<Message> publish;
    final @Nullable InterceptorChain<SubscriptionRequest> subscribe;
    final @Nullable InterceptorChain<String> unsubscribe;
    final @Nullable InterceptorChain<Message> deliver;
    final @Nullable InterceptorChain<Message> will;
    private final List<Interceptor> disconnect;

    /**
     * These, in their order.
     *
     * @param timeoutMs how long each may take to answer, in milliseconds
     */
    public Interceptors(List<Interceptor> all, long timeoutMs, OnFailure onFailure) {
        Chains chains = new Chains(all, timeoutMs, onFailure);
        connect = chains.of("onConnect", terms -> {});
        publish = chains.of("onPublish", Interceptors::checkMessage);
        subscribe = chains.of("onSubscribe", asked -> checkFilter(asked.filter(), asked.noLocal()));
        unsubscribe = chains.of("onUnsubscribe", filter -> checkFilter(filter, false));
        deliver = chains.of("onDeliver", Interceptors::checkMessage);
        will = chains.of("onWill", Interceptors::checkMessage);
        disconnect = chains.with("onDisconnect");
    }

    /** Makes the chains. */
    private record Chains(List<Interceptor> all, long timeoutMs, OnFailure onFailure) {
        <T> @Nullable InterceptorChain<T> of(String hook, Consumer<T> check) {
            List<Interceptor> with = with(hook);
            return with.isEmpty() ? null : new InterceptorChain<>(hook, with, timeoutMs, onFailure, check);
        }

        List<Interceptor> with(String hook) {
            Method declared = Arrays.stream(Interceptor.class.getMethods())
                    .filter(method -> method.getName().equals(hook))
                    .findAny()
                    .orElseThrow();
            return all.stream().filter(each -> overrides(each, declared)).toList();
        }
    }

    private static boolean overrides(Interceptor interceptor, Method hook) {
        if (interceptor instanceof BlockingInterceptor blocking) {
            return overrides(blocking.inner(), hook);
        }
        try {
            Method found = interceptor.getClass().getMethod(hook.getName(), hook.getParameterTypes());
            return found.getDeclaringClass() != Interceptor.class; // a proxy declares all of them
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException("an interceptor without " + hook, e);
        }
    }

    // ---- questions

    /** Asks about a CONNECT; see {@link InterceptorChain#ask}. There must be a chain. */
    public void askConnect(
            SessionLoop loop,
            ClientInfo client,
            ConnectRequest request,
            ConnectTerms asked,
            Consumer<Decision<ConnectTerms>> then) {
        assert connect != null : "nobody has this hook";
        connect.ask(loop, client.clientId(), asked, (each, terms) -> each.onConnect(client, request, terms), then);
    }

    /** Tells of the end of a connection, on its loop. */
    public void tell(Link ended, Disconnection how) {
        if (disconnect.isEmpty()) {
            return;
        }
        ClientInfo who = ended.client();
        for (Interceptor each : disconnect) {
            try {
                each.onDisconnect(who, how);
            } catch (Throwable e) { // user code
                LOG.warn(
                        "client {}: an interceptor failed in onDisconnect: {}",
                        Printable.text(who.clientId()),
                        e.toString());
            }
        }
    }

    // ---- what can take the place of something

    private static void checkMessage(Message message) {
        KeptMessage.of(message, 0).release(); // refuses what no PUBLISH can carry
        String responseTopic = message.responseTopic();
        if (responseTopic != null && !Topics.isValidTopic(responseTopic)) { // [5.0:MQTT-3.3.2-14]
            throw new IllegalArgumentException("no response topic: " + responseTopic);
        }
    }

    private static void checkFilter(String filter, boolean noLocal) {
        boolean shared = Topics.isShared(filter);
        if (!Topics.isValidFilter(filter) || (shared && (noLocal || !Topics.isValidShare(filter)))) {
            throw new IllegalArgumentException("no topic filter that can be subscribed to: " + filter);
        }
    }
}
