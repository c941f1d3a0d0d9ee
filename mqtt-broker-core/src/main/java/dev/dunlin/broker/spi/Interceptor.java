package dev.dunlin.broker.spi;

import dev.dunlin.codec.SubscriptionRequest;
import java.util.concurrent.Executor;

/**
 * Sees what clients do, and may change or refuse it: {@code BrokerBuilder.intercept}. Override what you need: which methods
 * a class overrides is found out at the start, and what nobody overrides costs nothing. See docs/interceptors.md.
 *
 * <p>Several are asked in the order in which they were added; each sees what the one before has made of it, and the first that
 * refuses ends it. They come behind authentication, permissions and limits, which hold for what the client says. What an
 * interceptor puts in its place is the host's own word: it must be valid, within the limits and outside of {@code $SYS/}, and
 * nobody's permission is asked for it. Topics are whole: with the mount point of the listener.
 *
 * <p>Every method is called on an event loop, several at once for several clients, and must not block: see {@link #blocking}. A
 * {@link Verdict#later later} answer may come from any thread. Meanwhile the client isn't read, its keep alive stands still, and
 * nobody else waits. An interceptor that throws, answers null or something invalid, whose stage fails, or that takes longer than
 * {@code BrokerBuilder.interceptorTimeout}, has failed: that is logged, and {@link OnFailure} says what becomes of it. A
 * second answer, and one that is too late, changes nothing.
 *
 * <p>{@code Broker.local()} is the host itself, with the sessions that it connects: no interceptor sees what these publish, subscribe
 * to or are delivered.
 */
public interface Interceptor {

    /**
     * A client wants to connect; it is authenticated and authorized, and no session has been opened or taken over. On the loop
     * that has accepted it. Altogether, answers included, a CONNECT has {@link Limits#connectTimeoutMs()}.
     *
     * @param request its CONNECT; leave its password array alone
     * @param asked what it asks for, as far as {@link Limits} grant that. What is granted instead is told a 5.0 client in CONNACK,
     *     and is the most that it can have by its DISCONNECT; one of 3.1 or 3.1.1 keeps its keep alive [3.1.1:MQTT-3.1.2-24], and a
     *     clean session ends with its connection [3.1.1:MQTT-3.1.2-6]
     * @return a refusal is told in CONNACK, below 5.0 if it has a return code for that
     */
    default Verdict<ConnectTerms> onConnect(ClientInfo client, ConnectRequest request, ConnectTerms asked) {
        return Verdict.pass();
    }

    /**
     * A client publishes something that it may publish. PUBACK or PUBREC waits for the answer, and then for durability as always.
     * A QoS 2 duplicate isn't asked about again, unless the connection was lost before the answer had come.
     *
     * @param message with the QoS of its PUBLISH
     * @return what goes to subscribers: topic, payload, properties, QoS and RETAIN may be others; the exchange with the publisher
     *     follows what it has published. A refusal is told a 5.0 client in PUBACK or PUBREC; one of 3.1 or 3.1.1 can't be told: it
     *     gets a positive acknowledgement for what is rejected [3.1.1:MQTT-3.3.5-2], and none if it is disconnected. Counted as
     *     {@link DropReason#REFUSED}
     */
    default Verdict<Message> onPublish(ClientInfo from, Message message) {
        return Verdict.pass();
    }

    /**
     * A client subscribes: asked filter by filter in the order of its SUBSCRIBE. Nothing of it is done before the last answer.
     *
     * @param asked with the whole filter; with {@code $share/name/} if it is shared
     * @return another filter, QoS or options; a client that unsubscribes says its own filter: see {@link #onUnsubscribe}. A refusal is
     *     told in SUBACK
     */
    default Verdict<SubscriptionRequest> onSubscribe(ClientInfo from, SubscriptionRequest asked) {
        return Verdict.pass();
    }

    /**
     * A client unsubscribes: asked filter by filter in the order of its UNSUBSCRIBE.
     *
     * @param filter the whole filter as the client says it
     * @return the filter that its subscription has. If it is refused, the subscription stays, which only 5.0 clients are told
     */
    default Verdict<String> onUnsubscribe(ClientInfo from, String filter) {
        return Verdict.pass();
    }

    /**
     * A message is about to be sent to a client for the first time: also one that was queued, is retained, or comes by a shared
     * subscription. What is sent again later is what was sent; after a restart of the broker it is asked about once more.
     *
     * @param message with the QoS and RETAIN of its delivery
     * @return at once: {@link Verdict#later} is a failure. Topic, payload and properties may be others, the QoS lower but not higher;
     *     RETAIN stays. What is refused is dropped, and counted as {@link DropReason#INTERCEPTED}; {@link Verdict#disconnect} ends the
     *     connection besides
     */
    default Verdict<Message> onDeliver(ClientInfo to, Message message) {
        return Verdict.pass();
    }

    /**
     * A will is about to be published. The client may turn out to be back, or to have left in peace, before the answer is there: then
     * it isn't published, whatever the answer. One that waits in a store is asked about anew after a restart.
     *
     * @param from its client; the address is one whose text is "unknown"
     * @return as for {@link #onPublish}; a refused will isn't published, and counts as {@link DropReason#REFUSED}
     */
    default Verdict<Message> onWill(ClientInfo from, Message will) {
        return Verdict.pass();
    }

    /** The connection of a client has ended that had got its CONNACK. What is thrown is logged, and that is all. */
    default void onDisconnect(ClientInfo who, Disconnection how) {
        // nobody has to listen
    }

    /**
     * Runs the hooks of one that blocks on an executor, never on an event loop; but {@link #onDeliver}, which is asked where it always
     * is and must not block. A task that the executor rejects is a failure of the interceptor.
     *
     * @param executor bounded by its owner
     */
    static Interceptor blocking(Interceptor inner, Executor executor) {
        return new BlockingInterceptor(inner, executor);
    }
}
