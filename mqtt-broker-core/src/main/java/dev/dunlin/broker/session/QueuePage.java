package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.session.Inspector.Place;
import dev.dunlin.broker.spi.Page;
import dev.dunlin.broker.spi.Printable;
import dev.dunlin.broker.spi.QueuedMessage;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.broker.store.SessionReader;
import dev.dunlin.broker.store.Store;
import dev.dunlin.broker.store.StoredEntry;
import dev.dunlin.broker.store.StoredExchange;
import dev.dunlin.broker.store.StoredMessage;
import dev.dunlin.broker.store.StoredSession;
import dev.dunlin.codec.QoS;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One page of what waits for a session: begun on its loop, and ended on a reader thread if some of it is only in the store. A
 * page has messages of one part only: of the time before the start that were read, of that time and still in the store, or what
 * this process was handed, numbered by its place in the queue.
 */
final class QueuePage {
    /** Behind the older message with this sequence. */
    private static final char OLDER = 's';

    /** From this number on of what this process was handed. */
    private static final char RECENT = 'q';

    private static final Logger LOG = LoggerFactory.getLogger(QueuePage.class);

    private final Session session;
    private final @Nullable Store store;
    private final SessionQueue queue;
    private final int max;
    private final List<QueuedMessage> items = new ArrayList<>();

    private QueuePage(Session session, @Nullable Store store, int max) {
        this.session = session;
        this.store = store;
        this.queue = session.queue;
        this.max = max;
    }

    /**
     * A page.
     *
     * @param after as {@link Page#next} has said; empty to begin
     * @return completes on the loop or on a reader thread; fails with {@link StoreException}
     */
    static CompletableFuture<Page<QueuedMessage>> read(Session session, @Nullable Store store, String after, int max) {
        assert session.loop.inLoop();
        return new QueuePage(session, store, max).from(Place.of(after, OLDER));
    }

    private CompletableFuture<Page<QueuedMessage>> from(Place place) {
        return place.part() == OLDER ? older(place.number()) : recent(place.number());
    }

    // ---- of the time before the start

    private CompletableFuture<Page<QueuedMessage>> older(long after) {
        MessageQueue page = queue.olderPage();
        long last = after;
        for (int i = 0; i < page.size() && items.size() < max; i++) {
            long sequence = EntryId.sequence(page.entry(i));
            if (sequence > after) {
                items.add(inMemory(page, i));
                last = sequence;
            }
        }
        if (!items.isEmpty()) {
            return CompletableFuture.completedFuture(new Page<>(items, new Place(OLDER, last).text()));
        }
        if (store == null || queue.olderFrom() == SessionReader.Page.END) {
            return recent(0);
        }
        return older(store, Math.max(after + 1, queue.olderFrom()));
    }

    private CompletableFuture<Page<QueuedMessage>> older(Store from, long first) {
        Set<Long> underWay = queue.olderUnderWay();
        StoredSession unloaded = session.log.unloaded();
        long wallMs = session.loop.wallMs();
        long end = from.bootTicket();
        return reading(from, reader -> {
            SessionReader.Page page =
                    reader.entries(first, end, unloaded == null ? underWay : underWay(reader, unloaded));
            int n = Math.min(max, page.entries().size());
            items.addAll(messages(page.entries(), n, wallMs));
            boolean cut = n < page.entries().size();
            long next = cut ? page.entries().get(n - 1).sequence() : page.next() - 1;
            boolean all = !cut && page.next() == SessionReader.Page.END;
            return new Page<>(items, (all ? new Place(RECENT, 0) : new Place(OLDER, next)).text());
        });
    }

    private static Set<Long> underWay(SessionReader reader, StoredSession unloaded) throws StoreException {
        Set<Long> underWay = new HashSet<>();
        for (StoredExchange each : reader.exchanges()) {
            underWay.add(each.sequence());
        }
        for (long sequence : unloaded.sequences()) {
            underWay.add(sequence);
        }
        return underWay;
    }

    // ---- what this process was handed

