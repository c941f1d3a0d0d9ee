package dev.dunlin.broker.simulation;

import dev.dunlin.broker.simulation.Client.Profile;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.QoS;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** What the clients are up to, as the seed decides. */
final class Deeds {
    private static final QoS[] QOS = QoS.values();
    private static final int TOPICS = 2;
    private static final int LARGE_BYTES = 1_200;

    private final Setting setting;
    private final Model model;
    private final Random random;
    private @Nullable Message lastValue;

    Deeds(Setting setting, Model model, Random random) {
        this.setting = setting;
        this.model = model;
        this.random = random;
    }

    /** A retained message that the broker has just acknowledged: who asks for it now must get it. */
    void acknowledged(Message message) {
        lastValue = message.retain && !message.clears ? message : lastValue;
    }

    // ---- who they are

    Profile profile(int number) {
        String id = "c" + number;
        MqttVersion version = number % 5 == 2 || number % 5 == 4
                ? (random.nextBoolean() ? MqttVersion.V3_1 : MqttVersion.V3_1_1)
                : MqttVersion.V5;
        int inflightMax = setting.limits().inflightMessagesMax();
        boolean five = version == MqttVersion.V5;
        long expiry = switch (random.nextInt(5)) {
            case 0 -> 0;
            case 1 -> five ? 3 + random.nextInt(10) : Limits.NEVER_EXPIRES;
            default -> five ? 3_600 : Limits.NEVER_EXPIRES;
        };
        int receiveMaximum = five ? Math.min(inflightMax, 1 + random.nextInt(8)) : inflightMax;
        int keepAlive = random.nextInt(3) == 0 ? 20 : 0;
        int sleep = random.nextInt(3) == 0 ? 30 : 3;
        return new Profile(id, version, expiry, receiveMaximum, keepAlive, five ? random.nextInt(4) : 0, sleep);
    }

    // ---- what they do

    /** Has a client do something, or nothing. */
    void one(Client client) {
        if (!client.hasWire()) {
            if (client.mayConnect() && random.nextInt(client.profile.sleep()) == 0) {
                connect(client, random.nextInt(8) == 0);
            }
            return;
        }
        int dice = random.nextInt(100);
        if (!client.isConnected()) {
            if (dice < 3) {
                client.cut();
            }
            return;
        }
        if (dice < 36) {
            publish(client);
        } else if (dice < 46) {
            subscription(client);
        } else if (dice < 82) {
            answer(client);
        } else if (dice < 84) {
            client.ping();
        } else if (dice < 87) {
            client.repeat();
        } else if (dice < 89) {
            client.disconnect();
        } else if (dice < 93) {
            lose(client, dice < 91);
        } else if (dice < 96) {
            burst(client);
        } else if (dice < 99) {
            lastWords(client);
        }
    }

    /** Has a client that has a connection keep to publishing and acknowledging. */
    void steady(Client client) {
        if (!client.isConnected()) {
            one(client);
        } else if (random.nextInt(3) == 0) {
            publish(client);
        } else {
            answer(client);
        }
    }

    /** Sends more than the buffers between the broker and a subscriber take that doesn't read. */
    void flood(Client client, int count, int bytes) {
        for (int left = count; left > 0; left--) {
            client.publish(model.message(client.id(), topic("p", client), QoS.AT_MOST_ONCE, false, false, 0), bytes);
        }
    }

    /** Publishes a message of so many bytes to a topic of its own, or to a group. */
    void large(Client client, int bytes) {
        QoS qos = qos();
        if (client.mayPublish(qos)) {
            String topic = random.nextInt(4) == 0 ? "s/" + random.nextInt(TOPICS) : topic("p", client);
            client.publish(model.message(client.id(), topic, qos, false, false, 0), bytes);
        }
    }

    private void connect(Client client, boolean clean) {
        boolean hasWill = random.nextInt(5) < 3;
        Message will = hasWill ? model.message(client.id(), topic("p", client), qos(), false, false, 0) : null;
        int delay = random.nextInt(3) == 0 ? 0 : 1 + random.nextInt(3);
        client.connect(clean, will, delay);
    }

    private void lose(Client client, boolean silently) {
        if (silently) {
            client.abandon();
            if (random.nextBoolean()) {
                connect(client, random.nextInt(8) == 0); // which is a takeover
            }
        } else if (random.nextBoolean()) {
            client.die();
        } else {
            client.cut();
        }
    }

    /** Publishes where its will goes, too, and is gone. */
    private void lastWords(Client client) {
        Message will = client.will();
        for (int left = will == null ? 0 : 2 + random.nextInt(8); left > 0 && client.mayPublish(will.qos); left--) {
            client.publish(model.message(client.id(), will.topic, will.qos, false, false, 0), random.nextInt(40));
        }
        client.die();
    }

    private void answer(Client client) {
        for (int left = 1 + random.nextInt(3); left > 0 && client.owesAnswers(); left--) {
            client.answer();
        }
    }

    private void burst(Client client) {
        if (random.nextInt(4) == 0) {
            flood(client);
            return;
        }
        for (int left = 5 + random.nextInt(15); left > 0; left--) {
            publish(client);
        }
    }

