package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.Printable;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Publish;
import io.netty.buffer.ByteBuf;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a connection sends, for traces: batches are decoded as its client will decode them, so that nothing else on the way out
 * knows of traces. Begins with a batch, so with a packet. Loop only.
 */
final class OutboundTrace {
    private static final Logger LOG = LoggerFactory.getLogger(OutboundTrace.class);
    private static final int CONNACK = 0x20;

    private final Link link;
    private final MqttDecoder decoder =
            new MqttDecoder(MqttDecoder.Peer.SERVER, this::packet, MqttDecoder.PACKET_BYTES_MAX);
    private final @Nullable MountPoint mount;

    /** Topics by alias. */
    private final Map<Integer, String> aliases = new HashMap<>();

    private Traces traces;
    private boolean begun;
    private boolean failed;

    private OutboundTrace(Link link, Outbound out, Traces traces) {
        this.link = link;
        this.traces = traces;
        Restriction restriction = out.restriction();
        mount = restriction == null ? null : restriction.mount();
        decoder.version(out.version());
        if (out.aliases() != null) {
            out.aliases().forEachSet(aliases::put);
        }
    }

    /**
     * For the next batch, of which nothing has been appended yet.
     *
     * @param present that of the batch before; null for none
     * @param now the traces that are on; null for none
     * @return null if nobody looks at this connection
     */
    static @Nullable OutboundTrace next(
            @Nullable OutboundTrace present, @Nullable Traces now, Link link, Outbound out) {
        try {
            return of(present, now, link, out);
        } catch (Throwable e) { // whoever looks on must not end what it looks at
            LOG.error("client {}: what it is sent isn't shown", Printable.text(link.clientId()), e);
            return null;
        }
    }

    private static @Nullable OutboundTrace of(
            @Nullable OutboundTrace present, @Nullable Traces now, Link link, Outbound out) {
        if (now == null || !now.lookAt(link.clientId())) {
            if (present != null) {
                present.decoder.close();
            }
            return null;
        }
        if (present == null) {
            return new OutboundTrace(link, out, now);
        }
        present.traces = now;
        return present;
    }

    /** These bytes are handed to the transport, whatever comes of it here. Borrows them. */
    void written(ByteBuf bytes) {
        if (failed) {
            return;
        }
        try {
            decode(bytes);
        } catch (MalformedPacket e) {
            failed = true;
            traces.sentUnknown(link.clientId(), String.valueOf(e.getMessage()));
        } catch (Throwable e) { // as above: the batch goes out
            failed = true;
            LOG.error("client {}: what it is sent can't be shown any more", Printable.text(link.clientId()), e);
            traces.sentUnknown(link.clientId(), e.toString());
        }
    }

    private void decode(ByteBuf bytes) throws MalformedPacket {
        if (!begun && bytes.getUnsignedByte(bytes.readerIndex()) == CONNACK) {
            int remaining = bytes.getUnsignedByte(bytes.readerIndex() + 1);
            // the one packet that may be of another version: a refusal of what the client asked for
            decoder.version(remaining == 2 ? MqttVersion.V3_1_1 : MqttVersion.V5);
        }
        begun = true;
        decoder.decode(bytes.retainedDuplicate());
    }

    private boolean packet(PacketType type, MqttDecoder packet) {
        String topic = type == PacketType.PUBLISH ? topic(packet.publish()) : "";
        traces.sent(link.clientId(), type, packet, topic);
        return true;
    }

    private String topic(Publish publish) {
        String own = publish.topic();
        if (own.isEmpty()) {
            return aliases.getOrDefault(publish.topicAlias(), "");
        }
        String whole = mount == null ? own : mount.whole(own);
        if (publish.topicAlias() != 0) {
            aliases.put(publish.topicAlias(), whole);
        }
        return whole;
    }

    void close() {
        decoder.close();
    }
}
