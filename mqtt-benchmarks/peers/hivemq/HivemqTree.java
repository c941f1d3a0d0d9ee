import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.codahale.metrics.MetricRegistry;
import com.hivemq.metrics.MetricsHolder;
import com.hivemq.mqtt.message.QoS;
import com.hivemq.mqtt.message.subscribe.Topic;
import com.hivemq.mqtt.topic.tree.LocalTopicTree;
import dev.dunlin.benchmarks.trees.TopicTree;
import dev.dunlin.benchmarks.trees.TreeRun;
import org.slf4j.LoggerFactory;

/** HiveMQ CE's topic tree, asked as its publish service asks it: subscribers without duplicates, and shared groups. */
final class HivemqTree implements TopicTree {
    private final LocalTopicTree tree = new LocalTopicTree(new MetricsHolder(new MetricRegistry()));
    private String[] clientIds = {};

    public static void main(String[] arguments) {
        ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
        System.out.print(TreeRun.measure(HivemqTree::new, arguments));
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
        tree.addTopic(clientIds[client], new Topic(filter, QoS.AT_LEAST_ONCE), (byte) 0, null);
    }

    @Override
    public void unsubscribe(int client, String filter) {
        tree.removeSubscriber(clientIds[client], filter, null);
    }

    @Override
    public int match(String topic) {
        return tree.findTopicSubscribers(topic).getSubscribers().size();
    }
}