    private void publish(Client client) {
        QoS qos = qos();
        if (!client.mayPublish(qos)) {
            return;
        }
        int kind = random.nextInt(12);
        boolean retained = kind < 3;
        String topic = kind < 3 ? topic("r", client) : kind < 6 ? "s/" + random.nextInt(TOPICS) : topic("p", client);
        boolean clears = retained && random.nextInt(6) == 0;
        int expiry = !retained && client.profile.isFive() && random.nextInt(2) == 0 ? 2 + random.nextInt(20) : 0;
        Message message = model.message(client.id(), topic, qos, retained, clears, expiry);
        int bytes = random.nextInt(12) == 0 ? LARGE_BYTES + random.nextInt(800) : random.nextInt(40);
        client.publish(message, clears ? 0 : bytes);
        if (qos == QoS.EXACTLY_ONCE && random.nextInt(4) == 0) {
            client.repeat();
        }
    }

    /** Publishes where {@link #subscribeTo} subscribes. */
    void publishTo(Client client, QoS qos) {
        if (client.mayPublish(qos)) {
            String topic = "p/" + client.id() + "/0";
            client.publish(model.message(client.id(), topic, qos, false, false, 0), 0);
        }
    }

    /** Subscribes to what {@link #publishTo} publishes. */
    void subscribeTo(Client client, Client publisher, QoS qos) {
        subscribe(client, "p/" + publisher.id() + "/0", qos);
    }

    /** Takes its own connection over with a will to where {@link #subscribeTo} subscribes. */
    void comeWithWill(Client client, int delaySeconds) {
        if (client.isConnected()) {
            client.abandon();
            String topic = "p/" + client.id() + "/0";
            Message will = model.message(client.id(), topic, QoS.EXACTLY_ONCE, false, false, 0);
            client.connect(false, will, delaySeconds);
        }
    }

    /** Joins a group. */
    void share(Client client) {
        subscribe(client, "$share/g/s/0", QoS.AT_LEAST_ONCE);
    }

    private static void subscribe(Client client, String filter, QoS qos) {
        if (client.isConnected()) {
            client.subscribe(new Sub(filter, qos, false, false), qos, 0);
        }
    }

    /** Publishes to the group that {@link #share} joins. */
    void publishShared(Client client) {
        if (client.mayPublish(QoS.AT_LEAST_ONCE)) {
            client.publish(model.message(client.id(), "s/0", QoS.AT_LEAST_ONCE, false, false, 0), 0);
        }
    }

    /** Publishes as much as it can that nobody acknowledges and the store has to keep. */
    void flood(Client client) {
        for (int left = client.isConnected() ? 20 : 0; left > 0; left--) {
            client.publish(
                    model.message(client.id(), topic("r", client), QoS.AT_MOST_ONCE, true, false, 0), LARGE_BYTES);
        }
    }

    private void subscription(Client client) {
        Session session = Objects.requireNonNull(client.session());
        if (random.nextInt(4) == 0 && !session.subs.isEmpty()) {
            List<Sub> subs = List.copyOf(session.subs.values());
            Sub sub = subs.get(random.nextInt(subs.size()));
            if (sub.mustUntil == Message.NEVER) {
                client.unsubscribe(sub);
                return;
            }
        }
        String filter = filter();
        QoS qos = Sub.isShared(filter) ? QOS[1 + random.nextInt(2)] : qos();
        int options = Math.floorMod((client.id() + filter).hashCode(), 16);
        boolean five = client.profile.isFive();
        boolean noLocal = five && !Sub.isShared(filter) && options % 4 == 0;
        boolean retainAsPublished = five && options / 4 == 0;
        client.subscribe(new Sub(filter, qos, noLocal, retainAsPublished), qos, random.nextInt(4) == 0 ? 2 : 0);
    }

    private String filter() {
        String other = "c" + random.nextInt(setting.clients());
        Message value = lastValue;
        if (value != null && random.nextInt(4) == 0) {
            return value.topic;
        }
        return switch (random.nextInt(10)) {
            case 0 -> "p/#";
            case 1 -> "p/+/0";
            case 2 -> "p/" + other + "/0";
            case 3 -> "p/" + other + "/+";
            case 4 -> "r/#";
            case 5 -> "r/" + other + "/0";
            case 6 -> "r/+/1";
            case 7, 8 -> "$share/g/s/0";
            default -> "$share/g/s/1";
        };
    }

    /** Often the same one as before. */
    private String topic(String kind, Client client) {
        int number = random.nextInt(3) > 0 ? client.id().hashCode() & 1 : random.nextInt(TOPICS);
        return kind + "/" + client.id() + "/" + number;
    }

    private QoS qos() {
        return QOS[random.nextInt(QOS.length)];
    }

    // ---- the end

    /** Comes back, and acknowledges; false if there was nothing to do. */
    boolean drain(Client client) {
        if (!client.hasWire()) {
            client.connect(false, null, 0);
            return true;
        }
        boolean any = client.owesAnswers();
        while (client.owesAnswers()) {
            client.answer();
        }
        return any;
    }

    /** Removes what it may have retained. It must be connected, and have no exchange under way. */
    void clear(Client client) {
        for (int i = 0; i < TOPICS; i++) {
            Message clear = model.message(client.id(), "r/" + client.id() + "/" + i, QoS.AT_LEAST_ONCE, true, true, 0);
            client.publish(clear, 0);
        }
    }

    /** Gives its session up, and ends the connection that did so. */
    void leave(Client client) {
        if (client.hasWire()) {
            client.disconnect();
        }
        client.connectForGood();
    }
}
