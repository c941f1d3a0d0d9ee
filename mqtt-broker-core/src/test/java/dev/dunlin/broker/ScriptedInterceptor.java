package dev.dunlin.broker;

import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.ConnectTerms;
import dev.dunlin.broker.spi.Disconnection;
import dev.dunlin.broker.spi.Interceptor;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.Verdict;
import dev.dunlin.codec.SubscriptionRequest;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/** An interceptor whose answers a test changes while the broker runs, and which notes what it was asked. */
final class ScriptedInterceptor implements Interceptor {
    volatile Function<ConnectTerms, Verdict<ConnectTerms>> connect = terms -> Verdict.pass();
    volatile Function<Message, Verdict<Message>> publish = message -> Verdict.pass();
    volatile Function<SubscriptionRequest, Verdict<SubscriptionRequest>> subscribe = asked -> Verdict.pass();
    volatile Function<String, Verdict<String>> unsubscribe = filter -> Verdict.pass();
    volatile Function<Message, Verdict<Message>> deliver = message -> Verdict.pass();
    volatile Function<Message, Verdict<Message>> will = message -> Verdict.pass();

    /** What was asked, in that order: hook, client and what it is about. */
    final List<String> asked = new CopyOnWriteArrayList<>();

    final List<Disconnection> ends = new CopyOnWriteArrayList<>();

    /** Lets publishes to "t" wait, each for the next stage of these. */
    List<CompletableFuture<Verdict<Message>>> publishesLater(int count) {
        List<CompletableFuture<Verdict<Message>>> stages = new CopyOnWriteArrayList<>();
        for (int i = 0; i < count; i++) {
            stages.add(new CompletableFuture<>());
        }
        List<CompletableFuture<Verdict<Message>>> left = new CopyOnWriteArrayList<>(stages);
        publish = message ->
                left.isEmpty() || !message.topic().equals("t") ? Verdict.pass() : Verdict.later(left.remove(0));
        return stages;
    }

    /** Throws a checked exception past the compiler, as code in other languages may. */
    static Verdict<Message> failUndeclared() {
        return ScriptedInterceptor.<RuntimeException>fail(new IOException("on purpose"));
    }

    @SuppressWarnings("unchecked") // which is the trick
    private static <E extends Throwable> Verdict<Message> fail(Throwable undeclared) throws E {
        throw (E) undeclared;
    }

    /** How many questions of this hook there were. */
    long asked(String hook) {
        return asked.stream().filter(each -> each.startsWith(hook)).count();
    }

    /** Waits for this many questions of a hook. */
    void awaitAsked(String hook, int count) {
        TestBroker.eventually(hook + " asked " + count + " times", () -> asked(hook) == count);
    }

    @Override
    public Verdict<ConnectTerms> onConnect(ClientInfo client, ConnectRequest request, ConnectTerms terms) {
        asked.add("connect " + client.clientId() + " " + terms.sessionExpirySeconds() + " " + terms.keepAliveSeconds());
        return connect.apply(terms);
    }

    @Override
    public Verdict<Message> onPublish(ClientInfo from, Message message) {
        asked.add("publish " + from.clientId() + " " + message.topic() + " " + message.payloadText());
        return publish.apply(message);
    }

    @Override
    public Verdict<SubscriptionRequest> onSubscribe(ClientInfo from, SubscriptionRequest request) {
        asked.add("subscribe " + from.clientId() + " " + request.filter());
        return subscribe.apply(request);
    }

    @Override
    public Verdict<String> onUnsubscribe(ClientInfo from, String filter) {
        asked.add("unsubscribe " + from.clientId() + " " + filter);
        return unsubscribe.apply(filter);
    }

    @Override
    public Verdict<Message> onDeliver(ClientInfo to, Message message) {
        asked.add("deliver " + to.clientId() + " " + message.topic() + " " + message.payloadText() + " "
                + message.qos().level());
        return deliver.apply(message);
    }

    @Override
    public Verdict<Message> onWill(ClientInfo from, Message message) {
        asked.add("will " + from.clientId() + " " + message.topic());
        return will.apply(message);
    }

    @Override
    public void onDisconnect(ClientInfo who, Disconnection how) {
        asked.add("disconnect " + who.clientId());
        ends.add(how);
    }
}
