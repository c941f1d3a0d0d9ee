import dev.dunlin.benchmarks.trees.TopicTree;
import dev.dunlin.benchmarks.trees.TreeRun;
import io.moquette.broker.ISubscriptionsRepository;
import io.moquette.broker.subscriptions.CTrieSubscriptionDirectory;
import io.moquette.broker.subscriptions.Subscription;
import io.moquette.broker.subscriptions.Topic;
import io.netty.handler.codec.mqtt.MqttQoS;
import java.util.Set;
import org.apache.log4j.Level;
import org.apache.log4j.Logger;

/** Moquette's topic tree, asked as its post office asks it: subscriptions, the best of each client. Nothing is stored. */
final class MoquetteTree implements TopicTree {
    private final CTrieSubscriptionDirectory tree = new CTrieSubscriptionDirectory();
    private String[] clientIds = {};

    private MoquetteTree() {
        tree.init(new NoRepository());
    }

    public static void main(String[] arguments) {
        Logger.getRootLogger().setLevel(Level.WARN);
        System.out.print(TreeRun.measure(MoquetteTree::new, arguments));
    }

    @Override
    public void clients(int count) {
        clientIds = new String[count];
        for (int i = 0; i < count; i++) {
            clientIds[i] = "client-" + i;
        }
    }

    @Override
    public void subscribe(int client, String filter) {
        tree.add(new Subscription(clientIds[client], new Topic(filter), MqttQoS.AT_LEAST_ONCE));
    }

    @Override
    public void unsubscribe(int client, String filter) {
        tree.removeSubscription(new Topic(filter), clientIds[client]);
    }

    @Override
    public int match(String topic) {
        return tree.matchQosSharpening(new Topic(topic)).size();
    }

    private static final class NoRepository implements ISubscriptionsRepository {
        @Override
        public Set<Subscription> listAllSubscriptions() {
            return Set.of();
        }

        @Override
        public void addNewSubscription(Subscription subscription) {}

        @Override
        public void removeSubscription(String filter, String clientId) {}
    }
}
