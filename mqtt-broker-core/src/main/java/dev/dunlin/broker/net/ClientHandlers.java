package dev.dunlin.broker.net;

import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.session.HandlerCall;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.MessageHandler;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The handlers of a {@link SessionClient}'s subscriptions, by subscription identifier. An identifier comes from its filter, so
 * that it is the same in every process; as two filters may have the same one then, the topic is looked at as well. One
 * thread at a time.
 */
final class ClientHandlers {
    private static final int IDENTIFIER_MAX = 268_435_455;

    /** A handler, with the number of the SUBSCRIBE that has brought it. */
    private record Entry(MessageHandler handler, long number) {}

    /** The handlers of a filter: the one that is in force, and behind it those whose SUBSCRIBE isn't answered yet. */
    private static final class Entries {
        final String filter;
        final ArrayDeque<Entry> inOrder = new ArrayDeque<>(1);

        Entries(String filter) {
            this.filter = filter;
        }
    }

    private final Map<Integer, Entries> byIdentifier = new HashMap<>();
    private long lastNumber;
    private final @Nullable MessageHandler others;

    /** @param others gets what is for no subscription of this process */
    ClientHandlers(@Nullable MessageHandler others) {
        this.others = others;
    }

    /**
     * Sets the handler of a filter, with a SUBSCRIBE: messages may come before its answer. Those of before are kept until then.
     *
     * @return its number, {@link #lastNumber}
     */
    long put(String filter, MessageHandler handler) {
        Entries entries = byIdentifier.computeIfAbsent(identifier(filter), absent -> new Entries(filter));
        entries.inOrder.add(new Entry(handler, ++lastNumber));
        return lastNumber;
    }

    /** The number of the last handler that was set, of whatever filter. */
    long lastNumber() {
        return lastNumber;
    }

    /** A SUBSCRIBE was granted: its handler has replaced those of before. */
    void granted(String filter, long number) {
        removeIf(filter, entry -> entry.number < number);
    }

    /** A SUBSCRIBE was refused: who was the handler before is it again. */
    void refused(String filter, long number) {
        removeIf(filter, entry -> entry.number == number);
    }

    /** An UNSUBSCRIBE was answered: gone are the handlers that were set before it was sent, and not those set since. */
    void unsubscribed(String filter, long lastNumber) {
        removeIf(filter, entry -> entry.number <= lastNumber);
    }

    private void removeIf(String filter, Predicate<Entry> gone) {
        int identifier = identifier(filter);
        Entries entries = byIdentifier.get(identifier);
        if (entries != null) {
            entries.inOrder.removeIf(gone);
            if (entries.inOrder.isEmpty()) {
                byIdentifier.remove(identifier);
            }
        }
    }

    /** The subscription identifier of a filter. */
    int identifier(String filter) {
        int identifier = 1 + Math.floorMod(filter.hashCode() * 0x9E37_79B9, IDENTIFIER_MAX);
        for (Entries there = byIdentifier.get(identifier);
                there != null && !there.filter.equals(filter);
                there = byIdentifier.get(identifier)) {
            identifier = identifier % IDENTIFIER_MAX + 1;
        }
        return identifier;
    }

    /** Who gets a message that came by these subscriptions; null for nobody. */
    @Nullable
    MessageHandler of(String topic, int[] identifiers) {
        List<MessageHandler> all = new ArrayList<>(1);
        for (int identifier : identifiers) {
            Entries entries = byIdentifier.get(identifier);
            if (entries != null && matches(entries.filter, topic)) {
                all.add(entries.inOrder.getLast().handler);
            }
        }
        return all.isEmpty() ? others : all.size() == 1 ? all.get(0) : together(all);
    }

    private static boolean matches(String filter, String topic) {
        return Topics.matches(Topics.isShared(filter) ? Topics.filterOfShare(filter) : filter, topic);
    }

    private static MessageHandler together(List<MessageHandler> all) {
        return message -> CompletableFuture.allOf(
                all.stream().map(handler -> call(handler, message)).toArray(CompletableFuture<?>[]::new));
    }

    /** What a handler throws or gives is its own affair: the others get the message as well. */
    private static CompletableFuture<Void> call(MessageHandler handler, Message message) {
        CompletableFuture<Void> called = new CompletableFuture<>();
        boolean done = HandlerCall.isDone(handler, message, failure -> {
            if (failure == null) {
                called.complete(null);
            } else {
                called.completeExceptionally(failure);
            }
        });
        if (done) {
            called.complete(null);
        }
        return called;
    }
}
