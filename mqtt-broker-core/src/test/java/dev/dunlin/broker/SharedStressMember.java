package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.pingreq;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.Suback;
import dev.dunlin.codec.Unsuback;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A client of {@link SharedStressTest}: a session that lasts, in up to two shared groups, told apart by their subscription
 * identifiers, and with a subscription of its own that fills its window besides. One thread at a time.
 */
final class SharedStressMember {
    private static final long DAY = 86_400;
    private static final int RECEIVE_MAXIMUM = 4;
    private static final String[] FILTERS = {"all/own", "$share/g/all/#", "$share/h/all/+"};
    private static final int OWN = 0;
    private static final int G = 1;
    private static final int H = 2;

    private final TestBroker broker;
    private final String id;
    private final Ledger ledger;
    private final boolean ordered;
    private final Random random;
    private final List<Integer> mayLeave = new ArrayList<>();
    private final Set<Integer> subscribed = new HashSet<>();
    private final Map<String, Integer> last = new HashMap<>();

    /** Packet ids of QoS 2 messages that came and were not yet released: they last as long as the session. */
    private final Set<Integer> received = new HashSet<>();

    // ---- the connection
    private @Nullable WireClient client;
    private int receiveMaximum;
    private int lastPacketId;
    private boolean withholds;
    private final Set<Integer> open = new HashSet<>();
    private final List<Owed> owed = new ArrayList<>();
    private final Set<String> unconfirmed = new HashSet<>();

    /** A member to be, with its way to go wrong: whether what it gets must come in order. */
    SharedStressMember(TestBroker broker, String id, Ledger ledger, boolean ordered, Random random) {
        this.broker = broker;
        this.id = id;
        this.ledger = ledger;
        this.ordered = ordered;
        this.random = random;
    }

    /** An answer that the broker waits for: of the last one of its exchange with the packet id, of a PUBACK with the message. */
    private record Owed(
            Sendable packet, int closes, @Nullable String confirms) {}

    void joinG() {
        subscribe(G);
    }

    void joinH() {
        subscribe(H);
    }

    /** It may leave the groups that it is in by now, and come back. */
    void mayLeave() {
        mayLeave.addAll(subscribed);
        mayLeave.remove(Integer.valueOf(OWN));
    }

    void connectFirst() {
        open(false);
        subscribe(OWN);
    }

    // ---- steps

    /** Something at random; of a client that goes, if that is wanted, too. */
    void step(boolean going) {
        if (client == null) {
            if (random.nextBoolean()) {
                open(true);
            }
            return;
        }
        int action = random.nextInt(going ? 100 : 82);
        if (action < 70) {
            exchange();
        } else if (action < 80) {
            withholds = !withholds;
        } else if (action < 82) {
            subscribe(random.nextBoolean() || mayLeave.isEmpty() ? OWN : mayLeave.get(0));
        } else if (action < 90) {
            lose();
        } else if (action < 94) {
            open(true); // takes itself over
        } else if (!mayLeave.isEmpty()) {
            int group = mayLeave.get(random.nextInt(mayLeave.size()));
            if (subscribed.contains(group)) {
                unsubscribe(group);
            } else {
                subscribe(group);
            }
        }
    }

    private void lose() {
        WireClient present = connection();
        forgetConnection();
        switch (random.nextInt(3)) {
            case 0 -> present.close();
            case 1 -> present.drop();
            default -> {
                present.trySend(disconnect());
                present.drop();
            }
        }
        client = null;
    }

    private void open(boolean present) {
        WireClient former = client;
        forgetConnection();
        receiveMaximum = 1 + random.nextInt(RECEIVE_MAXIMUM);
        WireClient opened =
                broker.send(MqttVersion.V5, connect(id).sessionExpiry(DAY).receiveMaximum(receiveMaximum));
        opened.expect(present ? connack().sessionPresent() : connack());
        client = opened;
        if (former != null) {
            former.close();
        }
    }

    /** From now on the broker may send to others, or again, what it doesn't know to be acknowledged. */
    private void forgetConnection() {
        ledger.maybeAgain.addAll(unconfirmed);
        unconfirmed.clear();
        open.clear();
        owed.clear();
        withholds = false;
    }

    private void subscribe(int which) {
        int packetId = ++lastPacketId;
        connection().send(Packets.subscribe(packetId, FILTERS[which], 2).identifier(which + 1));
        takeUntil(Suback.class);
        subscribed.add(which);
    }

    private void unsubscribe(int which) {
        connection().send(Packets.unsubscribe(++lastPacketId, FILTERS[which]));
        takeUntil(Unsuback.class);
        subscribed.remove(which);
    }

    /** Sends some of the answers that it owes, then takes what comes until the broker has taken those in. */
    private void exchange() {
        List<Owed> sent = new ArrayList<>();
        for (Owed each : List.copyOf(owed)) {
            if (!withholds && random.nextInt(4) > 0) {
                sent.add(each);
            }
        }
        exchange(sent);
    }

