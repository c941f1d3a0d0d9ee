package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.Printable;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Publish;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The traces that are on: what is shown of a packet, and to whom. Immutable; there is none of these while none is on. */
public final class Traces {
    private static final Logger LOG = LoggerFactory.getLogger(Traces.class);
    private static final char RECEIVED = '>';
    private static final char SENT = '<';
    private static final char ENDED = '-';

    private final Core core;
    private final List<TraceLines> all;

    Traces(Core core, List<TraceLines> all) {
        this.core = core;
        this.all = all;
    }

    /** Whether any of them may show a packet of this client. */
    boolean lookAt(String clientId) {
        for (TraceLines trace : all) {
            if (trace.isOf(clientId)) {
                return true;
            }
        }
        return false;
    }

    /**
     * A packet has come, and nothing was done about it yet.
     *
     * @param open the session of its connection; null before there is one
     */
    public void received(Link from, @Nullable OpenSession open, PacketType type, MqttDecoder packet) {
        String clientId = type == PacketType.CONNECT ? packet.connect().clientId() : from.clientId();
        String topic = type == PacketType.PUBLISH && open != null ? open.topicOf(packet.publish()) : "";
        show(clientId, RECEIVED, type, packet, topic);
    }

    /** A packet is handed to the transport. */
    void sent(String clientId, PacketType type, MqttDecoder packet, String topic) {
        show(clientId, SENT, type, packet, topic);
    }

    /** Bytes are handed to the transport that can't be decoded. */
    void sentUnknown(String clientId, String why) {
        say(clientId, SENT, "(can't be shown: " + why + ")");
    }

    /** A connection has ended. */
    public void ended(String clientId, String cause) {
        say(clientId, ENDED, "closed: " + cause);
    }

    private void say(String clientId, char direction, String words) {
        for (TraceLines trace : all) {
            try {
                if (trace.isOf(clientId) && trace.showsAllPackets()) {
                    trace.add(begin(clientId, direction).words(words).line());
                }
            } catch (Throwable e) { // whoever looks on must not end what it looks at
                LOG.error("client {}: a line of a trace is missing", Printable.text(clientId), e);
            }
        }
    }

    private void show(String clientId, char direction, PacketType type, MqttDecoder packet, String topic) {
        for (TraceLines trace : all) {
            try {
                if (trace.isOf(clientId)) {
                    show(trace, clientId, direction, type, packet, topic);
                }
            } catch (Throwable e) { // as above
                LOG.error("client {}: its {} can't be shown", Printable.text(clientId), type, e);
            }
        }
    }

    private void show(
            TraceLines to, String clientId, char direction, PacketType type, MqttDecoder packet, String topic) {
        if (type == PacketType.PUBLISH) {
            Publish publish = packet.publish();
            String known = topic.isEmpty() ? publish.topic() : topic;
            if (to.shows(known)) {
                PacketText text = begin(clientId, direction);
                to.add(text.publish(publish, known, to.options().payloadCharsMax())
                        .line());
            }
        } else if (to.showsAllPackets()) {
            to.add(begin(clientId, direction).packet(type, packet).line());
        }
    }

    private PacketText begin(String clientId, char direction) {
        return new PacketText(core.wallMs(), clientId, direction);
    }
}
