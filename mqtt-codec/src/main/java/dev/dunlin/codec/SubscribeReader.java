package dev.dunlin.codec;

import static dev.dunlin.codec.MalformedPacket.malformed;
import static dev.dunlin.codec.MalformedPacket.protocolError;

import java.util.ArrayList;
import java.util.List;

/** Reads and checks SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK [3.1.1 and 5.0 sections 3.8 to 3.11]. */
final class SubscribeReader {
    private static final int NO_LOCAL = 0x04;
    private static final int RETAIN_AS_PUBLISHED = 0x08;

    private SubscribeReader() {}

    static Subscribe subscribe(Cursor body, MqttVersion version) throws MalformedPacket {
        int packetId = body.readPacketId();
        Properties properties = properties(body, version, PacketType.SUBSCRIBE);
        List<SubscriptionRequest> subscriptions = new ArrayList<>(4);
        do { // [5.0:MQTT-3.8.3-2, 3.1.1:MQTT-3.8.3-3]
            String filter = filter(body, version, "SUBSCRIBE");
            subscriptions.add(subscription(filter, body.readByte(), version));
        } while (!body.atEnd());
        return new Subscribe(packetId, properties, subscriptions);
    }

    private static SubscriptionRequest subscription(String filter, int options, MqttVersion version)
            throws MalformedPacket {
        int qos = options & 3;
        if (version != MqttVersion.V5) {
            if (options > 2) { // [3.1.1:MQTT-3.8.3-4]
                throw malformed("Requested QoS 0x" + Integer.toHexString(options));
            }
            return new SubscriptionRequest(filter, QoS.of(qos));
        }
        if ((options & 0xC0) != 0) { // [5.0:MQTT-3.8.3-5]
            throw malformed("Reserved bits of the subscription options are set");
        }
        int retainHandling = options >> 4 & 3;
        if (qos == 3 || retainHandling == 3) { // [5.0 section 3.8.3.1]
            throw protocolError("QoS or retain handling of a subscription is 3");
        }
        boolean noLocal = (options & NO_LOCAL) != 0;
        if (noLocal && filter.startsWith("$share/")) { // [5.0:MQTT-3.8.3-4]
            throw protocolError("No Local on a shared subscription");
        }
        return new SubscriptionRequest(
                filter, QoS.of(qos), noLocal, (options & RETAIN_AS_PUBLISHED) != 0, retainHandling);
    }

    static Unsubscribe unsubscribe(Cursor body, MqttVersion version) throws MalformedPacket {
        int packetId = body.readPacketId();
        Properties properties = properties(body, version, PacketType.UNSUBSCRIBE);
        List<String> filters = new ArrayList<>(4);
        do { // [5.0:MQTT-3.10.3-2, 3.1.1:MQTT-3.10.3-2]
            filters.add(filter(body, version, "UNSUBSCRIBE"));
        } while (!body.atEnd());
        return new Unsubscribe(packetId, properties, filters);
    }

    static Suback suback(Cursor body, MqttVersion version) throws MalformedPacket {
        int packetId = body.readPacketId();
        Properties properties = properties(body, version, PacketType.SUBACK);
        List<ReasonCode> reasons = new ArrayList<>(4);
        do {
            int code = body.atEnd() ? -1 : body.readByte();
            // [3.1.1:MQTT-3.9.3-2]: 0x80 is the only failure
            reasons.add(reason(version == MqttVersion.V5 || code <= 0x80 ? code : -1, PacketType.SUBACK));
        } while (!body.atEnd());
        return new Suback(packetId, properties, reasons);
    }

    static Unsuback unsuback(Cursor body, MqttVersion version) throws MalformedPacket {
        int packetId = body.readPacketId();
        if (version != MqttVersion.V5) {
            body.expectEnd();
            return new Unsuback(packetId, Properties.EMPTY, List.of());
        }
        Properties properties = properties(body, version, PacketType.UNSUBACK);
        List<ReasonCode> reasons = new ArrayList<>(4);
        do {
            reasons.add(reason(body.atEnd() ? -1 : body.readByte(), PacketType.UNSUBACK));
        } while (!body.atEnd());
        return new Unsuback(packetId, properties, reasons);
    }

    private static Properties properties(Cursor body, MqttVersion version, PacketType type) throws MalformedPacket {
        return version == MqttVersion.V5 ? body.readProperties(type.code()) : Properties.EMPTY;
    }

    /** -1 stands for no code at all. */
    private static ReasonCode reason(int code, PacketType type) throws MalformedPacket {
        ReasonCode reason = ReasonCode.of(code);
        if (reason == null || !reason.allowedIn(type)) { // [5.0:MQTT-3.9.3-2, MQTT-3.11.3-2]
            throw protocolError(
                    type + (code < 0 ? " without a usable code" : " with code 0x" + Integer.toHexString(code)));
        }
        return reason;
    }

    private static String filter(Cursor body, MqttVersion version, String packet) throws MalformedPacket {
        if (body.atEnd()) {
            throw protocolError(packet + " without a topic filter");
        }
        String filter = body.readString(); // [5.0:MQTT-3.8.3-1, MQTT-3.10.3-1, 3.1.1:MQTT-3.8.3-1, MQTT-3.10.3-1]
        if (filter.isEmpty()) { // [5.0:MQTT-4.7.3-1, 3.1.1:MQTT-4.7.3-1]
            throw malformed("A topic filter is empty");
        }
        if (version != MqttVersion.V5 && !isFilter(filter)) { // in MQTT 5 the broker answers 0x8F for this filter alone
            throw malformed("A topic filter has a misplaced wildcard");
        }
        return filter;
    }

    /** Whether wildcards fill their levels and '#' is the last [3.1.1:MQTT-4.7.1-2, MQTT-4.7.1-3]. */
    private static boolean isFilter(String filter) {
        for (int i = 0; i < filter.length(); i++) {
            char c = filter.charAt(i);
            if (c != '+' && c != '#') {
                continue;
            }
            boolean last = i == filter.length() - 1;
            boolean opens = i == 0 || filter.charAt(i - 1) == '/';
            boolean closes = last || (c == '+' && filter.charAt(i + 1) == '/');
            if (!opens || !closes) {
                return false;
            }
        }
        return true;
    }
}
