package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.BrokerEvent.Dropped;
import dev.dunlin.broker.spi.BrokerEvent.StoreFailing;
import dev.dunlin.broker.spi.BrokerEvent.StoreLittleSpace;
import dev.dunlin.broker.spi.BrokerEvent.StoreWell;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.testkit.Balance;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.store.tck.FaultyStore.Call;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The books from one process to the next, and what observers are told of a store: the twin of BooksTest in the core. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class StoredBooksTest {
    private final SeenEvents seen = new SeenEvents();
    private final StoredBroker stored = StoredBroker.start(builder -> builder.observe(seen));

    @AfterEach
    void close() {
        stored.close();
    }

    private Balance balance() {
        stored.broker().settle();
        return Balance.of(stored.broker().broker().core());
    }

    private void takeAll(String id) {
        WireClient c = stored.back(id);
        Books.takeAll(c);
    }

    private void assertBalanced() {
        TestBroker.eventually("the books balance", () -> balance().missing() == 0);
    }

    /** What is left in windows, queues and a shared group: also what is damaged by then, and what is never asked for again. */
    @Test
    void whatOneProcessLeavesTheNextAccountsFor() {
        stored.away("queue", "t", 2);
        stored.away("ends", "t", 1);
        stored.away("member", "$share/g/t", 1);
        WireClient window = stored.made("window").subscribed("t", 2);
        WireClient publisher = stored.broker().client("publisher");
        for (int i = 0; i < 6; i++) {
            publisher.published("t", "p" + i, i % 3);
        }
        for (int i = 0; i < 6; i++) {
            window.receive();
        }
        window.drop();
        stored.awaitQuiet();
        assertThat(balance().begun()).isEqualTo(24);
        assertBalanced();
        long waiting = balance().waiting();
        assertThat(waiting).as("4 of QoS 1 and 2 for each of four").isEqualTo(16);

        stored.stop();
        assertThat(Balance.of(stored.broker().broker().core()).missing()).isEqualTo(waiting);
        assertThat(stored.broker().broker().dropped(DropReason.BROKER_CLOSED)).isZero();
        List<WatchedStore.Stored> entries = stored.contents().records(Space.QUEUE);
        stored.contents().damage(Space.QUEUE, entries.get(0));
        int toldBefore = seen.all(Dropped.class).size();
        stored.startAgain();
        assertThat(balance().begun()).as("nothing was read so far").isZero();

        for (String id : List.of("queue", "window", "member")) {
            takeAll(id);
        }
        WireClient anew = stored.broker()
                .send(MqttVersion.V5, StoredBroker.persistent("ends").cleanStart());
        anew.expect(connack());
        TestBroker.eventually("all of it was begun", () -> balance().begun() == waiting);
        assertBalanced();
        Broker now = stored.broker().broker();
        assertThat(now.dropped(DropReason.STORE_DAMAGED)).isEqualTo(1);
        assertThat(now.dropped(DropReason.SESSION_ENDED)).isBetween(3L, 4L); // the damaged one may be among them
        TestBroker.eventually("the observer knows", () -> {
            return seen.all(Dropped.class).stream()
                            .skip(toldBefore)
                            .mapToLong(Dropped::count)
                            .sum()
                    == now.dropped(DropReason.STORE_DAMAGED) + now.dropped(DropReason.SESSION_ENDED);
        });
    }

    @Test
    void tellsWhenTheStoreFailsAndIsWellAgain() {
        stored.away("c", "t", 1);
        stored.store().failAll(Call.WRITE, Kind.IO);
        WireClient publisher = stored.broker().client("publisher");
        publisher.send(publish("t", "p").qos(1, 1));
        StoreFailing failing = seen.await(StoreFailing.class, "");
        assertThat(failing.hopeless()).isFalse();
        assertThat(failing.cause()).isNotEmpty();
        stored.store().heal();
        assertThat(seen.await(StoreWell.class, "").text()).isEqualTo("durable work goes on");
        assertThat(seen.all(StoreFailing.class)).hasSize(1);
    }

    @Test
    void tellsThatSpaceIsLittle() {
        stored.store().freeBytes(1 << 20, 1L << 40);
        WireClient publisher = stored.broker().client("publisher");
        TestBroker.eventually("it is noticed", () -> {
            publisher.published(publish("r", "").retain(), 1);
            return !seen.all(StoreLittleSpace.class).isEmpty();
        });
        assertThat(seen.all(StoreLittleSpace.class))
                .extracting(StoreLittleSpace::freeBytes)
                .containsExactly(1L << 20);
        stored.store().freeBytes(1L << 39, 1L << 40);
        TestBroker.eventually("it is noticed", () -> {
            publisher.published(publish("r", "").retain(), 1);
            return seen.all(StoreWell.class).stream()
                    .map(BrokerEvent::reason)
                    .anyMatch("the store has space again"::equals);
        });
    }
}
