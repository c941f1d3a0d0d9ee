package dev.dunlin.broker.net;

import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.spi.MessageHandler;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The handlers of a {@link SessionClient}'s subscriptions, by subscription identifier. An identifier comes from its filter, so
 * that it is the same in every process; as two filters may have the same one then, the topic is looked at as well. One
 * thread at a time.
 */
final class ClientHandlers {
    private static final int IDENTIFIER_MAX = 268_435_455;

    private record Entry(String filter, MessageHandler handler) {}

    private final Map<Integer, Entry> byIdentifier = new HashMap<>();
    private final @Nullable MessageHandler others;

    /** @param others gets what is for no subscription of this process */
    ClientHandlers(@Nullable MessageHandler others) {
        this.others = others;
    }

    /** Sets the handler of a filter; returns its subscription identifier. */
    int put(String filter, MessageHandler handler) {
        int identifier = place(filter);
        byIdentifier.put(identifier, new Entry(filter, handler));
        return identifier;
    }

    void remove(String filter) {
        byIdentifier.remove(place(filter));
    }

    private int place(String filter) {
        int identifier = 1 + Math.floorMod(filter.hashCode() * 0x9E37_79B9, IDENTIFIER_MAX);
        for (Entry there = byIdentifier.get(identifier);
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
            Entry entry = byIdentifier.get(identifier);
            if (entry != null && matches(entry.filter, topic)) {
                all.add(entry.handler);
            }
        }
        return all.isEmpty() ? others : all.size() == 1 ? all.get(0) : together(all);
    }

    private static boolean matches(String filter, String topic) {
        return Topics.matches(Topics.isShared(filter) ? Topics.filterOfShare(filter) : filter, topic);
    }

    private static MessageHandler together(List<MessageHandler> all) {
        return message -> CompletableFuture.allOf(all.stream()
                .map(handler -> handler.onMessage(message).toCompletableFuture())
                .toArray(CompletableFuture<?>[]::new));
    }
}
