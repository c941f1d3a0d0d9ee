package dev.dunlin.benchmarks;

import dev.dunlin.benchmarks.trees.Fleet;
import dev.dunlin.benchmarks.trees.Home;
import dev.dunlin.broker.routing.Destination;
import dev.dunlin.broker.routing.KeyedHash;
import dev.dunlin.broker.routing.Subscription;
import dev.dunlin.broker.routing.SubscriptionTree;
import dev.dunlin.broker.routing.TargetCollector;
import dev.dunlin.broker.routing.Targets;
import dev.dunlin.codec.QoS;

/** Our tree with the subscriptions of a {@link Fleet}. Matches come from one thread, changes from any. */
final class FleetTree {
    private static final int LOOPS = 4;
    private static final long GOLDEN_RATIO = 0x9E37_79B9_7F4A_7C15L;

    final SubscriptionTree tree = new SubscriptionTree(new KeyedHash(1, 2));
    private final TargetCollector collector = new TargetCollector();
    private final int subscriptions;

    FleetTree(int subscriptions) {
        this.subscriptions = subscriptions;
        Destination[] clients = clients(Fleet.clients(subscriptions));
        Fleet.subscribe(subscriptions, (filter, client) -> subscribe(clients[client], filter));
    }

    static Destination[] clients(int count) {
        Destination[] clients = new Destination[count];
        for (int i = 0; i < count; i++) {
            clients[i] = new Home(i % LOOPS, (int) ((i * GOLDEN_RATIO) >>> 32));
        }
        return clients;
    }

    /** What devices would listen to that aren't there: a new level in a group that is. */
    String[] newcomers(int count) {
        return Fleet.topics(
                count, subscriptions, 5, device -> Fleet.commands(device).replace("device", "newcomer"));
    }

    void subscribe(Destination client, String filter) {
        tree.add(new Subscription(client, filter, QoS.AT_LEAST_ONCE, false, false, 0));
    }

    void unsubscribe(Destination client, String filter) {
        tree.remove(client, filter);
    }

    Targets match(String topic) {
        return tree.targets(topic, collector, LOOPS);
    }
}
