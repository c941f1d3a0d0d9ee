package dev.dunlin.broker.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class RetainedIndexTest {
    private static final int LEVELS_MANY = 32_000;

    private final RetainedIndex<String> index = new RetainedIndex<>(String::length);

    @Test
    void replacesTheValueOfATopic() {
        assertThat(index.put("a/b", "one", 1)).isNull();
        assertThat(index.put("a/b", "two", 2)).isEqualTo("one");

        assertThat(index.get("a/b")).isEqualTo("two");
        assertThat(index.ticketOf("a/b")).isEqualTo(2);
        assertThat(index.size()).isEqualTo(1);
        assertThat(index.get("a")).isNull();
        assertThat(index.ticketOf("a")).isEqualTo(RetainedIndex.NO_TICKET);
    }

    @Test
    void removesTheValueOfATopic() {
        index.put("a/b", "one", 1);

        assertThat(index.remove("a/b", 2)).isEqualTo("one");

        assertThat(index.get("a/b")).isNull();
        assertThat(index.size()).isZero();
        assertThat(topics(index.cursor("#"))).isEmpty();
    }

    @Test
    void refusesAPutBelowTheTicketThatIsThere() {
        index.put("a", "newer", 5);

        assertThat(index.put("a", "older", 4)).isEqualTo("older");

        assertThat(index.get("a")).isEqualTo("newer");
        assertThat(index.ticketOf("a")).isEqualTo(5);
        assertThat(index.size()).isEqualTo(1);
    }

    @Test
    void takesAPutOfTheSameTicket() {
        index.put("a", "one", 5);

        assertThat(index.put("a", "again", 5)).isEqualTo("one");

        assertThat(index.get("a")).isEqualTo("again");
    }

    @Test
    void refusesARemovalBelowTheTicketThatIsThere() {
        index.put("a", "newer", 5);

        assertThat(index.remove("a", 4)).isNull();

        assertThat(index.get("a")).isEqualTo("newer");
        assertThat(index.size()).isEqualTo(1);
    }

    @Test
    void removalAlsoWinsOverALowerPutThatComesAfterIt() {
        index.put("there", "one", 1);
        index.remove("there", 5);
        index.remove("never there", 6);

        assertThat(index.put("there", "late", 4)).isEqualTo("late");
        assertThat(index.put("never there", "late", 4)).isEqualTo("late");

        assertThat(index.size()).isZero();
        assertThat(index.ticketOf("there")).isEqualTo(5);
        assertThat(index.put("there", "new", 7)).isNull();
        assertThat(index.get("there")).isEqualTo("new");
    }

    @Test
    void forgetsOnlyTombstonesBelowTheTicket() {
        index.remove("a", 3);
        index.remove("b", 4);
        index.remove("c", 5);
        index.put("b", "new", 6);

        index.forgetTombstones(5);

        assertThat(index.ticketOf("a")).isEqualTo(RetainedIndex.NO_TICKET);
        assertThat(index.get("b")).isEqualTo("new");
        assertThat(index.ticketOf("c")).isEqualTo(5);

        index.forgetTombstones(6);

        assertThat(index.ticketOf("c")).isEqualTo(RetainedIndex.NO_TICKET);
        assertThat(index.size()).isEqualTo(1);
    }

    @RepeatedTest(10)
    void behavesLikeTheModel() {
        Seeded.run(random -> {
            RetainedIndex<Integer> index = new RetainedIndex<>(value -> value);
            RandomTopics topics = new RandomTopics(random);
            Map<String, Integer> values = new HashMap<>();
            Map<String, Long> tickets = new HashMap<>();
            for (int i = 0; i < 1_000; i++) {
                String topic = topics.topic();
                long ticket = Math.max(0, 10L * i + random.nextInt(1_000)); // often below the one that is there
                boolean newest = ticket >= tickets.getOrDefault(topic, -1L);
                Integer before = values.get(topic);
                if (random.nextInt(3) > 0) {
                    Integer value = i;
                    assertThat(index.put(topic, value, ticket)).isSameAs(newest ? before : value);
                    values.put(topic, newest ? value : before);
                } else {
                    assertThat(index.remove(topic, ticket)).isSameAs(newest ? before : null);
                    values.put(topic, newest ? null : before);
                }
                tickets.merge(topic, ticket, Math::max);
                values.values().removeIf(value -> value == null);
                assertThat(index.get(topic)).isSameAs(values.get(topic));
                assertThat(index.ticketOf(topic)).isEqualTo(tickets.get(topic));
                assertThat(index.size()).isEqualTo(values.size());
                assertThat(index.bytes()).isEqualTo(bytes(values));
                if (i % 10 == 0) {
                    long below = 10L * i;
                    index.forgetTombstones(below);
                    tickets.keySet().removeIf(t -> isForgotten(index, t, below, tickets.get(t)));
                }
                String filter = topics.filter();
                assertThat(topics(index.cursor(filter)))
                        .as(filter)
                        .containsExactlyInAnyOrderElementsOf(values.keySet().stream()
                                .filter(t -> Topics.matches(filter, t))
                                .toList());
            }
        });
    }

    /** Each value says itself how much it weighs. */
    private static long bytes(Map<String, Integer> values) {
        return values.entrySet().stream()
                .mapToLong(entry -> entry.getKey().length() + entry.getValue())
                .sum();
    }

    @Test
    void weighsNothingOfWhatHasExpiredOrWasCleared() {
        index.put("a", "12345", 1);
        String expired = "123";
        index.put("b", expired, 2);
        assertThat(index.bytes()).isEqualTo(1 + 5 + 1 + 3);
        assertThat(index.expire("b", "another")).isFalse();
        assertThat(index.bytes()).isEqualTo(1 + 5 + 1 + 3);
        assertThat(index.expire("b", expired)).isTrue();
        assertThat(index.bytes()).isEqualTo(1 + 5);
        index.clear(former -> {});
        assertThat(index.bytes()).isZero();
    }

    private static boolean isForgotten(RetainedIndex<?> index, String topic, long below, long ticket) {
        boolean forgotten = index.ticketOf(topic) == RetainedIndex.NO_TICKET;
        assertThat(forgotten && ticket >= below)
                .as("forgot %s too early", topic)
                .isFalse();
        return forgotten;
    }

    /** [3.1.1:MQTT-4.7.2-1] [5.0:MQTT-4.7.2-1] */
    @Test
    void leadingWildcardDoesNotWalkDollarTopics() {
        putAll("$SYS/a", "$", "#a".substring(1), "%", "!/x", "/a");

        assertThat(topics(index.cursor("#"))).containsExactly("/a", "!/x", "%", "a");
        assertThat(topics(index.cursor("+/a"))).containsExactly("/a");
        assertThat(topics(index.cursor("$SYS/#"))).containsExactly("$SYS/a");
    }

    @Test
    void walksLevelByLevel() {
        putAll("a/c", "a!b", "a", "a/b/z", "a/b", "a/b!", "b", "a/b/", "/");

        assertThat(topics(index.cursor("#")))
                .containsExactly("/", "a", "a/b", "a/b/", "a/b/z", "a/b!", "a/c", "a!b", "b");
    }

    @Test
    void cursorReadsAValueWhenItGetsThere() {
        putAll("a", "b", "c", "e");
        Cursor<String> cursor = index.cursor("+");
        cursor.next();

        index.put("b", "new", 10);
        index.remove("c", 11);
        index.put("d", "fresh", 12);

        assertThat(cursor.topic()).isEqualTo("a");
        assertThat(cursor.next()).isTrue();
        assertThat(cursor.topic()).isEqualTo("b");
        assertThat(cursor.value()).isEqualTo("new");
        assertThat(cursor.ticket()).isEqualTo(10);
        assertThat(topics(cursor)).containsExactly("d", "e");
        assertThat(cursor.next()).isFalse();
    }

    @Test
    void cursorHasNothingToSayBeforeAndAfterTheWalk() {
        putAll("a");
        Cursor<String> cursor = index.cursor("#");

        assertThatThrownBy(cursor::value).isInstanceOf(NoSuchElementException.class);
        assertThat(topics(cursor)).containsExactly("a");
        assertThatThrownBy(cursor::topic).isInstanceOf(NoSuchElementException.class);
    }

    @Test
    void cursorLooksAtNoMoreTopicsThanItMay() {
        putAll("a/1/y", "a/2/y", "a/3/y", "a/4/x", "a/5/y");
        Cursor<String> cursor = index.cursor("a/+/x");

        int pieces = 1;
        while (!cursor.next(1)) {
            assertThat(cursor.isAtEnd()).isFalse();
            pieces++;
        }
        assertThat(cursor.topic()).isEqualTo("a/4/x");
        assertThat(pieces).isEqualTo(4);

        assertThat(cursor.next(10)).isFalse();
        assertThat(cursor.isAtEnd()).isTrue();
    }

    @Test
    void anotherCursorGoesOnWhereOneStopped() {
        putAll("a/1", "a/2", "a/2/x", "a/3", "a/4");
        Cursor<String> first = index.cursor("a/+");
        first.next();
        first.next();
        String stored = first.topic();
        index.remove(stored, 20);

        assertThat(topics(index.cursor("a/+", stored))).containsExactly("a/3", "a/4");
        assertThat(topics(index.cursor("a/#", stored))).containsExactly("a/2/x", "a/3", "a/4");
        assertThat(topics(index.cursor("a/+", "a"))).containsExactly("a/1", "a/3", "a/4");
        assertThat(topics(index.cursor("a/+", "a/4"))).isEmpty();
    }

    @RepeatedTest(5)
    void walkInPiecesMeetsWhatOneWalkMeets() {
        Seeded.run(random -> {
            RetainedIndex<String> index = new RetainedIndex<>(String::length);
            RandomTopics topics = new RandomTopics(random);
            for (int i = 0; i < 500; i++) {
                index.put(topics.topic(), "v", i);
            }
            for (String filter : topics.filters(100)) {
                List<String> pieces = new ArrayList<>();
                Cursor<String> cursor = index.cursor(filter);
                while (cursor.next()) {
                    pieces.add(cursor.topic());
                    cursor = random.nextBoolean() ? cursor : index.cursor(filter, cursor.topic());
                }
                assertThat(pieces).as(filter).isEqualTo(topics(index.cursor(filter)));
            }
        });
    }

    @Test
    void standsTopicsOfVeryManyLevels() {
        String topic = "a/".repeat(LEVELS_MANY) + "a";
        String below = topic + "/b";
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            for (int i = 0; i < 20; i++) {
                index.put(topic, "deep", 10L * i);
                index.put(below, "deeper", 10L * i + 1);

                assertThat(topics(index.cursor("+/".repeat(LEVELS_MANY) + "+"))).containsExactly(topic);
                assertThat(topics(index.cursor("a/".repeat(LEVELS_MANY) + "#"))).containsExactly(topic, below);
                assertThat(topics(index.cursor("a/".repeat(LEVELS_MANY) + "b"))).isEmpty();

                index.remove(topic, 10L * i + 2);
                index.remove(below, 10L * i + 3);
            }
        });
        index.forgetTombstones(10_000);
        assertThat(index.ticketOf(topic)).isEqualTo(RetainedIndex.NO_TICKET);
    }

    private void putAll(String... topics) {
        for (String topic : topics) {
            index.put(topic, "value of " + topic, 1);
        }
    }

    static List<String> topics(Cursor<?> cursor) {
        List<String> topics = new ArrayList<>();
        while (cursor.next()) {
            topics.add(cursor.topic());
        }
        return topics;
    }
}
