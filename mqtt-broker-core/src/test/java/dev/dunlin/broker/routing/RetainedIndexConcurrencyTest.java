package dev.dunlin.broker.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RetainedIndexConcurrencyTest {
    private static final int WRITERS = 3;
    private static final int CHANGES_PER_WRITER = 20_000;

    private final RetainedIndex<Long> index = new RetainedIndex<>(value -> 1);
    private final AtomicLong tickets = new AtomicLong();
    private final AtomicInteger writing = new AtomicInteger(WRITERS);

    /** Values are their tickets. Each one put must come back, be refused or stay: as often as it went in. */
    @Test
    void everyValueComesBackOnceAndTheHighestTicketStays() throws Exception {
        List<String> topics = List.of("a", "a/b", "a/b/c", "d");
        Set<Long> came = ConcurrentHashMap.newKeySet();
        Set<Long> went = ConcurrentHashMap.newKeySet();
        ConcurrentHashMap<String, Long> highest = new ConcurrentHashMap<>();

        runWriters(random -> {
            String topic = topics.get(random.nextInt(topics.size()));
            long ticket = tickets.incrementAndGet();
            Long gone;
            if (random.nextInt(4) > 0) {
                came.add(ticket);
                gone = index.put(topic, ticket, ticket);
                highest.merge(topic, ticket, Math::max);
            } else {
                gone = index.remove(topic, ticket);
                highest.merge(topic, ticket, Math::max);
            }
            assertThat(gone == null || went.add(gone))
                    .as("%s comes back once", gone)
                    .isTrue();
        });

        Cursor<Long> rest = index.cursor("#");
        while (rest.next()) {
            assertThat(went.add(rest.value())).isTrue();
        }
        assertThat(went).isEqualTo(came);
        highest.forEach((topic, ticket) -> assertThat(index.ticketOf(topic)).isEqualTo(ticket));
        index.forgetTombstones(tickets.get() + 1);
        assertThat(index.size())
                .isEqualTo(RetainedIndexTest.topics(index.cursor("#")).size());
    }

    @Test
    void walkMeetsEveryUntouchedTopicOnceWhileOthersComeAndGo() throws Exception {
        List<String> untouched = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            untouched.add("u/" + i + "/x");
        }
        Collections.sort(untouched);
        untouched.forEach(topic -> index.put(topic, 0L, tickets.incrementAndGet()));

        List<Future<?>> walks = new ArrayList<>();
        ExecutorService walkers = Executors.newFixedThreadPool(2);
        for (String filter : List.of("#", "u/+/x")) {
            walks.add(walkers.submit(() -> {
                do {
                    List<String> met = RetainedIndexTest.topics(index.cursor(filter));
                    assertThat(met).doesNotHaveDuplicates();
                    met.retainAll(Set.copyOf(untouched));
                    assertThat(met).isEqualTo(untouched);
                } while (writing.get() > 0);
            }));
        }
        runWriters(random -> {
            int i = random.nextInt(300);
            String topic = random.nextBoolean() ? "u/" + i + "/x/y" : "u/" + i + "!/x";
            index.put(topic, 1L, tickets.incrementAndGet());
            index.remove(topic, tickets.incrementAndGet());
        });
        for (Future<?> walk : walks) {
            walk.get();
        }
        walkers.shutdownNow();
        index.forgetTombstones(tickets.get() + 1);
        assertThat(index.size()).isEqualTo(untouched.size());
    }

    private interface Change {
        void apply(Random random);
    }

    private void runWriters(Change change) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(WRITERS + 1);
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
            Random random = new Random(i);
            running.add(threads.submit(() -> {
                try {
                    for (int n = 0; n < CHANGES_PER_WRITER; n++) {
                        change.apply(random);
                    }
                } finally {
                    writing.decrementAndGet();
                }
            }));
        }
        for (Future<?> thread : running) {
            thread.get();
        }
        threads.shutdownNow();
    }
}
