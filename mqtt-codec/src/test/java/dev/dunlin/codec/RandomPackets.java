package dev.dunlin.codec;

import dev.dunlin.codec.MqttDecoder.Peer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Random legal packets of one version, as values that {@link Encoding} writes and {@link PacketLog} reads back equal. */
final class RandomPackets {
    private final SplittableRandom random;
    private final MqttVersion version;
    private final boolean v5;

    RandomPackets(SplittableRandom random, MqttVersion version) {
        this.random = random;
        this.version = version;
        this.v5 = version == MqttVersion.V5;
    }

    Object next(Peer peer) {
        boolean client = peer == Peer.CLIENT;
        return switch (random.nextInt(9)) {
            case 0 -> client ? connect() : connack();
            case 1 -> client ? subscribe() : suback();
            case 2 -> client ? unsubscribe() : unsuback();
            case 3 -> client ? new Packet.Ping() : new Packet.Pingresp();
            case 4 -> client || v5 ? disconnect(peer) : new Packet.Pingresp();
            case 5 -> v5 ? auth() : ack();
            case 6 -> ack();
            default -> publish(peer);
        };
    }

    /** The size of the pieces to cut a packet into: often small against the packet, at least 1. */
    int pieceBytes(int packetBytes) {
        int smallest = packetBytes / 500;
        return smallest + 1 + random.nextInt(random.nextBoolean() ? packetBytes : Math.min(packetBytes, 32));
    }

    private Connect connect() {
        String clientId = v5 ? text(random.nextInt(40)) : text(1 + random.nextInt(23));
        String user = random.nextBoolean() ? text(random.nextInt(20)) : null;
        byte[] password = random.nextBoolean() && (user != null || v5) ? bytes(random.nextInt(20)) : null;
        EnumSet<Property> without = EnumSet.noneOf(Property.class);
        if (random.nextBoolean()) {
            without.add(Property.AUTHENTICATION_METHOD);
            without.add(Property.AUTHENTICATION_DATA);
        }
        return new Connect(
                version,
                clientId,
                random.nextBoolean(),
                random.nextInt(65_536),
                properties(
                        PacketType.CONNECT.code(), without, without.isEmpty() ? Property.AUTHENTICATION_METHOD : null),
                random.nextBoolean() ? will() : null,
                user,
                password);
    }

    private WillMessage will() {
        Properties properties = properties(Property.IN_WILL, Set.of(), null);
        return new WillMessage(topic(), bytes(random.nextInt(300)), qos(), random.nextBoolean(), properties);
    }

    private Connack connack() {
        ReasonCode reason = v5
                ? pick(() -> any(ReasonCode.values()), r -> r.allowedIn(PacketType.CONNACK))
                : ReasonCode.ofConnectReturnCode(random.nextInt(6));
        boolean present = reason == ReasonCode.SUCCESS && version != MqttVersion.V3_1 && random.nextBoolean();
        Set<Property> without = Set.of(Property.AUTHENTICATION_DATA);
        return new Connack(present, reason, properties(PacketType.CONNACK.code(), without, null));
    }

    private ReceivedPublish publish(Peer peer) {
        QoS qos = qos();
        boolean dup = qos != QoS.AT_MOST_ONCE && random.nextBoolean();
        int packetId = qos == QoS.AT_MOST_ONCE ? 0 : packetId();
        int size = random.nextInt(8) == 0 ? random.nextInt(200_000) : random.nextInt(2_000);
        String payload = new String(bytes(size), StandardCharsets.ISO_8859_1);
        return new ReceivedPublish(topic(), qos, dup, random.nextBoolean(), packetId, 0, -1, Properties.EMPTY, payload)
                .with(publishProperties(peer));
    }

    /** In the order in which a frame writes them: expiry, subscription identifiers, the others. */
    private Properties publishProperties(Peer peer) {
        if (!v5) {
            return Properties.EMPTY;
        }
        Properties.Builder builder = Properties.builder();
        if (random.nextBoolean()) {
            builder.add(Property.MESSAGE_EXPIRY_INTERVAL, integer(Property.MESSAGE_EXPIRY_INTERVAL));
        }
        for (int i = peer == Peer.SERVER ? random.nextInt(4) : 0; i > 0; i--) {
            builder.add(Property.SUBSCRIPTION_IDENTIFIER, integer(Property.SUBSCRIPTION_IDENTIFIER));
        }
        EnumSet<Property> without =
                EnumSet.of(Property.MESSAGE_EXPIRY_INTERVAL, Property.SUBSCRIPTION_IDENTIFIER, Property.TOPIC_ALIAS);
        return add(builder, PacketType.PUBLISH.code(), without).build();
    }

    private Packet.Ack ack() {
        PacketType type =
                any(new PacketType[] {PacketType.PUBACK, PacketType.PUBREC, PacketType.PUBREL, PacketType.PUBCOMP});
        return new Packet.Ack(type, packetId(), reason(type), properties(type.code(), Set.of(), null));
    }

