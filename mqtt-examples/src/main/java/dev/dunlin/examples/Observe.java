package dev.dunlin.examples;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.spi.BrokerEvent;
import java.util.Map;
import java.util.TreeMap;

/**
 * Watches a broker: a line for each client that comes and goes, and a sum of what was dropped for each of them at the end. Enter
 * ends it. With Mosquitto, whose port option is the one that is printed:
 *
 * <pre>{@code
 * mosquitto_sub -p 12345 -i watched -t news
 * }</pre>
 */
public final class Observe {
    private final Map<String, Long> dropped = new TreeMap<>();

    private Observe() {}

    public static void main(String[] args) throws Exception {
        Observe watched = new Observe();
        try (Broker broker = Broker.builder().observe(watched::on).tcp(0).start()) {
            System.out.println("clients connect to port " + broker.port("tcp"));
            System.in.read();
        } // which waits until all is told
        watched.dropped.forEach((client, count) -> System.out.println(client + " lost " + count));
    }

    /** On the broker's thread for events, one after the other. */
    private void on(BrokerEvent event) {
        if (event instanceof BrokerEvent.Dropped drop) {
            dropped.merge(drop.clientId(), drop.count(), Long::sum);
        } else if (event.id().startsWith("client.")) {
            System.out.println(event.id() + " " + event.clientId() + ": " + event.reason());
        }
    }
}
