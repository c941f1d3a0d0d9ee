package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.BrokerObserver;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** An observer that keeps what it is told. */
final class SeenEvents implements BrokerObserver {
    private final List<BrokerEvent> seen = new CopyOnWriteArrayList<>();

    @Override
    public void on(BrokerEvent event) {
        assertThat(event.toString()).startsWith(event.at() + " " + event.id()).doesNotContain("\n");
        seen.add(event);
    }

    /** Those of one kind, in their order. */
    <E extends BrokerEvent> List<E> all(Class<E> kind) {
        return seen.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /** The ids of those that are about a client, in their order. */
    List<String> ids(String clientId) {
        return seen.stream()
                .filter(each -> each.clientId().equals(clientId))
                .map(BrokerEvent::id)
                .toList();
    }

    /** Waits for the first of a kind that this holds of. */
    <E extends BrokerEvent> E await(Class<E> kind, Predicate<E> which) {
        TestBroker.eventually(
                kind.getSimpleName() + " is told", () -> all(kind).stream().anyMatch(which));
        return all(kind).stream().filter(which).findFirst().orElseThrow();
    }

    /** Waits for the first of a kind that is about this client. */
    <E extends BrokerEvent> E await(Class<E> kind, String clientId) {
        return await(kind, each -> each.clientId().equals(clientId));
    }
}