    private Subscribe subscribe() {
        List<SubscriptionRequest> requests = list(() -> v5
                ? new SubscriptionRequest(
                        filter(), qos(), random.nextBoolean(), random.nextBoolean(), random.nextInt(3))
                : new SubscriptionRequest(filter(), qos()));
        return new Subscribe(packetId(), properties(PacketType.SUBSCRIBE.code(), Set.of(), null), requests);
    }

    private Suback suback() {
        List<ReasonCode> reasons = list(() -> v5
                ? reason(PacketType.SUBACK)
                : any(new ReasonCode[] {
                    ReasonCode.SUCCESS, ReasonCode.GRANTED_QOS_1, ReasonCode.GRANTED_QOS_2, ReasonCode.UNSPECIFIED_ERROR
                }));
        return new Suback(packetId(), properties(PacketType.SUBACK.code(), Set.of(), null), reasons);
    }

    private Unsubscribe unsubscribe() {
        Properties properties = properties(PacketType.UNSUBSCRIBE.code(), Set.of(), null);
        return new Unsubscribe(packetId(), properties, list(this::filter));
    }

    private Unsuback unsuback() {
        List<ReasonCode> reasons = v5 ? list(() -> reason(PacketType.UNSUBACK)) : List.of();
        return new Unsuback(packetId(), properties(PacketType.UNSUBACK.code(), Set.of(), null), reasons);
    }

    private Packet.Disconnect disconnect(Peer peer) {
        Set<Property> without = peer == Peer.SERVER ? Set.of(Property.SESSION_EXPIRY_INTERVAL) : Set.of();
        Properties properties = properties(PacketType.DISCONNECT.code(), without, null);
        return new Packet.Disconnect(reason(PacketType.DISCONNECT), properties);
    }

    private Packet.Auth auth() {
        Properties properties = properties(PacketType.AUTH.code(), Set.of(), Property.AUTHENTICATION_METHOD);
        return new Packet.Auth(reason(PacketType.AUTH), properties);
    }

    private ReasonCode reason(PacketType type) {
        return v5 ? pick(() -> any(ReasonCode.values()), r -> r.allowedIn(type)) : ReasonCode.SUCCESS;
    }

    /** Some of those that may stand at a place, in random order. */
    private Properties properties(int place, Set<Property> without, @Nullable Property required) {
        if (!v5) {
            return Properties.EMPTY;
        }
        Properties.Builder builder = Properties.builder();
        EnumSet<Property> excluded = EnumSet.noneOf(Property.class);
        excluded.addAll(without);
        if (required != null) {
            builder.add(required, text(5));
            excluded.add(required);
        }
        return add(builder, place, excluded).build();
    }

    private Properties.Builder add(Properties.Builder builder, int place, Set<Property> without) {
        List<Property> all = new ArrayList<>(Arrays.asList(Property.values()));
        all.removeIf(p -> !p.allowedAt(place) || without.contains(p) || random.nextInt(3) > 0);
        while (!all.isEmpty()) {
            Property property = all.remove(random.nextInt(all.size()));
            switch (property.type()) {
                case STRING ->
                    builder.add(property, property == Property.RESPONSE_TOPIC ? topic() : text(random.nextInt(30)));
                case BINARY -> builder.add(property, bytes(random.nextInt(30)));
                case STRING_PAIR -> {
                    for (int i = random.nextInt(4); i >= 0; i--) {
                        builder.userProperty(text(random.nextInt(10)), text(random.nextInt(10)));
                    }
                }
                default -> builder.add(property, integer(property));
            }
        }
        return builder;
    }

    /** Often at the ends of the range. */
    private long integer(Property property) {
        return switch (random.nextInt(4)) {
            case 0 -> property.min();
            case 1 -> property.max();
            default -> random.nextLong(property.min(), property.max() + 1);
        };
    }

    private String topic() {
        return text(1 + random.nextInt(60)).replace('+', 'p').replace('#', 'h');
    }

    private String filter() {
        return topic() + any(new String[] {"", "/#", "/+", "/+/x", "/+/#"});
    }

    /** Characters of one to four bytes in UTF-8, mostly one; no control characters, which the decoder refuses. */
    private String text(int length) {
        StringBuilder text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            int codePoint = switch (random.nextInt(12)) {
                case 0 -> random.nextInt(0xA0, 0x800);
                case 1 -> random.nextInt(0x800, 0xD800);
                case 2 -> random.nextInt(0xE000, 0xFDD0);
                case 3 -> random.nextInt(0x1, 0x11) << 16 | random.nextInt(0xFFFE);
                default -> random.nextInt(' ', 0x7F);
            };
            text.appendCodePoint(codePoint);
        }
        return text.toString();
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private int packetId() {
        return random.nextInt(1, 65_536);
    }

    private QoS qos() {
        return QoS.of(random.nextInt(3));
    }

    private <T> List<T> list(Supplier<T> element) {
        List<T> list = new ArrayList<>();
        for (int i = random.nextInt(5); i >= 0; i--) {
            list.add(element.get());
        }
        return list;
    }

    private <T> T any(T[] values) {
        return values[random.nextInt(values.length)];
    }

    private static <T> T pick(Supplier<T> source, Predicate<T> wanted) {
        T value = source.get();
        while (!wanted.test(value)) {
            value = source.get();
        }
        return value;
    }
}
