package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.events.Flight;
import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.DropReason;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a loop has dropped and the observers haven't been told yet: by client and reason, with the topic of the last. It is handed
 * over at the end of each turn, so that a flood makes one event a turn and not one for each message; what finds no room stays
 * here, and grows, until there is room. So nothing is ever left out of the sum. Loop only; after its end one other thread.
 */
final class DropLedger {
    /** So many sums by client and reason; what would need another is summed up by reason alone. */
    static final int LINES_MAX = 1_024;

    private static final String MANY = "";

    private final Map<Key, Line> lines = new LinkedHashMap<>();
    private @Nullable Key lastKey;
    private @Nullable Line last;

    private record Key(String client, DropReason reason) {}

    private static final class Line {
        String topic = "";
        long count;
    }

    void add(String client, String topic, DropReason reason, long n) {
        Line line = last;
        Key key = lastKey;
        if (line == null || key == null || key.reason != reason || !key.client.equals(client)) {
            line = line(client, reason);
        }
        line.topic = topic;
        line.count += n;
    }

    private Line line(String client, DropReason reason) {
        Key key = new Key(client, reason);
        Line line = lines.get(key);
        if (line == null) {
            key = lines.size() < LINES_MAX ? key : new Key(MANY, reason);
            line = lines.computeIfAbsent(key, made -> new Line());
        }
        lastKey = key; // with no client's name, if it is the sum of many: then the next one is looked up again
        last = line;
        return line;
    }

    boolean isEmpty() {
        return lines.isEmpty();
    }

    /** Hands over as much as there is room for, oldest first; without observers only to a recording. */
    void handOver(@Nullable Events to) {
        if (to == null) {
            handOver(Instant.EPOCH, event -> true);
        } else {
            handOver(to.now(), to::offer);
        }
    }

    /** Hands over everything, room or not: the loop has ended. */
    void handOverRest(Events to) {
        Consumer<BrokerEvent> last = to::tellLast;
        handOver(to.now(), event -> {
            last.accept(event);
            return true;
        });
    }

    private void handOver(Instant at, Predicate<BrokerEvent> to) {
        lastKey = null;
        last = null;
        Iterator<Map.Entry<Key, Line>> each = lines.entrySet().iterator();
        while (each.hasNext()) {
            Map.Entry<Key, Line> entry = each.next();
            Key key = entry.getKey();
            Line line = entry.getValue();
            if (!to.test(new BrokerEvent.Dropped(at, key.client, line.topic, key.reason, line.count))) {
                return;
            }
            Flight.dropped(key.client, line.topic, key.reason.name(), line.count);
            each.remove();
        }
    }
}
