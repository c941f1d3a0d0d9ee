package dev.dunlin.broker;

import static dev.dunlin.broker.StoredBroker.persistent;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.dunlin.broker.StoreCheck.Finding;
import dev.dunlin.broker.StoreCheck.Severity;
import dev.dunlin.broker.WatchedStore.Stored;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.store.tck.Crash;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a check and the figures say of stores that brokers have written, sound ones and those that were changed since. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StoreCheckTest {
    private static final String LARGE = "x".repeat(5_000);

    @AutoClose
    private final StoredBroker stored = StoredBroker.start();

    private final WatchedStore contents = stored.contents();

    /** Every kind of record. */
    @BeforeEach
    void fill() {
        stored.away("sleeper", "home/#", 2);
        stored.away("other", "home/shared", 1);
        stored.away("member", "$share/g/work", 1);
        WireClient reader = stored.made("reader").subscribed("now", 2);
        WireClient publisher = stored.made("publisher");
        publisher.published("home/1", "small", 1);
        publisher.published("home/shared", LARGE, 2);
        publisher.published("work", LARGE, 1);
        publisher.published(publish("door", "open").retain(), 1);
        publisher.published("now", "sent", 2);
        reader.expect(publish("now", "sent").qos(2, 1));
        publisher.published("now", "released", 2);
        reader.expect(publish("now", "released").qos(2, 2));
        reader.send(pubrec(2)).expect(pubrel(2));
        publisher.send(publish("home/2", "received").qos(2, 77)).expect(pubrec(77));
        stored.sync();
        stored.awaitQuiet();
    }

    private StoreCheck check() throws Exception {
        return StoreCheck.of(contents);
    }

    private static List<String> texts(StoreCheck check, Severity severity) {
        return check.findings().stream()
                .filter(finding -> finding.severity() == severity)
                .map(Finding::text)
                .toList();
    }

    private void assertDamage(String... texts) throws Exception {
        StoreCheck check = check();
        assertThat(texts(check, Severity.DAMAGE)).containsExactly(texts);
        assertThat(check.damaged()).isEqualTo(texts.length);
        assertThat(check.isSound()).isFalse();
    }

    private Stored only(Space space, String keyPart) {
        return contents.records(space).stream()
                .filter(each -> new String(each.key(), UTF_8).contains(keyPart))
                .findFirst()
                .orElseThrow();
    }

    // ---- sound

    @Test
    void aStoreThatWasClosedIsSound() throws Exception {
        stored.stop();
        StoreCheck check = check();
        assertThat(check.isSound()).isTrue();
        assertThat(check.findings()).isEmpty();
        assertThat(check.counts()).isEqualTo(new StoreCounts(6, 4, 1, 6, 2, 1, 2, 1));
        assertThat(check.format()).isEqualTo("1.0");
        assertThat(check.engine()).isEqualTo("model");
    }

    @ParameterizedTest
    @EnumSource(Crash.class)
    void aStoreThatWasLeftByACrashIsSound(Crash kind) throws Exception {
        stored.crashOnly(kind);
        assertThat(check().isSound()).isTrue();
    }

    @Test
    void changesNothing() throws Exception {
        stored.stop();
        List<String> before = everything();
        check();
        StoreStats.of(contents);
        assertThat(everything()).isEqualTo(before);
    }

    private List<String> everything() {
        return List.of(Space.values()).stream()
                .flatMap(space -> contents.records(space).stream()
                        .map(each -> space
                                + List.of(ByteBuffer.wrap(each.key()), ByteBuffer.wrap(each.value()))
                                        .toString()
                                + Arrays.hashCode(each.value())))
                .toList();
    }

    // ---- damage

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SESSION|csleeper|client sleeper: a session in the store is damaged: its checksum is wrong",
                "SESSION|home/#|client sleeper: subscription home/#: a subscription in the store is damaged: its"
                        + " checksum is wrong",
                "RETAINED|door|the retained message of door: the retained message of door in the store is damaged: its"
                        + " checksum is wrong",
            })
    void aDamagedRecordIsFoundByName(Space space, String key, String text) throws Exception {
        stored.stop();
        contents.damage(space, only(space, key));
        assertDamage(text);
    }

    @Test
    void damagedExchangesGroupsEntriesAndMessagesAreFound() throws Exception {
        stored.stop();
        long reader = contents.sid("reader");
        Stored exchange = contents.records(Space.SESSION).stream()
                .filter(each -> each.key()[0] == 'o' && each.keyAt(1).getLong() == reader)
                .findFirst()
                .orElseThrow();
        Stored message = contents.records(Space.MESSAGE).get(0);
        Stored entry = contents.records(Space.QUEUE).get(0); // the oldest session's first
        long id = message.keyAt(0).getLong();
        contents.damage(Space.SESSION, exchange);
        contents.damage(Space.MESSAGE, message);
        contents.damage(Space.QUEUE, entry);
        assertDamage(
                "client reader: exchange 1: an exchange in the store is damaged: its checksum is wrong",
                "message " + id + ": a message in the store is damaged: its checksum is wrong",
                "client sleeper: queue entry " + entry.keyAt(8).getLong()
                        + ": a queue entry in the store is damaged: its checksum is wrong");
    }

    @Test
    void aRecordWithARightChecksumAndWrongContentIsFound() throws Exception {
        stored.stop();
        Stored session = only(Space.SESSION, "csleeper");
        byte[] value = session.value().clone();
        ByteBuffer.wrap(value).putInt(30, Integer.MAX_VALUE); // bytes of the will
        contents.put(Space.SESSION, session.key(), checked(value));
        assertDamage("client sleeper: a session is cut off");
        contents.put(Space.SESSION, session.key(), checked(new byte[] {9, 0, 0, 0, 0}));
        assertDamage("client sleeper: a session has version 9");
        contents.put(Space.SESSION, session.key(), checked(new byte[] {1, 0, 0, 0, 0}));
        assertThat(texts(check(), Severity.DAMAGE))
                .singleElement()
                .asString()
                .startsWith("client sleeper can't be read");
    }

    private static byte[] checked(byte[] value) {
        CRC32C crc = new CRC32C();
        crc.update(value, 0, value.length - Integer.BYTES);
        ByteBuffer.wrap(value).putInt(value.length - Integer.BYTES, (int) crc.getValue());
        return value;
    }

    @Test
    void aMissingMessageIsFoundForEachOfItsEntries() throws Exception {
        stored.stop();
        Stored shared = contents.records(Space.MESSAGE).get(0);
        long id = shared.keyAt(0).getLong();
        contents.remove(Space.MESSAGE, shared.key());
        assertDamage(
                "client sleeper: queue entry " + id + ": its message " + id + " is missing",
                "client other: queue entry " + id + ": its message " + id + " is missing");
    }

    @Test
    void theMessageOfAGroupIsNamedByTheGroup() throws Exception {
        stored.stop();
        Stored work = contents.records(Space.MESSAGE).get(1);
        long id = work.keyAt(0).getLong();
        contents.remove(Space.MESSAGE, work.key());
        assertDamage("group $share/g/work: queue entry " + id + ": its message " + id + " is missing");
    }

    @Test
    void aNumberThatWasNeverGivenIsFound() throws Exception {
        stored.stop();
        contents.put(
                Space.META,
                "lastTicket".getBytes(UTF_8),
                ByteBuffer.allocate(8).putLong(0, 1).array());
        assertThat(check().damaged()).isGreaterThan(6);
        assertThat(texts(check(), Severity.DAMAGE))
                .anyMatch(text -> text.startsWith("the retained message of door has number ")
                        && text.endsWith(", but the last one that was given is 1"));
    }

    @Test
    void whatTheStoreSaysAboutItselfIsLookedAt() throws Exception {
        stored.stop();
        contents.put(
                Space.META,
                "swept".getBytes(UTF_8),
                ByteBuffer.allocate(8).putLong(0, 7).array());
        assertThat(texts(check(), Severity.DAMAGE)).contains("META swept is 7");
    }

    @Test
    void oddKeysAreFound() throws Exception {
        stored.stop();
        contents.put(Space.QUEUE, new byte[3], new byte[1]);
        contents.put(Space.MESSAGE, new byte[3], new byte[1]);
        contents.put(Space.SESSION, new byte[] {'o', 1}, new byte[1]);
        contents.put(Space.SESSION, new byte[] {'?', 1}, new byte[1]);
        assertDamage(
                "a record of the unknown kind 63 in SESSION",
                "a key in SESSION has 2 bytes",
                "a key in MESSAGE has 3 bytes",
                "a key in QUEUE has 3 bytes");
    }

    @Test
    void damageIsToldUpToABoundAndCountedBeyond() throws Exception {
        stored.stop();
        for (int i = 0; i < 150; i++) {
            contents.put(Space.QUEUE, new byte[] {1, (byte) i}, new byte[1]);
        }
        StoreCheck check = check();
        assertThat(check.damaged()).isEqualTo(150);
        assertThat(check.findings()).hasSize(100);
    }

    @Test
    void aSpaceThatCannotBeReadIsDamageAndHidesNothingElse() throws Exception {
        stored.stop();
        contents.damage(Space.RETAINED, only(Space.RETAINED, "door"));
        StoreCheck check = StoreCheck.of(new Unreadable(contents, Space.MESSAGE));
        assertThat(texts(check, Severity.DAMAGE))
                .containsExactly(
                        "MESSAGE can't be read to its end: a block is damaged",
                        "the retained message of door: the retained message of door in the store is damaged: its"
                                + " checksum is wrong");
        assertThat(texts(check, Severity.LEFT_OVER)).isEmpty();
    }

    /** A store one of whose spaces can't be scanned. */
    private record Unreadable(WatchedStore store, Space broken) implements StorageEngineProvider {
        @Override
        public StorageEngine open() throws StoreException {
            StorageEngine engine = store.open();
            return proxy(
                    StorageEngine.class,
                    engine,
                    (method, arguments, result) -> result instanceof View view
                            ? proxy(View.class, view, (called, with, ignored) -> {
                                if (called.equals("scan") && with[0] == broken) {
                                    throw new StoreException(StoreException.Kind.CORRUPT, "a block is damaged");
                                }
                                return ignored;
                            })
                            : result);
        }

        @Override
        public StorageEngine recover() throws StoreException {
            return open();
        }

        private interface Answer {
            Object of(String method, Object[] arguments, Object result) throws StoreException;
        }

        private static <T> T proxy(Class<T> type, T behind, Answer answer) {
            return type.cast(Proxy.newProxyInstance(
                    type.getClassLoader(),
                    new Class<?>[] {type},
                    (proxy, method, arguments) ->
                            answer.of(method.getName(), arguments, method.invoke(behind, arguments))));
        }
    }

    // ---- what is left over

    @Test
    void whatAnEndedSessionHasLeftIsHarmless() throws Exception {
        stored.stop();
        contents.remove(Space.SESSION, only(Space.SESSION, "csleeper").key());
        contents.remove(Space.SESSION, only(Space.SESSION, "creader").key());
        contents.remove(Space.SESSION, only(Space.SESSION, "cpublisher").key());
        StoreCheck check = check();
        assertThat(check.isSound()).isTrue();
        assertThat(texts(check, Severity.LEFT_OVER))
                .containsExactly(
                        "subscriptions of ended sessions: 2",
                        "outbound QoS 2 exchanges of ended sessions: 2",
                        "inbound QoS 2 packet ids of ended sessions: 1",
                        "queue entries of ended sessions: 4");
        stored.startAgain();
        stored.awaitQuiet();
        stored.stop();
        assertThat(check().findings()).isEmpty();
    }

    @Test
    void aMessageWithoutEntriesIsHarmlessOnlyWhileReferencesAreNotCounted() throws Exception {
        stored.stop();
        Stored entry = contents.records(Space.QUEUE).stream()
                .filter(each -> each.keyAt(8).getLong()
                        == contents.records(Space.MESSAGE).get(1).keyAt(0).getLong())
                .findFirst()
                .orElseThrow();
        contents.remove(Space.QUEUE, entry.key());
        assertDamage("message " + entry.keyAt(8).getLong() + " is in no queue: its entries are lost");
        for (String forgotten : List.of("swept", "cleanShutdown")) { // not counted yet, or a crash between two changes
            Stored before = contents.records(Space.META).stream()
                    .filter(each -> Arrays.equals(each.key(), forgotten.getBytes(UTF_8)))
                    .findFirst()
                    .orElseThrow();
            contents.put(Space.META, before.key(), new byte[8]);
            StoreCheck check = check();
            assertThat(check.isSound()).isTrue();
            assertThat(texts(check, Severity.LEFT_OVER))
                    .containsExactly("messages that no queue refers to any more: 1");
            contents.put(Space.META, before.key(), before.value());
        }
    }

    @Test
    void anExchangeWhoseEntryIsGoneWasAnswered() throws Exception {
        stored.stop();
        long reader = contents.sid("reader");
        contents.records(Space.QUEUE).stream()
                .filter(each -> each.keyAt(0).getLong() == reader)
                .forEach(each -> contents.remove(Space.QUEUE, each.key()));
        StoreCheck check = check();
        assertThat(check.isSound()).isTrue();
        assertThat(texts(check, Severity.LEFT_OVER))
                .containsExactly("outbound QoS 2 exchanges that were answered already: 1");
    }

    // ---- figures

    @Test
    void theFiguresAreThoseOfTheStore() throws Exception {
        WireClient publisher = stored.broker().client("more");
        for (int i = 0; i < 7; i++) {
            stored.away("queue" + i, "n/" + i, 1);
            for (int n = 0; n <= i; n++) {
                publisher.published("n/" + i, "message", 1);
            }
        }
        stored.broker().send(MqttVersion.V5, persistent("there")).expect(connack());
        stored.crashOnly(Crash.PROCESS);
        StoreStats stats = StoreStats.of(contents);
        assertThat(stats.stoppedCleanly()).isFalse();
        assertThat(stats.connected()).isBetween(1L, 3L);
        assertThat(stats.lastSeenMs()).isPositive();
        assertThat(stats.counts()).isEqualTo(check().counts());
        assertThat(stats.counts().queued()).isEqualTo(6 + 28);
        assertThat(stats.longestQueues())
                .extracting(StoreStats.Queue::owner, StoreStats.Queue::entries)
                .startsWith(tuple("client queue6", 7L), tuple("client queue5", 6L))
                .hasSize(5);
        for (Space space : Space.values()) {
            List<Stored> records = contents.records(space);
            assertThat(stats.spaces().get(space))
                    .isEqualTo(new StoreStats.Size(
                            records.size(),
                            records.stream()
                                    .mapToLong(each -> each.key().length)
                                    .sum(),
                            records.stream()
                                    .mapToLong(each -> each.value().length)
                                    .sum()));
        }
    }
}