    private void exchange(List<Owed> answers) {
        List<Sendable> packets = new ArrayList<>();
        for (Owed each : answers) {
            packets.add(each.packet);
            open.remove(each.closes);
        }
        owed.removeAll(answers);
        packets.add(pingreq());
        connection().send(packets.toArray(Sendable[]::new));
        takeUntil(Packet.Pingresp.class);
        answers.forEach(each -> unconfirmed.remove(each.confirms));
    }

    // ---- the end

    /** It has a connection, and withholds nothing any more. */
    void settle() {
        if (client == null) {
            open(true);
        }
        withholds = false;
    }

    void exchangeAll() {
        exchange(List.copyOf(owed));
    }

    boolean isBusy() {
        return !owed.isEmpty() || !open.isEmpty();
    }

    void expectNothing() {
        connection().expectNothing();
    }

    private WireClient connection() {
        WireClient present = client;
        assertThat(present).as("connection of %s", id).isNotNull();
        return present;
    }

    // ---- what comes

    private void takeUntil(Class<?> last) {
        for (Object came = connection().receive();
                !last.isInstance(came);
                came = connection().receive()) {
            if (came instanceof ReceivedPublish message) {
                take(message);
            } else if (came instanceof Packet.Ack ack && ack.type() == PacketType.PUBREL) {
                int packetId = ack.packetId();
                received.remove(packetId);
                open(packetId);
                owed.add(new Owed(pubcomp(packetId), packetId, null));
            } else {
                throw new AssertionError(id + " waits for " + last + ", but there came " + came);
            }
        }
    }

    private void open(int packetId) {
        open.add(packetId);
        assertThat(open).as("exchanges that %s has under way", id).hasSizeLessThanOrEqualTo(receiveMaximum);
    }

    private void take(ReceivedPublish message) {
        int which = (int) message.properties().integer(Property.SUBSCRIPTION_IDENTIFIER, 0) - 1;
        String receiver = which == OWN ? id : FILTERS[which];
        int packetId = message.packetId();
        open(packetId);
        if (message.qos() == QoS.AT_LEAST_ONCE) {
            String key = receiver + " " + message.text();
            unconfirmed.add(key);
            owed.add(new Owed(puback(packetId), packetId, key));
        } else {
            owed.add(new Owed(pubrec(packetId), 0, null));
            if (!received.add(packetId)) { // sent again
                assertThat(message.dup()).as("DUP of %s to %s", message, id).isTrue();
                return;
            }
        }
        if (ledger.receive(receiver, message.text(), message.qos()) && ordered) {
            checkOrder(receiver, message.text());
        }
    }

    /** The first part of a text is the publisher, the second the QoS, the third a number that grows. */
    private void checkOrder(String receiver, String text) {
        int slash = text.lastIndexOf('/');
        int number = Integer.parseInt(text.substring(slash + 1));
        Integer before = last.put(receiver + text.substring(0, slash), number);
        assertThat(before == null || before < number)
                .as("%s came to %s by %s behind %s", text, id, receiver, before)
                .isTrue();
    }

    /** What was published, and who has received it. Any thread. */
    static final class Ledger {
        private final Semaphore ahead;
        private final Set<String> published = ConcurrentHashMap.newKeySet();
        private final Set<String> publishedOwn = ConcurrentHashMap.newKeySet();
        private final Map<String, AtomicInteger> received = new ConcurrentHashMap<>();
        private final Set<String> maybeAgain = ConcurrentHashMap.newKeySet();

        /** With so many messages published and not yet received by the first group at most. */
        Ledger(int ahead) {
            this.ahead = new Semaphore(ahead);
        }

        /** Waits until another message may be published, and notes it. */
        void publish(String text, boolean own) {
            ahead.acquireUninterruptibly();
            published.add(text);
            if (own) {
                publishedOwn.add(text);
            }
        }

        /** From now on publishers needn't wait. */
        void dontWait() {
            ahead.release(1 << 20);
        }

        private boolean receive(String receiver, String text, QoS qos) {
            String key = receiver + " " + text;
            assertThat(published).contains(text);
            boolean first =
                    received.computeIfAbsent(key, k -> new AtomicInteger()).incrementAndGet() == 1;
            if (first && receiver.equals(FILTERS[G])) {
                ahead.release();
            }
            assertThat(first || (qos == QoS.AT_LEAST_ONCE && maybeAgain.contains(key)))
                    .as("%s by %s with %s once", text, receiver, qos)
                    .isTrue();
            return first;
        }

        /** What a group, or a subscription of one of these members, has not received. */
        Set<String> missing(List<SharedStressMember> members) {
            Set<String> missing = new TreeSet<>();
            for (String text : published) {
                missing.add(FILTERS[G] + " " + text);
                missing.add(FILTERS[H] + " " + text);
            }
            for (SharedStressMember member : members) {
                publishedOwn.forEach(text -> missing.add(member.id + " " + text));
            }
            missing.removeAll(received.keySet());
            return missing;
        }
    }
}