    private CompletableFuture<Page<QueuedMessage>> recent(long from) {
        MessageQueue recent = queue.recent();
        long first = Math.max(from, recent.removed());
        int begin = (int) Math.min(recent.size(), first - recent.removed());
        int end = Math.min(recent.size(), begin + max);
        List<Long> pagedOut = new ArrayList<>();
        for (int i = begin; i < end; i++) {
            items.add(inMemory(recent, i));
            if (recent.message(i) == null) {
                pagedOut.add(EntryId.sequence(recent.entry(i)));
            }
        }
        boolean more = end < recent.size();
        long next = recent.removed() + end;
        if (pagedOut.isEmpty() || store == null) {
            return CompletableFuture.completedFuture(new Page<>(items, more ? new Place(RECENT, next).text() : null));
        }
        long wallMs = session.loop.wallMs();
        return reading(store, reader -> fill(reader, pagedOut, new Rest(next, more), wallMs));
    }

    /** Where the page ends if all of it can be read in one go. */
    private record Rest(long next, boolean more) {}

    /** Reads those that are paged out; if they are too large together the page ends before. */
    private Page<QueuedMessage> fill(SessionReader reader, List<Long> pagedOut, Rest rest, long wallMs)
            throws StoreException {
        SessionReader.Page read =
                reader.entries(pagedOut.stream().mapToLong(Long::longValue).toArray());
        List<QueuedMessage> there = messages(read.entries(), read.entries().size(), wallMs);
        int filled = 0;
        for (int i = 0; i < items.size(); i++) {
            if (items.get(i).inMemory()) {
                continue;
            }
            if (filled == there.size()) {
                long next = rest.next - items.size() + i;
                return new Page<>(items.subList(0, i), new Place(RECENT, next).text());
            }
            items.set(i, there.get(filled++));
        }
        return new Page<>(items, rest.more ? new Place(RECENT, rest.next).text() : null);
    }

    // ---- messages

    /** One that is in memory, or what stands for one that isn't. */
    private QueuedMessage inMemory(MessageQueue of, int place) {
        KeptMessage message = of.message(place);
        Target target = of.target(place);
        if (message == null || target == null) {
            return new QueuedMessage(null, QoS.AT_LEAST_ONCE, 0, -1, "", false);
        }
        long nowMs = session.loop.nowMs();
        return new QueuedMessage(
                message.topic(),
                Recipient.effectiveQoS(message, target),
                message.payloadBytes(),
                message.isExpired(nowMs) ? 0 : message.expirySeconds(nowMs),
                message.publisher(),
                true);
    }

    /** The first of these that were read. Releases the packets of all of them. */
    private List<QueuedMessage> messages(List<StoredEntry> entries, int n, long wallMs) {
        try {
            List<QueuedMessage> messages = new ArrayList<>(n);
            for (StoredEntry entry : entries.subList(0, n)) {
                messages.add(message(entry, wallMs));
            }
            return messages;
        } finally {
            for (StoredEntry entry : entries) {
                if (entry.message() != null) {
                    entry.message().packet().release();
                }
            }
        }
    }

    private QueuedMessage message(StoredEntry entry, long wallMs) {
        StoredMessage stored = entry.message();
        if (stored == null) {
            return new QueuedMessage(null, entry.qos(), 0, -1, "", false);
        }
        try {
            return stored.decode(publish -> {
                long expirySeconds = publish.messageExpirySeconds();
                long ageSeconds = Math.max(0, wallMs - stored.publishedAtMs()) / 1000;
                return new QueuedMessage(
                        publish.topic(),
                        entry.qos(),
                        publish.payloadBytes(),
                        expirySeconds < 0 ? -1 : Math.max(0, expirySeconds - ageSeconds),
                        stored.publisher(),
                        false);
            });
        } catch (StoreException e) { // the others can be read all the same
            LOG.warn(
                    "client {}: entry {} can't be read: {}",
                    Printable.text(session.clientId),
                    entry.sequence(),
                    e.getMessage());
            return new QueuedMessage(null, entry.qos(), 0, -1, "", false);
        }
    }

    private CompletableFuture<Page<QueuedMessage>> reading(Store store, Store.Reading<Page<QueuedMessage>> reading) {
        CompletableFuture<Page<QueuedMessage>> result = new CompletableFuture<>();
        store.read(session.storedSid(), reading, (page, failure) -> {
            if (page == null) {
                result.completeExceptionally(Objects.requireNonNull(failure));
            } else {
                result.complete(page);
            }
        });
        return result;
    }
}
