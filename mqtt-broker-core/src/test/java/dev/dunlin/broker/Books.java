package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.pingreq;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.BrokerObserver;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.testkit.Balance;
import dev.dunlin.broker.testkit.PublishPacket;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.QoS;
import java.util.EnumMap;
import java.util.Map;

/**
 * The books of a broker: what a test has caused to be delivered, against what the broker says has become of it, and what its
 * observers were told. Every delivery has to be in exactly one place.
 */
final class Books implements BrokerObserver {
    private final Map<DropReason, Long> told = new EnumMap<>(DropReason.class);
    private long begun;
    private long refused;

    /** Deliveries that have to begin, besides those that were noted before. */
    void begin(long deliveries) {
        begun += deliveries;
    }

    /** Publishes that have to be refused. */
    void refuse(long publishes) {
        refused += publishes;
    }

    @Override
    public synchronized void on(BrokerEvent event) {
        if (event instanceof BrokerEvent.Dropped dropped) {
            told.merge(dropped.why(), dropped.count(), Long::sum);
        }
    }

    private synchronized Map<DropReason, Long> told() {
        return new EnumMap<>(told);
    }

    /** What the broker has dropped, by reason. */
    static Map<DropReason, Long> dropped(Broker broker) {
        Map<DropReason, Long> dropped = new EnumMap<>(DropReason.class);
        for (DropReason reason : DropReason.values()) {
            if (broker.dropped(reason) > 0) {
                dropped.put(reason, broker.dropped(reason));
            }
        }
        return dropped;
    }

    /**
     * Every delivery that has begun was made, waits, is under way, or was dropped. Whatever was handed to a local subscription
     * has to be with its handler by now.
     *
     * @param kept deliveries that the broker has left to the next process
     */
    void assertBalanced(Broker broker, String when, long kept) {
        Map<DropReason, Long> dropped = dropped(broker);
        Balance balance = Balance.of(broker.core());
        assertThat(balance.begun()).as("deliveries begun, %s", when).isEqualTo(begun);
        assertThat(dropped.getOrDefault(DropReason.REFUSED, 0L))
                .as("refused, %s", when)
                .isEqualTo(refused);
        assertThat(balance.missing())
                .as("%s: %s, dropped %s", when, balance, dropped)
                .isEqualTo(kept);
        TestBroker.eventually("the observers know what was dropped", () -> told().equals(dropped));
    }

    /** Deliveries that are under way, or wait for local handlers. */
    static long underWay(Broker broker) {
        return Balance.of(broker.core()).missing();
    }

    // ---- clients

    /** A client with a session that outlives its connection, new or resumed. */
    static WireClient persistent(TestBroker broker, String id, boolean present) {
        WireClient c = broker.send(MqttVersion.V5, connect(id).sessionExpiry(100));
        c.expect(present ? connack().sessionPresent() : connack());
        return c;
    }

    /** Publishes what goes to so many targets. */
    void publish(WireClient by, PublishPacket message, int qos, int targets) {
        by.published(message, qos);
        begin(targets);
    }

    /** Takes and acknowledges everything that comes, until nothing does. */
    static void takeAll(WireClient c) {
        int quiet = 0;
        while (quiet < 2) {
            c.send(pingreq());
            quiet = takeUntilAnswered(c) ? 0 : quiet + 1;
        }
    }

    /** Whether something came before PINGRESP. */
    private static boolean takeUntilAnswered(WireClient c) {
        boolean any = false;
        while (true) {
            Object came = c.receive();
            if (came instanceof Packet.Pingresp) {
                return any;
            }
            any = true;
            if (came instanceof ReceivedPublish publish && publish.qos() == QoS.AT_LEAST_ONCE) {
                c.send(puback(publish.packetId()));
            } else if (came instanceof ReceivedPublish publish && publish.qos() == QoS.EXACTLY_ONCE) {
                c.send(pubrec(publish.packetId()));
            } else if (came instanceof Packet.Ack ack && ack.type() == PacketType.PUBREL) {
                c.send(pubcomp(ack.packetId()));
            }
        }
    }
}
