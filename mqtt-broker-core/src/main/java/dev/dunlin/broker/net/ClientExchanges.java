package dev.dunlin.broker.net;

import dev.dunlin.codec.ReasonCode;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a {@link SessionClient} has sent and is to be answered, by packet id. One thread at a time. */
final class ClientExchanges {
    private static final int IDS_MAX = 65_535;

    /** One of them; {@code reason} is that of PUBREC until PUBCOMP has come. */
    private static final class Exchange {
        final CompletableFuture<ReasonCode> result;
        final boolean publish;

        @Nullable
        ReasonCode received;

        @Nullable
        Consumer<ReasonCode> answered;

        Exchange(CompletableFuture<ReasonCode> result, boolean publish) {
            this.result = result;
            this.publish = publish;
        }
    }

    private final Map<Integer, Exchange> byId = new HashMap<>();
    private int publishes;
    private int lastId;

    /** Publishes under way: the broker's Receive Maximum is about them. */
    int publishes() {
        return publishes;
    }

    boolean isFull() {
        return byId.size() == IDS_MAX;
    }

    /** Begins one; returns its packet id. There must be one left. */
    int begin(CompletableFuture<ReasonCode> result, boolean publish) {
        assert !isFull();
        do {
            lastId = lastId % IDS_MAX + 1;
        } while (byId.containsKey(lastId));
        byId.put(lastId, new Exchange(result, publish));
        publishes += publish ? 1 : 0;
        return lastId;
    }

    /** PUBREC without an error: what its PUBCOMP will complete it with. */
    void received(int id, ReasonCode reason) {
        Exchange exchange = byId.get(id);
        if (exchange != null) {
            exchange.received = reason;
        }
    }

    /** Has this called with the answer to one, before {@link #end} returns. Not without an answer. */
    void whenAnswered(int id, Consumer<ReasonCode> answered) {
        Exchange exchange = byId.get(id);
        assert exchange != null : "none with id " + id;
        exchange.answered = answered;
    }

    /** Ends one; null if there is none with this id. */
    @Nullable
    Answered end(int id, ReasonCode reason) {
        Exchange exchange = byId.remove(id);
        if (exchange == null) {
            return null;
        }
        publishes -= exchange.publish ? 1 : 0;
        if (exchange.answered != null) {
            exchange.answered.accept(reason);
        }
        return new Answered(exchange.result, exchange.publish, exchange.received == null ? reason : exchange.received);
    }

    /** Ends all. */
    void endAll(Consumer<CompletableFuture<ReasonCode>> unanswered) {
        byId.values().forEach(exchange -> unanswered.accept(exchange.result));
        byId.clear();
        publishes = 0;
    }

    /** An answer, to be completed. */
    record Answered(CompletableFuture<ReasonCode> result, boolean publish, ReasonCode reason) {}
}
